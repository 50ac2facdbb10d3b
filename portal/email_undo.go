package portal

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/mail"
	"postern/portal/job"
	"postern/storage"
	"postern/templates/i18n"
)

const (
	mailEmailMoved  = "email_moved"
	payCustomer     = "customer"
	emailMovedEntry = "moved-"

	mailEmailUndone = "email_undone"
)

// postEmailMoved queues the email to an old address.
func (w Worker) postEmailMoved(ctx context.Context, shop Shop, t job.Task[Customer]) (job.Finish[Customer], error) {
	at := slices.IndexFunc(t.Doc.Former, func(f former) bool { return f.Entry == t.Job.Args["entry"] })
	if at < 0 {
		return nil, nil // undone since
	}
	f := t.Doc.Former[at]
	return nil, w.post(ctx, shop, f.Entry, mail.Entry{
		Kind: mailEmailMoved, To: f.Email, Lang: t.Doc.PageLang, CreatedAt: w.app.now(), Payload: map[string]string{payCustomer: t.Doc.ID},
	})
}

// composeEmailMoved writes the email that informs an old address of the change and can undo it.
func (w Worker) composeEmailMoved(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	to := recipient{email: e.To}
	t := newToken(w.app.accessID(shop.ID, e.To))
	var moved time.Time
	c, err := w.app.changeCustomer(ctx, shop.ID, e.Payload[payCustomer], func(c *Customer) error {
		at := slices.IndexFunc(c.Former, func(f former) bool { return f.Entry == entry })
		if at < 0 || !w.app.now().Before(c.Former[at].undoUntil()) {
			return mail.ErrDrop
		}
		f := &c.Former[at]
		moved = f.At
		if !e.Unsure {
			f.Undo = nil
		}
		f.Undo = append(f.Undo, t.hash())
		f.Undo = f.Undo[max(0, len(f.Undo)-maxUndo):]
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	to.lang = c.Language
	return to, func(l *i18n.Localizer) mail.Letter {
		present, _ := MaskApart(c.Email, e.To)
		letter := shop.letter(l, "mail.email_changed", "Email", present)
		letter.Paragraphs = append(letter.Paragraphs, l.T("mail.email_changed.not_you"))
		letter.Button = &mail.Button{Label: l.T("mail.email_changed.button"), URL: shop.URL("/sign-in/undo-email/" + t.String())}
		letter.Details = []string{l.T("mail.change_notice.when", "When", l.DateTime(moved))}
		return letter
	}, err
}

// EmailUndoPage is shown before the change of an address is undone. Both addresses are masked so that they
// differ; Former is "" if the link is damaged, used or expired.
type EmailUndoPage struct{ Former, Present string }

// EmailUndo looks up an undo link and changes nothing.
func (v Visitor) EmailUndo(ctx context.Context, text string) (EmailUndoPage, error) {
	_, c, at, err := v.findFormer(ctx, text)
	if KindOf(err) == Gone {
		return EmailUndoPage{}, nil
	}
	if err != nil {
		return EmailUndoPage{}, err
	}
	var page EmailUndoPage
	page.Former, page.Present = MaskApart(c.Former[at].Email, c.Email)
	return page, nil
}

// UndoEmailChange restores the address that the undo link was mailed to, and ends every session, link and
// code there and at every later address. A used, expired or damaged link is Gone.
//
// The old address's access is cleared before the customer changes, so that no earlier session becomes valid
// again; after a crash in between, the undo link still works. The worker releases the later addresses.
func (v Visitor) UndoEmailChange(ctx context.Context, text string) error {
	t, c, at, err := v.findFormer(ctx, text)
	if err != nil {
		return err
	}
	_, err = v.app.reserve(ctx, v.shop.ID, c.ID, c.Former[at].Email)
	if errors.Is(err, errPresent) {
		return failure(Gone, "email_restore.gone")
	}
	if err != nil {
		return err
	}
	_, err = v.app.changeCustomer(ctx, v.shop.ID, c.ID, func(c *Customer) error { return c.moveBack(t, v.app.now(), v.browser.Lang) })
	return missing(err)
}

// moveBack restores the address. Every later address will be released, and no email to one of them can undo
// anything.
func (c *Customer) moveBack(t token, now time.Time, page string) error {
	at := c.formerBy(t, now)
	if at < 0 {
		return failure(Gone, "email_restore.gone")
	}
	back := c.Former[at].Email
	if err := c.secured(back, now); err != nil {
		return err
	}
	given := []former{{Email: c.Email, At: now, Until: now}}
	c.tellUndone(back, now)
	c.tellUndone(c.Email, now)
	for _, later := range c.Former[at+1:] {
		given = append(given, former{Email: later.Email, At: now, Until: now})
	}
	c.Email, c.Former = back, append(c.Former[:at:at], given...)
	c.Erasure = Erasure{} // asked for since, by whoever has the other address
	c.ChangedAt, c.ShopperAt, c.PageLang = now, now, page
	return nil
}

// tellUndone schedules an email about the undone change; it is sent to the restored address and to the one
// it replaces.
func (c *Customer) tellUndone(email string, now time.Time) {
	c.Work.Add(job.Request{Kind: kindEmailUndone, Args: job.Args{"email": email}, At: now})
}

// postEmailUndone queues the email about an undone change.
func (w Worker) postEmailUndone(ctx context.Context, shop Shop, t job.Task[Customer]) (job.Finish[Customer], error) {
	return nil, w.post(ctx, shop, "undone-"+t.Job.ID, mail.Entry{
		Kind: mailEmailUndone, To: t.Job.Args["email"], Lang: t.Doc.PageLang, CreatedAt: w.app.now(),
		Payload: map[string]string{payCustomer: t.Doc.ID},
	})
}

// composeEmailUndone writes the email that says which address the account has again.
func (w Worker) composeEmailUndone(ctx context.Context, shop Shop, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	c, err := w.app.customer(ctx, shop.ID, e.Payload[payCustomer])
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	return recipient{email: e.To, lang: c.Language}, func(l *i18n.Localizer) mail.Letter {
		present, _ := MaskApart(c.Email, e.To)
		letter := shop.letter(l, "mail.email_restored", "Email", present)
		letter.Notes = []string{l.T("mail.email_restored.not_you", "Shop", shop.Name)}
		letter.Details = []string{l.T("mail.change_notice.when", "When", l.DateTime(e.CreatedAt))}
		return letter
	}, err
}

// findFormer finds the address that an undo link restores, or returns Gone.
func (v Visitor) findFormer(ctx context.Context, text string) (t token, c Customer, at int, err error) {
	gone := failure(Gone, "email_restore.gone")
	t, ok := parseLink(text)
	if !ok {
		return t, c, 0, gone
	}
	doc, _, err := v.app.accessDocs(v.shop.ID).Docs.Get(ctx, t.access)
	if err == nil {
		c, err = v.app.customer(ctx, v.shop.ID, doc.Customer)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return t, c, 0, gone
	}
	if err != nil {
		return t, c, 0, err
	}
	if at = c.formerBy(t, v.app.now()); at < 0 {
		return t, c, at, gone
	}
	return t, c, at, nil
}

// undoUntil is the first moment at which an address can no longer be restored. (It may be reserved for
// longer.)
func (f former) undoUntil() time.Time { return f.At.Add(formerLife) }

// formerBy returns the index of the former address that an undo link belongs to, or -1.
func (c *Customer) formerBy(t token, now time.Time) int {
	return slices.IndexFunc(c.Former, func(f former) bool {
		return now.Before(f.undoUntil()) && slices.ContainsFunc(f.Undo, func(hash string) bool { return sameHash(hash, t.hash()) })
	})
}
