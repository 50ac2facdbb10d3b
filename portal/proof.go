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

// proof is a code that was mailed to an address at the wish of one session. Entering it in that session
// shows that its owner reads the mailbox now, which an old link or a stolen session does not.
type proof struct {
	ID      string    `bson:"id"`
	Entry   string    `bson:"entry"`   // of the outbox, whose mail carries it
	Kind    string    `bson:"kind"`    // of the mail: what the code is good for
	Session string    `bson:"session"` // hash of the session that may enter it
	Email   string    `bson:"email"`   // canonical; whose mailbox it shows
	Code    string    `bson:"code"`    // hash
	Until   time.Time `bson:"until"`   // the first moment it no longer works
	Mark    mark      `bson:"mark"`    // of the counter of tries when it was made
}

const (
	maxProofs   = 5 // of one session
	freshLife   = 15 * time.Minute
	codesAnHour = 6  // that one session may ask for
	ownCodes    = 3  // of those, that other sessions' do not count against; the rest all share, three times codesAnHour
	codesADay   = 5  // that one customer may have sent to an address to confirm it
	codesToOne  = 30 // that one address may be sent in a day, by whomever
	mailStepUp  = "step_up"
	paySession  = "session"
)

// addProof puts a proof in, in place of what an earlier attempt at the same mail left unless that may have
// arrived.
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
	for i := 0; ofSession >= maxProofs; { // the session's own, so that another session takes nothing of it
		if sameHash(a.Proofs[i].Session, p.Session) {
			a.Proofs = slices.Delete(a.Proofs, i, i+1)
			ofSession--
			continue
		}
		i++
	}
	a.Proofs = append(a.Proofs, p)
}

// isFor reports whether the proof is of the kind, address and session that are wanted.
func (p proof) isFor(wanted proof) bool {
	return p.Kind == wanted.Kind && p.Email == wanted.Email && sameHash(p.Session, wanted.Session)
}

// takes reports whether the code of the proof may be tried for what is wanted; tried counts this try, too.
func (p proof) takes(wanted proof, tried tally, now time.Time) bool {
	return p.isFor(wanted) && tried.since(p.Mark) <= codeTries && now.Before(p.Until)
}

// takeProof is the rule of a proof's code: the right one ends all proofs of that kind, address and session.
// It is storage.ErrUnchanged for a wrong one, and when the session has ended.
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

// proven reports whether the code was entered in that session a moment ago.
func (a *access) proven(session, code string, now time.Time) bool {
	s, live := a.session(session, now)
	return live && s.provenBy(code, now)
}

// Fresh reports whether a code was entered in this session within the last 15 minutes. What a stolen old
// link could ruin asks for it.
func (s Shopper) Fresh() bool {
	return !s.session.FreshAt.IsZero() && s.app.now().Before(s.session.FreshAt.Add(freshLife))
}

// needFresh is nil in a session that is Fresh, and else a StepUp error.
func (s Shopper) needFresh() error {
	if s.Fresh() {
		return nil
	}
	return failure(StepUp, "error.challenge")
}

// AskCode asks for a code to the customer's own address; entered with Confirm it makes the session Fresh.
// Six an hour in one session, of which three whatever other sessions ask for, then TooMany.
func (s Shopper) AskCode(ctx context.Context) error {
	return s.askProof(ctx, mail.Entry{Kind: mailStepUp, To: s.customer.Email})
}

// askProof counts and writes the outbox entry of a mail with a code for this session. A mail to an address
// that is not the account's counts against that address, too: over its limit it is dropped later, and the
// answer is the same.
func (s Shopper) askProof(ctx context.Context, e mail.Entry) error {
	own := s.bound("proof-session-hour", limit(codesAnHour, time.Hour), s.session.id())
	all := s.bound("proof-hour", limit(3*codesAnHour, time.Hour))
	at, err := s.app.count(ctx, []bound{own})
	if err != nil {
		return err
	}
	refused := at[0].Reached
	if !refused && at[0].Remaining < codesAnHour-ownCodes { // in turn: what a session is refused does not use up the others'
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

// overToOther counts a code to an address that is not the account's and reports whether it is one too many:
// of this customer, or of all. What one customer is refused takes nothing from the owner of the address.
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

// Confirm enters the code that AskCode sent and makes the session Fresh. Wrong, dead and never sent codes
// are told alike: Invalid at "code". The right one may come again within 60 seconds.
func (s Shopper) Confirm(ctx context.Context, text string) error {
	return s.enterProof(ctx, proof{Kind: mailStepUp, Email: s.customer.Email}, text, func(a *access) {
		for i := range a.Sessions {
			if a.Sessions[i].Hash == s.session.Hash {
				a.Sessions[i].prove(normaliseCode(text), s.app.now())
			}
		}
	})
}

// enterProof takes a code of a kind that shows an address; what then is done stands in the same Replace. A
// wrong code writes nothing but the counter of tries, and that also when none was sent.
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

// makeProof makes the code of an outbox entry that askProof wrote, and stores its hash. A mail that comes
// too late for a code, or for a session that ended, is dropped.
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

// composeStepUp makes the mail with the code that Confirm takes.
func (w Worker) composeStepUp(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	to, err := w.recipient(ctx, shop, e.To)
	if err == nil && to.email != e.To {
		err = mail.ErrDrop // the account has another address by now
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
