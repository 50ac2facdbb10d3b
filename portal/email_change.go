package portal

import (
	"context"
	"errors"
	"time"

	"postern/mail"
	"postern/storage"
	"postern/templates/i18n"
)

const (
	changesADay   = 3 // of one customer's address
	mailEmailCode = "email_code"
)

// AskEmailChange sends a code, valid in this session, to the address that the customer wants. The session
// must be Fresh (else StepUp). An address already in use gets an email without a code, and the answer is
// the same. An ill-formed address or the current one is Invalid at "email".
func (s Shopper) AskEmailChange(ctx context.Context, email string) (Pending, error) {
	if err := s.needFresh(); err != nil {
		return Pending{}, err
	}
	f := &form{}
	canonical := f.email("email", email)
	if canonical == s.customer.Email {
		f.fault("email", "email.same")
	}
	if err := invalid(f.faults); err != nil {
		return Pending{}, err
	}
	err := s.askProof(ctx, mail.Entry{Kind: mailEmailCode, To: canonical})
	return Pending{Email: canonical, Masked: MaskEmail(canonical)}, err
}

// composeEmailCode writes the email to the wanted address: with a code if the address is free, else with a
// notice to its owner.
func (w Worker) composeEmailCode(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	to := recipient{email: e.To}
	asker, _, err := w.app.accessDocs(shop.ID).Get(ctx, e.Payload[payAccess])
	if errors.Is(err, storage.ErrNotFound) || err == nil && e.Throttled {
		err = mail.ErrDrop
	}
	if err != nil {
		return to, nil, err
	}
	holder, err := w.app.follow(ctx, shop.ID, emailHandle(e.To))
	if err != nil {
		return to, nil, err
	}
	if to.lang, err = w.languageOf(ctx, shop, asker.Customer); err != nil {
		return to, nil, err
	}
	code, err := w.makeProof(ctx, shop, entry, e)
	if err == nil && holder != "" && holder != asker.Customer { // the code is kept, and told nobody: entering a wrong one takes as long
		return to, func(l *i18n.Localizer) mail.Letter { return emailTakenLetter(shop, l) }, nil
	}
	return to, func(l *i18n.Localizer) mail.Letter { return emailCodeLetter(shop, l, code) }, err
}

func emailCodeLetter(shop Shop, l *i18n.Localizer, code string) mail.Letter {
	letter := shop.letter(l, "mail.email_code")
	letter.Code, letter.CodeLabel = showCode(code), l.T("mail.challenge.code")
	letter.Notes = []string{l.T("mail.email_code.not_you")}
	return letter
}

func emailTakenLetter(shop Shop, l *i18n.Localizer) mail.Letter {
	letter := shop.letter(l, "mail.email_taken")
	letter.Button = &mail.Button{Label: l.T("mail.email_taken.button"), URL: shop.URL("/sign-in")}
	letter.Notes = []string{l.T("mail.email_taken.not_you")}
	return letter
}

// ChangeEmail changes the account's address to the one whose code was entered and signs this browser in
// there; every other session, link and code of the account ends. A wrong code is Invalid at "code", and so
// is a code for an address already in use. Three changes a day, then TooMany; a change that meets a
// concurrent one is a Conflict. Orders do not move: they belong to the customer, not to the address.
//
// The address is reserved first. Then a single Replace changes the customer and schedules the email to the
// old address; sessions of an address other than the account's are void. A crash before the Replace leaves
// a reserved address, which is released later.
func (s Shopper) ChangeEmail(ctx context.Context, email, code string, b Browser) (SignedIn, error) {
	if err := s.needFresh(); err != nil {
		return SignedIn{}, err
	}
	wrong := invalid([]Fault{{Field: "code", Key: "code.wrong"}})
	wanted, ok := CanonicalEmail(email)
	if !ok || wanted == s.customer.Email || b.Secret == "" {
		return SignedIn{}, wrong
	}
	if err := s.enterProof(ctx, proof{Kind: mailEmailCode, Email: wanted}, code, func(*access) {}); err != nil {
		return SignedIn{}, err
	}
	over, err := s.app.over(ctx, []bound{s.bound("email-day", limit(changesADay, 24*time.Hour))})
	if err != nil {
		return SignedIn{}, err
	}
	if over[0] {
		return SignedIn{}, failure(TooMany, "email.too_many")
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
	_, err := s.change(ctx, func(c *Customer) error {
		if c.Email != s.customer.Email {
			return failure(Conflict, "email.changed")
		}
		if c.FedEmail == "" {
			c.FedEmail = c.Email // the shop's own records have it, if any
		}
		return c.move(wanted, true, s.app.now())
	})
	return err
}

// followTo opens a session at the new address for the browser that changed it, and clears the access of the
// old address.
func (s Shopper) followTo(ctx context.Context, email string, b Browser) (SignedIn, error) {
	v := s.app.Visitor(s.shop, b)
	cookie := newToken(s.app.accessID(s.shop.ID, email))
	_, err := s.app.accessDocs(s.shop.ID).Change(ctx, cookie.access, func(a *access) error {
		if a.Customer != s.customer.ID {
			return failure(Conflict, "email.changed") // undone and given to somebody else, all since
		}
		a.Sessions = append(a.Sessions, v.newSession(cookie))
		a.Browsers = append(a.Browsers, browser{Hash: b.hash(), SeenAt: s.app.now()})
		return nil
	})
	if err == nil {
		err = s.app.clearAccess(ctx, s.shop.ID, s.access)
	}
	return v.signedIn(cookie, ""), err
}

// clearAccess ends everything in an access document that can sign someone in, if the document exists.
func (a *App) clearAccess(ctx context.Context, shop, key string) error {
	_, err := a.accessDocs(shop).Change(ctx, key, func(doc *access) error {
		doc.clear(LinkReplaced, a.now())
		return nil
	})
	return ifFound(err)
}
