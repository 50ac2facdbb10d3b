package portal

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/mail"
	"postern/storage"
	"postern/templates/i18n"
)

// proof is a code that one session requested and that was emailed to an address. Entering it in that
// session shows that its user can read the mailbox now, which an old link or a stolen session does not
// show.
type proof struct {
	ID      string    `bson:"id"`
	Entry   string    `bson:"entry"`   // of the outbox, for the email with the code
	Kind    string    `bson:"kind"`    // of the email; decides what the code is for
	Session string    `bson:"session"` // hash of the only session that may enter it
	Email   string    `bson:"email"`   // canonical address of the mailbox
	Code    string    `bson:"code"`    // hash
	Until   time.Time `bson:"until"`   // the first moment when it no longer works
	Mark    mark      `bson:"mark"`    // of the counter of tries when the code was made
}

const (
	maxProofs   = 5 // per session
	freshLife   = 15 * time.Minute
	codesAnHour = 6 // requests per session
	// ownCodes of a session's codesAnHour do not depend on other sessions. The rest share a limit per
	// customer of three times codesAnHour.
	ownCodes   = 3
	codesADay  = 5  // per day from one customer to one unconfirmed address
	codesToOne = 30 // per day to one address, from all customers
	mailStepUp = "step_up"
	paySession = "session"
)

// addProof adds a proof. It replaces the proof of an earlier attempt at the same email, unless that email
// may have arrived.
func (a *access) addProof(p proof, unsure bool, now time.Time) {
	a.Proofs = slices.DeleteFunc(a.Proofs, func(old proof) bool {
		return !now.Before(old.Until) || old.Entry == p.Entry && !unsure
	})
	ofSession := 0
	for _, other := range slices.Backward(a.Proofs) {
		if sameHash(other.Session, p.Session) {
			ofSession++
		}
	}
	for i := 0; ofSession >= maxProofs; { // only its own, so that a session cannot displace another one's
		if sameHash(a.Proofs[i].Session, p.Session) {
			a.Proofs = slices.Delete(a.Proofs, i, i+1)
			ofSession--
			continue
		}
		i++
	}
	a.Proofs = append(a.Proofs, p)
}

// isFor reports whether the proof matches the kind, address and session of wanted.
func (p proof) isFor(wanted proof) bool {
	return p.Kind == wanted.Kind && p.Email == wanted.Email && sameHash(p.Session, wanted.Session)
}

// takes reports whether the code of the proof may be tried for wanted. tried includes this try.
func (p proof) takes(wanted proof, tried tally, now time.Time) bool {
	return p.isFor(wanted) && tried.since(p.Mark) <= codeTries && now.Before(p.Until)
}

// takeProof applies the rules of a code: the right one ends all proofs of its kind, address and session. It
// returns storage.ErrUnchanged for a wrong code or an ended session.
func (a *access) takeProof(wanted proof, code string, tried tally, now time.Time) error {
	if _, live := a.session(wanted.Session, now); !live {
		return storage.ErrUnchanged
	}
	proven := slices.ContainsFunc(a.Proofs, func(p proof) bool {
		return p.takes(wanted, tried, now) && sameHash(p.Code, codeHash(p.ID, code))
	})
	if !proven {
		return storage.ErrUnchanged
	}
	a.Proofs = slices.DeleteFunc(a.Proofs, func(p proof) bool { return p.isFor(wanted) })
	return nil
}

// proven reports whether this code was entered in the session a moment ago.
func (a *access) proven(session, code string, now time.Time) bool {
	s, live := a.session(session, now)
	return live && s.provenBy(code, now)
}

// Fresh reports whether a code was entered in this session within the last 15 minutes. It is required for
// actions with which the holder of a stolen old link could do harm.
func (s Shopper) Fresh() bool {
	return !s.session.FreshAt.IsZero() && s.app.now().Before(s.session.FreshAt.Add(freshLife))
}

// needFresh returns nil if the session is Fresh, otherwise a StepUp error.
func (s Shopper) needFresh() error {
	if s.Fresh() {
		return nil
	}
	return failure(StepUp, "error.challenge")
}

// AskCode requests a code to the customer's own address; entering it with Confirm makes the session Fresh.
// A session may request six an hour, three of them regardless of other sessions; beyond that it is TooMany.
func (s Shopper) AskCode(ctx context.Context) error {
	return s.askProof(ctx, mail.Entry{Kind: mailStepUp, To: s.customer.Email})
}

