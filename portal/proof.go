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

// proof is a code that was mailed to an address at the wish of one session. Entering it in that session shows that its
// owner reads the mailbox now, which an old link or a stolen session does not.
type proof struct {
	ID      string    `bson:"id"`
	Entry   string    `bson:"entry"`   // of the outbox, whose mail carries it
	Kind    string    `bson:"kind"`    // of the mail: what the code is good for
	Session string    `bson:"session"` // hash of the session that may enter it
	Email   string    `bson:"email"`   // canonical; whose mailbox it shows
	Code    string    `bson:"code"`    // hash
	Until   time.Time `bson:"until"`   // the first moment it no longer works
	Tries   int       `bson:"tries,omitempty"`
}

const (
	maxProofs   = 5
	freshLife   = 15 * time.Minute
	codesAnHour = 6  // that one session may ask for; all of a customer's together three times as many
	codesADay   = 10 // that one address may be sent to confirm it, by whomever
	mailStepUp  = "step_up"
	paySession  = "session"
)

// addProof puts a proof in, in place of what an earlier attempt at the same mail left unless that may have arrived.
func (a *access) addProof(p proof, unsure bool, now time.Time) {
	a.Proofs = slices.DeleteFunc(a.Proofs, func(old proof) bool {
		return !now.Before(old.Until) || old.Entry == p.Entry && !unsure
	})
	a.Proofs = append(a.Proofs, p)
	a.Proofs = a.Proofs[max(0, len(a.Proofs)-maxProofs):]
}

// takes reports whether the code of the proof may be tried for what is wanted.
func (p proof) takes(wanted proof, now time.Time) bool {
	return p.Kind == wanted.Kind && p.Email == wanted.Email && sameHash(p.Session, wanted.Session) && p.Tries < codeTries && now.Before(p.Until)
}

// takeProof is the rule of a proof's code: the right one ends all proofs of that kind, address and session, a wrong one counts
// against each of them. It is storage.ErrUnchanged when there is none to try, or the session has ended.
func (a *access) takeProof(wanted proof, code string, now time.Time) (proven bool, err error) {
	if _, live := a.session(wanted.Session, now); !live {
		return false, storage.ErrUnchanged
	}
	tried := false
	for i, p := range a.Proofs {
		if !p.takes(wanted, now) {
			continue
		}
		if tried = true; sameHash(p.Code, codeHash(p.ID, code)) {
			proven = true
		}
		a.Proofs[i].Tries++
	}
	if !tried {
		return false, storage.ErrUnchanged
	}
	if proven {
		a.Proofs = slices.DeleteFunc(a.Proofs, func(p proof) bool {
			return p.Kind == wanted.Kind && p.Email == wanted.Email && sameHash(p.Session, wanted.Session)
		})
	}
	return proven, nil
}

// Fresh reports whether a code was entered in this session within the last 15 minutes. What a stolen old link could ruin
// asks for it.
func (s Shopper) Fresh() bool {
	return !s.session.FreshAt.IsZero() && s.app.now().Before(s.session.FreshAt.Add(freshLife))
}

// needFresh is nil in a session that is Fresh, and else a StepUp error.
func (s Shopper) needFresh() error {
	if s.Fresh() {
		return nil
	}
	return failure(StepUp, "error.step_up")
}

// AskCode asks for a code to the customer's own address; entered with Confirm it makes the session Fresh. Six an hour in one
// session, 18 in all, then TooMany.
func (s Shopper) AskCode(ctx context.Context) error {
	return s.askProof(ctx, mail.Entry{Kind: mailStepUp, To: s.customer.Email})
}

// askProof counts and writes the outbox entry of a mail with a code for this session. A mail to an address that is not the
// account's counts against that address, too: over its limit it is dropped later, and the answer is the same.
func (s Shopper) askProof(ctx context.Context, e mail.Entry) error {
	own := s.bound("proof-session-hour", limit(codesAnHour, time.Hour), s.session.id())
	all := s.bound("proof-hour", limit(3*codesAnHour, time.Hour))
	for _, b := range []bound{own, all} { // in turn: what a session is refused does not use up the others'
		over, err := s.app.over(ctx, []bound{b})
		if err != nil {
			return err
		}
		if over[0] {
			return failure(TooMany, "step_up.too_many")
		}
	}
	if e.To != s.customer.Email {
		over, err := s.app.over(ctx, []bound{
			s.app.bound(s.shop.ID, "proof-day", limit(codesADay, 24*time.Hour), mailbox(e.To)),
		})
		if err != nil {
			return err
		}
		e.Throttled = over[0]
	}
	e.CreatedAt, e.NextAt, e.Lang = s.app.now(), s.app.now(), s.page
	e.Payload = map[string]string{payAccess: s.access, paySession: s.session.Hash}
	_, err := mail.NewOutbox(s.app.engine, s.shop.ID).Add(ctx, e)
	return err
}

// Confirm enters the code that AskCode sent and makes the session Fresh. Wrong, dead and never sent codes are told alike:
// Invalid at "code".
func (s Shopper) Confirm(ctx context.Context, text string) error {
	return s.enterProof(ctx, proof{Kind: mailStepUp, Email: s.customer.Email}, text, func(a *access) {
		for i := range a.Sessions {
			if a.Sessions[i].Hash == s.session.Hash {
				a.Sessions[i].FreshAt = s.app.now()
			}
		}
	})
}

// enterProof takes a code of a kind that shows an address; what then is done stands in the same Replace.
func (s Shopper) enterProof(ctx context.Context, wanted proof, text string, then func(*access)) error {
	wanted.Session = s.session.Hash
	proven := false
	code := normaliseCode(text)
	if code != "" {
		_, err := s.app.accessDocs(s.shop.ID).Change(ctx, s.access, func(a *access) (err error) {
			if proven, err = a.takeProof(wanted, code, s.app.now()); proven {
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

// makeProof makes the code of an outbox entry that askProof wrote, and stores its hash. A mail that comes too late for a
// code, or for a session that ended, is dropped.
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
		letter := shop.letter(l, "mail.step_up")
		letter.Code, letter.CodeLabel = showCode(code), l.T("mail.step_up.code")
		letter.Notes = []string{l.T("mail.step_up.not_you")}
		return letter
	}, err
}
