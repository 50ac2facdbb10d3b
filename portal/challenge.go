package portal

import (
	"context"
	"errors"
	"time"

	"postern/mail"
	"postern/portal/credential"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
	"postern/templates/i18n"
)

// RecentlyVerified reports whether a code was entered in this session within the last 15 minutes. It is
// required for actions with which the holder of a stolen old link could do harm.
func (s Shopper) RecentlyVerified() bool {
	return !s.session.VerifiedAt.IsZero() &&
		s.app.now().Before(s.session.VerifiedAt.Add(credential.VerifiedLife))
}

// requireVerified returns nil if the session is recently verified, otherwise a validate.StepUp error.
func (s Shopper) requireVerified() error {
	if err := s.requireOwn(); err != nil {
		return err
	}
	if s.RecentlyVerified() {
		return nil
	}
	return validate.NewError(validate.StepUp, "error.challenge")
}

// RequestCode requests a code to the customer's own address; entering it with Confirm makes the session
// Fresh. A session may request six an hour, three of them regardless of other sessions; beyond that it is
// validate.TooMany.
func (s Shopper) RequestCode(ctx context.Context) error {
	return s.requestChallenge(ctx, mail.Entry{Kind: credential.MailStepUp, To: s.email})
}

// requestChallenge counts the request and adds the outbox entry of an email with a code for this session. An
// email to another address than the account's also counts against that address: over the limit it is dropped
// later, but the response is the same.
func (s Shopper) requestChallenge(ctx context.Context, e mail.Entry) error {
	if err := s.requireOwn(); err != nil {
		return err
	}
	own := s.limitOf("challenge-session-hour", limit(credential.CodesAnHour, time.Hour), s.session.ID())
	all := s.limitOf("challenge-hour", limit(3*credential.CodesAnHour, time.Hour))
	at, err := s.app.count(ctx, []subjectLimit{own})
	if err != nil {
		return err
	}
	refused := at[0].Reached
	// Counted second, so that requests over a session's own limit do not use up the shared one.
	if !refused && at[0].Remaining < credential.CodesAnHour-credential.OwnCodes {
		shared, err := s.app.exceeded(ctx, []subjectLimit{all})
		if err != nil {
			return err
		}
		refused = shared[0]
	}
	if refused {
		return validate.NewError(validate.TooMany, "challenge.too_many")
	}
	if e.To != s.email {
		if e.Throttled, err = s.overToOther(ctx, e.To); err != nil {
			return err
		}
	}
	e.CreatedAt, e.NextAt, e.Lang = s.app.now(), s.app.now(), s.page
	e.Payload = map[string]string{credential.PayCredentials: s.credentialsKey,
		credential.PaySession: s.session.Hash}
	_, err = s.app.outbox(s.shop.ID).Add(ctx, e)
	return err
}

// overToOther counts a code to an address other than the account's and reports whether it exceeds the limit
// of this customer or of the address. Requests over the customer's own limit do not count against the
// address.
func (s Shopper) overToOther(ctx context.Context, to string) (bool, error) {
	for _, b := range []subjectLimit{
		s.limitOf("challenge-own-day", limit(credential.CodesADay, 24*time.Hour), mailbox(to)),
		s.app.limitOf(s.shop.ID, "challenge-day", limit(credential.CodesToOne, 24*time.Hour), mailbox(to)),
	} {
		over, err := s.app.exceeded(ctx, []subjectLimit{b})
		if err != nil || over[0] {
			return true, err
		}
	}
	return false, nil
}

// EnterCode enters the code from RequestCode and makes the session Fresh. Wrong, expired and never sent codes
// all return the same error, Invalid at "code". The right code may be repeated within 60 seconds.
func (s Shopper) EnterCode(ctx context.Context, text string) error {
	return s.enterChallenge(ctx, credential.Challenge{Kind: credential.MailStepUp, Email: s.email},
		text, func(a *credential.Credentials) {
			for i := range a.Sessions {
				if a.Sessions[i].Hash == s.session.Hash {
					a.Sessions[i].Verify(credential.NormaliseCode(text), s.app.now())
				}
			}
		})
}

// enterChallenge checks a code for wanted and, if it is right, applies then in the same Replace. A wrong code
// only writes the counter of tries, also if no code was sent.
func (s Shopper) enterChallenge(ctx context.Context, wanted credential.Challenge, text string,
	then func(*credential.Credentials)) error {
	if err := s.requireOwn(); err != nil {
		return err
	}
	wanted.Session = s.session.Hash
	proven := false
	code := credential.NormaliseCode(text)
	if code != "" {
		tried, _, err := s.app.countTry(ctx, credential.TriesOfChallenge(s.shop.ID, wanted), 1)
		if err != nil {
			return err
		}
		_, err = s.app.credentialDocs(s.shop.ID).Change(ctx, s.credentialsKey,
			func(a *credential.Credentials) error {
				if proven = wanted.Kind == credential.MailStepUp && a.Verified(wanted.Session, code,
					s.app.now()); proven {
					return storage.ErrUnchanged
				}
				err := a.TakeChallenge(wanted, code, tried, s.app.now())
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
		return validate.InvalidFields([]validate.FieldError{{Field: "code", Key: "code.wrong"}})
	}
	return nil
}

// makeChallenge creates the code for an outbox entry of requestChallenge and stores its hash. It drops an
// email that is too late for its code, or whose session has ended.
func (w Worker) makeChallenge(ctx context.Context, shop shop.Shop, entry string,
	e mail.Entry) (code string, err error) {
	now := w.app.now()
	if e.Payload[credential.PayCredentials] == "" || e.Throttled ||
		now.Sub(e.CreatedAt) >= credential.CodeLife {
		return "", mail.ErrDrop
	}
	code = credential.NewCode()
	p := credential.Challenge{
		ID: storage.NewID(), Entry: entry, Kind: e.Kind, Session: e.Payload[credential.PaySession],
		Email: e.To, Until: now.Add(credential.CodeLife),
	}
	p.Code = credential.CodeHash(p.ID, code)
	tried, _, err := w.app.countTry(ctx, credential.TriesOfChallenge(shop.ID, p), 0)
	if err != nil {
		return "", err
	}
	p.Mark = tried.Mark()
	_, err = w.app.credentialDocs(shop.ID).Change(ctx, e.Payload[credential.PayCredentials],
		func(a *credential.Credentials) error {
			if _, live := a.Session(p.Session, now); !live {
				return mail.ErrDrop
			}
			a.AddChallenge(p, e.Unsure, now)
			return nil
		})
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	return code, err
}

// composeStepUp composes the email with the code for Confirm.
func (w Worker) composeStepUp(ctx context.Context, shop shop.Shop, entry string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	to, err := w.recipient(ctx, shop, e.To)
	if err == nil && to.Email != e.To {
		err = mail.ErrDrop // the account has another address now
	}
	if err != nil {
		return to, nil, err
	}
	code, err := w.makeChallenge(ctx, shop, entry, e)
	return to, func(l *i18n.Localizer) mail.Letter { return stepUpLetter(shop, l, code) }, err
}

func stepUpLetter(shop shop.Shop, l *i18n.Localizer, code string) mail.Letter {
	letter := shop.Letter(l, "mail.challenge")
	letter.Code, letter.CodeLabel = credential.ShowCode(code), l.T("mail.challenge.code")
	letter.Notes = []string{l.T("mail.challenge.not_you")}
	return letter
}