// askProof counts the request and adds the outbox entry of an email with a code for this session. An email
// to another address than the account's also counts against that address: over the limit it is dropped
// later, but the response is the same.
func (s Shopper) askProof(ctx context.Context, e mail.Entry) error {
	own := s.bound("proof-session-hour", limit(codesAnHour, time.Hour), s.session.id())
	all := s.bound("proof-hour", limit(3*codesAnHour, time.Hour))
	at, err := s.app.count(ctx, []bound{own})
	if err != nil {
		return err
	}
	refused := at[0].Reached
	// Counted second, so that requests over a session's own limit do not use up the shared one.
	if !refused && at[0].Remaining < codesAnHour-ownCodes {
		shared, err := s.app.over(ctx, []bound{all})
		if err != nil {
			return err
		}
		refused = shared[0]
	}
	if refused {
		return failure(TooMany, "challenge.too_many")
	}
	if e.To != s.customer.Email {
		if e.Throttled, err = s.overToOther(ctx, e.To); err != nil {
			return err
		}
	}
	e.CreatedAt, e.NextAt, e.Lang = s.app.now(), s.app.now(), s.page
	e.Payload = map[string]string{payAccess: s.access, paySession: s.session.Hash}
	_, err = mail.NewOutbox(s.app.engine, s.shop.ID).Add(ctx, e)
	return err
}

// overToOther counts a code to an address other than the account's and reports whether it exceeds the limit
// of this customer or of the address. Requests over the customer's own limit do not count against the
// address.
func (s Shopper) overToOther(ctx context.Context, to string) (bool, error) {
	for _, b := range []bound{
		s.bound("proof-own-day", limit(codesADay, 24*time.Hour), mailbox(to)),
		s.app.bound(s.shop.ID, "proof-day", limit(codesToOne, 24*time.Hour), mailbox(to)),
	} {
		over, err := s.app.over(ctx, []bound{b})
		if err != nil || over[0] {
			return true, err
		}
	}
	return false, nil
}

// Confirm enters the code from AskCode and makes the session Fresh. Wrong, expired and never sent codes all
// return the same error, Invalid at "code". The right code may be repeated within 60 seconds.
func (s Shopper) Confirm(ctx context.Context, text string) error {
	return s.enterProof(ctx, proof{Kind: mailStepUp, Email: s.customer.Email}, text, func(a *access) {
		for i := range a.Sessions {
			if a.Sessions[i].Hash == s.session.Hash {
				a.Sessions[i].prove(normaliseCode(text), s.app.now())
			}
		}
	})
}

// enterProof checks a code for wanted and, if it is right, applies then in the same Replace. A wrong code
// only writes the counter of tries, also if no code was sent.
func (s Shopper) enterProof(ctx context.Context, wanted proof, text string, then func(*access)) error {
	wanted.Session = s.session.Hash
	proven := false
	code := normaliseCode(text)
	if code != "" {
		tried, _, err := s.app.countTry(ctx, triesOfProof(s.shop.ID, wanted), 1)
		if err != nil {
			return err
		}
		_, err = s.app.accessDocs(s.shop.ID).Change(ctx, s.access, func(a *access) error {
			if proven = wanted.Kind == mailStepUp && a.proven(wanted.Session, code, s.app.now()); proven {
				return storage.ErrUnchanged
			}
			err := a.takeProof(wanted, code, tried, s.app.now())
			if proven = err == nil; proven {
				then(a)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if !proven {
		return invalid([]Fault{{Field: "code", Key: "code.wrong"}})
	}
	return nil
}

// makeProof creates the code for an outbox entry of askProof and stores its hash. It drops an email that is
// too late for its code, or whose session has ended.
func (w Worker) makeProof(ctx context.Context, shop Shop, entry string, e mail.Entry) (code string, err error) {
	now := w.app.now()
	if e.Payload[payAccess] == "" || e.Throttled || now.Sub(e.CreatedAt) >= codeLife {
		return "", mail.ErrDrop
	}
	code = newCode()
	p := proof{
		ID: storage.NewID(), Entry: entry, Kind: e.Kind, Session: e.Payload[paySession], Email: e.To, Until: now.Add(codeLife),
	}
	p.Code = codeHash(p.ID, code)
	tried, _, err := w.app.countTry(ctx, triesOfProof(shop.ID, p), 0)
	if err != nil {
		return "", err
	}
	p.Mark = tried.mark()
	_, err = w.app.accessDocs(shop.ID).Change(ctx, e.Payload[payAccess], func(a *access) error {
		if _, live := a.session(p.Session, now); !live {
			return mail.ErrDrop
		}
		a.addProof(p, e.Unsure, now)
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	return code, err
}

// composeStepUp composes the email with the code for Confirm.
func (w Worker) composeStepUp(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	to, err := w.recipient(ctx, shop, e.To)
	if err == nil && to.email != e.To {
		err = mail.ErrDrop // the account has another address now
	}
	if err != nil {
		return to, nil, err
	}
	code, err := w.makeProof(ctx, shop, entry, e)
	return to, func(l *i18n.Localizer) mail.Letter {
		letter := shop.letter(l, "mail.challenge")
		letter.Code, letter.CodeLabel = showCode(code), l.T("mail.challenge.code")
		letter.Notes = []string{l.T("mail.challenge.not_you")}
		return letter
	}, err
}
