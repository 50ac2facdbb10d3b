package portal

import (
	"context"
	"errors"
	"time"

	"postern/mail"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
	"postern/templates/i18n"
)

const (
	changesADay   = 3 // of one customer's address
	mailEmailCode = "email_code"
)

// RequestEmailChange sends a code, valid in this session, to the address that the customer wants. The session
// must be recently verified (else validate.StepUp). An address already in use gets an email without a code,
// and the answer is the same. An ill-formed address or the current one is Invalid at "email".
func (s Shopper) RequestEmailChange(ctx context.Context, email string) (Pending, error) {
	if err := s.requireVerified(); err != nil {
		return Pending{}, err
	}
	f := &validate.Validator{}
	canonical := f.Email("email", email)
	if canonical == s.customer.Email {
		f.Reject("email", "email.same")
	}
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return Pending{}, err
	}
	err := s.requestChallenge(ctx, mail.Entry{Kind: mailEmailCode, To: canonical})
	return Pending{Email: canonical, Masked: validate.MaskEmail(canonical)}, err
}

// composeEmailCode writes the email to the wanted address: with a code if the address is free, else with a
// notice to its owner.
func (w Worker) composeEmailCode(ctx context.Context, sh shop.Shop, entry string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	to := shop.Recipient{Email: e.To}
	asker, _, err := w.app.credentialDocs(sh.ID).Get(ctx, e.Payload[credential.PayCredentials])
	if errors.Is(err, storage.ErrNotFound) || err == nil && e.Throttled {
		err = mail.ErrDrop
	}
	if err != nil {
		return to, nil, err
	}
	holder, err := w.app.follow(ctx, sh.ID, identifier.EmailKey(e.To))
	if err != nil {
		return to, nil, err
	}
	if to.Lang, err = w.languageOf(ctx, sh, asker.Customer); err != nil {
		return to, nil, err
	}
	code, err := w.makeChallenge(ctx, sh, entry, e)
	if err == nil && holder != "" && holder != asker.Customer { // the code is kept, and told nobody: entering a wrong one takes as long
		return to, func(l *i18n.Localizer) mail.Letter { return emailTakenLetter(sh, l) }, nil
	}
	return to, func(l *i18n.Localizer) mail.Letter { return emailCodeLetter(sh, l, code) }, err
}

func emailCodeLetter(shop shop.Shop, l *i18n.Localizer, code string) mail.Letter {
	letter := shop.Letter(l, "mail.email_code")
	letter.Code, letter.CodeLabel = credential.ShowCode(code), l.T("mail.challenge.code")
	letter.Notes = []string{l.T("mail.email_code.not_you")}
	return letter
}

func emailTakenLetter(shop shop.Shop, l *i18n.Localizer) mail.Letter {
	letter := shop.Letter(l, "mail.email_taken")
	letter.Button = &mail.Button{Label: l.T("mail.email_taken.button"), URL: shop.URL("/sign-in")}
	letter.Notes = []string{l.T("mail.email_taken.not_you")}
	return letter
}

// ChangeEmail changes the account's address to the one whose code was entered and signs this browser in
// there; every other session, link and code of the account ends. A wrong code is Invalid at "code", and so
// is a code for an address already in use. Three changes a day, then validate.TooMany; a change that meets a
// concurrent one is a Conflict. Orders do not move: they belong to the customer, not to the address.
//
// The address is reserved first. Then a single Replace changes the customer and schedules the email to the
// old address; sessions of an address other than the account's are void. A crash before the Replace leaves
// a reserved address, which is released later.
func (s Shopper) ChangeEmail(ctx context.Context, email, code string,
	b credential.Browser) (SignedIn, error) {
	if err := s.requireVerified(); err != nil {
		return SignedIn{}, err
	}
	wrong := validate.InvalidFields([]validate.FieldError{{Field: "code", Key: "code.wrong"}})
	wanted, ok := validate.CanonicalEmail(email)
	if !ok || wanted == s.customer.Email || b.Secret == "" {
		return SignedIn{}, wrong
	}
	if err := s.enterChallenge(ctx, credential.Challenge{Kind: mailEmailCode, Email: wanted}, code,
		func(*credential.Credentials) {}); err != nil {
		return SignedIn{}, err
	}
	over, err := s.app.exceeded(ctx, []subjectLimit{s.limitOf("email-day", limit(changesADay, 24*time.Hour))})
	if err != nil {
		return SignedIn{}, err
	}
	if over[0] {
		return SignedIn{}, validate.NewError(validate.TooMany, "email.too_many")
	}
	holder, err := s.app.reserve(ctx, s.shop.ID, s.customer.ID, wanted)
	if err != nil {
		return SignedIn{}, err
	}
	if holder != s.customer.ID {
		return SignedIn{}, wrong
	}
	if err := s.moveTo(ctx, wanted); err != nil {
		return SignedIn{}, err
	}
	return s.followTo(ctx, wanted, b)
}

// moveTo changes the account's address.
func (s Shopper) moveTo(ctx context.Context, wanted string) error {
	_, err := s.change(ctx, func(c *customer.Customer) error {
		if c.Email != s.customer.Email {
			return validate.NewError(validate.Conflict, "email.changed")
		}
		if c.FedEmail == "" {
			c.FedEmail = c.Email // the shop's own records have it, if any
		}
		return c.Move(wanted, true, s.app.now())
	})
	return err
}

// followTo opens a session at the new address for the browser that changed it, and clears the credentials of
// the old address.
func (s Shopper) followTo(ctx context.Context, email string, b credential.Browser) (SignedIn, error) {
	v := s.app.Visitor(s.shop, b)
	cookie := credential.NewToken(s.app.credentialsID(s.shop.ID, email))
	_, err := s.app.credentialDocs(s.shop.ID).Change(ctx, cookie.Credentials,
		func(a *credential.Credentials) error {
			if a.Customer != s.customer.ID {
				return validate.NewError(validate.Conflict, "email.changed") // undone and given to somebody else, all since
			}
			a.Sessions = append(a.Sessions, v.newSession(cookie))
			a.Browsers = append(a.Browsers, credential.KnownBrowser{Hash: b.Hash(), SeenAt: s.app.now()})
			return nil
		})
	if err == nil {
		err = s.app.clearCredentials(ctx, s.shop.ID, s.credentialsKey)
	}
	return v.signedIn(cookie, ""), err
}

// clearCredentials ends everything in a credentials document that can sign someone in, if the document
// exists.
func (a *App) clearCredentials(ctx context.Context, shop, key string) error {
	_, err := a.credentialDocs(shop).Change(ctx, key, func(doc *credential.Credentials) error {
		doc.Clear(credential.LinkReplaced, a.now())
		return nil
	})
	return ifFound(err)
}
