package portal

import (
	"context"
	"errors"

	"postern/mail"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/storage"
	"postern/templates/i18n"
)

const mailEmailSet = "email_set"

// ReserveEmail reserves an address for a customer, as a change of the address by a feed or by staff begins,
// and returns its holder: the customer, or somebody else. told is that anybody has signed in by the present
// address, who must be told.
func (a *App) ReserveEmail(ctx context.Context, s shop.Shop, c customer.Customer,
	email string) (told bool, holder string, err error) {
	present, _, err := a.credentialDocs(s.ID).Get(ctx, a.credentialsID(s.ID, c.Email))
	if ifFound(err) != nil {
		return false, "", err
	}
	holder, err = a.reserve(ctx, s.ID, c.ID, email)
	return present.WasUsed(), holder, err
}

// LeaveEmail ends what lets somebody in by the address that a customer had before, and releases it if nobody
// can undo the change. After a crash before it, the sessions there are void all the same, and the worker
// releases the address.
func (a *App) LeaveEmail(ctx context.Context, s shop.Shop, id, email string) error {
	err := a.clearCredentials(ctx, s.ID, a.credentialsID(s.ID, email))
	if err == nil {
		err = a.Worker().releaseReserved(ctx, s, id)
	}
	return err
}

// postEmailSet queues the email to an address that staff made an account's.
func (w Worker) postEmailSet(ctx context.Context, shop shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	return nil, w.post(ctx, shop, "email-set-"+t.Job.ID, mail.Entry{
		Kind: mailEmailSet, To: t.Job.Args[customer.ArgEmail], CreatedAt: w.app.now(),
		Payload: map[string]string{customer.PayCustomer: t.Doc.ID, customer.ArgOld: t.Job.Args[customer.ArgOld]},
	})
}

// composeEmailSet writes the email to an address that staff made an account's, as long as it is, or to another
// one about that.
func (w Worker) composeEmailSet(ctx context.Context, sh shop.Shop, _ string, e mail.Entry) (shop.Recipient,
	letterWriter, error) {
	c, err := w.app.customer(ctx, sh.ID, e.Payload[customer.PayCustomer])
	old := e.Payload[customer.ArgOld] != ""
	if errors.Is(err, storage.ErrNotFound) || err == nil && !old && !c.HasAddress(e.To) {
		err = mail.ErrDrop
	}
	return shop.Recipient{Email: e.To, Lang: c.Language}, func(l *i18n.Localizer) mail.Letter {
		if old {
			letter := sh.Letter(l, "mail.email_replaced")
			letter.Details = []string{l.T("mail.change_notice.when", "When", l.DateTime(e.CreatedAt))}
			return letter
		}
		letter := sh.Letter(l, "mail.email_set")
		letter.Button = &mail.Button{Label: l.T("mail.merged.button"), URL: sh.URL("/sign-in")}
		letter.Notes = []string{l.T("mail.email_set.not_you", "Shop", sh.Name)}
		letter.Details = []string{l.T("mail.change_notice.when", "When", l.DateTime(e.CreatedAt))}
		return letter
	}, err
}
