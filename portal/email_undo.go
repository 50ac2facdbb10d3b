package portal

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/mail"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
	"postern/templates/i18n"
)

// postEmailMoved queues the email to an old address.
func (w Worker) postEmailMoved(ctx context.Context, shop shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	at := slices.IndexFunc(t.Doc.Reserved,
		func(f customer.ReservedEmail) bool { return f.Entry == t.Job.Args["entry"] })
	if at < 0 {
		return nil, nil // undone since
	}
	f := t.Doc.Reserved[at]
	return nil, w.post(ctx, shop, f.Entry, mail.Entry{
		Kind: customer.MailEmailMoved, To: f.Email, Lang: t.Doc.PageLang, CreatedAt: w.app.now(),
		Payload: map[string]string{customer.PayCustomer: t.Doc.ID},
	})
}

// composeEmailMoved writes the email that informs an old address of the change and can undo it.
func (w Worker) composeEmailMoved(ctx context.Context, sh shop.Shop, entry string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	to := shop.Recipient{Email: e.To}
	t := credential.NewToken(w.app.credentialsID(sh.ID, e.To))
	var moved time.Time
	c, err := w.app.changeCustomer(ctx, sh.ID, e.Payload[customer.PayCustomer],
		func(c *customer.Customer) error {
			at := slices.IndexFunc(c.Reserved,
				func(f customer.ReservedEmail) bool { return f.Entry == entry })
			if at < 0 || !w.app.now().Before(c.Reserved[at].UndoUntil()) {
				return mail.ErrDrop
			}
			f := &c.Reserved[at]
			moved = f.At
			if !e.Unsure {
				f.Undo = nil
			}
			f.Undo = append(f.Undo, t.Hash())
			f.Undo = f.Undo[max(0, len(f.Undo)-customer.MaxUndo):]
			return nil
		})
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	to.Lang = c.Language
	return to, func(l *i18n.Localizer) mail.Letter {
		letter := emailMovedLetter(sh, l, c.Email, e.To, t)
		letter.Details = []string{l.T("mail.change_notice.when", "When", l.DateTime(moved))}
		return letter
	}, err
}

// emailMovedLetter writes to an old address that the account has a new one.
func emailMovedLetter(sh shop.Shop, l *i18n.Localizer, present, old string, t credential.Token) mail.Letter {
	present, _ = validate.MaskApart(present, old)
	letter := sh.Letter(l, "mail.email_changed", "Email", present)
	letter.Paragraphs = append(letter.Paragraphs, l.T("mail.email_changed.not_you"))
	letter.Button = &mail.Button{Label: l.T("mail.email_changed.button"),
		URL: sh.URL("/sign-in/undo-email/" + t.String())}
	return letter
}

// EmailUndoPage is shown before the change of an address is undone. Both addresses are masked so that they
// differ; OldEmail is "" if the link is damaged, used or expired.
type EmailUndoPage struct{ OldEmail, NewEmail string }

// EmailUndo looks up an undo link and changes nothing.
func (v Visitor) EmailUndo(ctx context.Context, text string) (EmailUndoPage, error) {
	_, c, at, err := v.findReserved(ctx, text)
	if validate.KindOf(err) == validate.Gone {
		return EmailUndoPage{}, nil
	}
	if err != nil {
		return EmailUndoPage{}, err
	}
	var page EmailUndoPage
	page.OldEmail, page.NewEmail = validate.MaskApart(c.Reserved[at].Email, c.Email)
	return page, nil
}

// UndoEmailChange restores the address that the undo link was mailed to, and ends every session, link and
// code there and at every later address. A used, expired or damaged link is Gone.
//
// The old address's credentials are cleared before the customer changes, so that no earlier session becomes
// valid again; after a crash in between, the undo link still works. The worker releases the later addresses.
func (v Visitor) UndoEmailChange(ctx context.Context, text string) error {
	t, c, at, err := v.findReserved(ctx, text)
	if err != nil {
		return err
	}
	_, err = v.app.reserve(ctx, v.shop.ID, c.ID, c.Reserved[at].Email)
	if errors.Is(err, customer.ErrSameEmail) {
		return validate.NewError(validate.Gone, "email_restore.gone")
	}
	if err != nil {
		return err
	}
	_, err = v.app.changeCustomer(ctx, v.shop.ID, c.ID,
		func(c *customer.Customer) error { return c.MoveBack(t, v.app.now(), v.browser.Lang) })
	return validate.NotFoundIfMissing(err)
}

// postEmailUndone queues the email about an undone change.
func (w Worker) postEmailUndone(ctx context.Context, shop shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	return nil, w.post(ctx, shop, "undone-"+t.Job.ID, mail.Entry{
		Kind: customer.MailEmailUndone, To: t.Job.Args["email"], Lang: t.Doc.PageLang, CreatedAt: w.app.now(),
		Payload: map[string]string{customer.PayCustomer: t.Doc.ID},
	})
}

// composeEmailUndone writes the email that says which address the account has again.
func (w Worker) composeEmailUndone(ctx context.Context, sh shop.Shop, _ string, e mail.Entry) (shop.Recipient,
	letterWriter, error) {
	c, err := w.app.customer(ctx, sh.ID, e.Payload[customer.PayCustomer])
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	return shop.Recipient{Email: e.To, Lang: c.Language}, func(l *i18n.Localizer) mail.Letter {
		present, _ := validate.MaskApart(c.Email, e.To)
		letter := sh.Letter(l, "mail.email_restored", "Email", present)
		letter.Notes = []string{l.T("mail.email_restored.not_you", "Shop", sh.Name)}
		letter.Details = []string{l.T("mail.change_notice.when", "When", l.DateTime(e.CreatedAt))}
		return letter
	}, err
}

// findReserved finds the address that an undo link restores, or returns Gone.
func (v Visitor) findReserved(ctx context.Context, text string) (t credential.Token, c customer.Customer,
	at int, err error) {
	gone := validate.NewError(validate.Gone, "email_restore.gone")
	t, ok := credential.ParseLink(text)
	if !ok {
		return t, c, 0, gone
	}
	doc, _, err := v.app.credentialDocs(v.shop.ID).Docs.Get(ctx, t.Credentials)
	if err == nil {
		c, err = v.app.customer(ctx, v.shop.ID, doc.Customer)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return t, c, 0, gone
	}
	if err != nil {
		return t, c, 0, err
	}
	if at = c.ReservedByToken(t, v.app.now()); at < 0 {
		return t, c, at, gone
	}
	return t, c, at, nil
}
