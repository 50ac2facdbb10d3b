package portal

import (
	"context"
	"errors"
	"slices"
	"strconv"
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

// The changes that a customer is notified of by email, with a "this wasn't me" link.
const (
	ChangedAddress = "address"
	ChangedVATID   = "vat_id"
	ChangedErasure = "erasure" // which staff cancelled
)

const (
	mailChangeNotice = "change_notice"
	payWhat          = "what"

	changesAnHour = 100 // notified changes of one customer
)

// changeAndTell changes the customer with alter and notifies them. More than a hundred changes an hour are
// validate.TooMany, because each may cause an email or a VIES request.
func (s Shopper) changeAndTell(ctx context.Context, what string, alter func(*customer.Customer) error) error {
	if s.by != nil { // whose changes count in no limit of the customer and tell the customer by themselves
		_, err := s.change(ctx, alter)
		return err
	}
	over, err := s.app.exceeded(ctx,
		[]subjectLimit{s.limitOf("changes-hour", limit(changesAnHour, time.Hour))})
	if err != nil {
		return err
	}
	if over[0] {
		return s.unlessDone(ctx, alter, validate.NewError(validate.TooMany, "error.too_many"))
	}
	_, err = s.change(ctx, func(c *customer.Customer) error {
		if err := alter(c); err != nil {
			return err
		}
		c.NotifyOfChange(what, s.app.now())
		return nil
	})
	return err
}

// unlessDone returns err, or nil if alter finds nothing left to change: then a duplicate of this request
// was the last one allowed.
func (s Shopper) unlessDone(ctx context.Context, alter func(*customer.Customer) error, err error) error {
	c, failed := s.current(ctx)
	switch {
	case failed != nil:
		return failed
	case errors.Is(alter(&c), storage.ErrUnchanged):
		return nil
	}
	return err
}

// postChangeNotice turns a change into outbox entries: to the address of that time, and to those of merged
// accounts, but to an unconfirmed one only if there is no other. Repeating it adds no second email, since the
// keys are the same.
func (w Worker) postChangeNotice(ctx context.Context, shop shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	at := t.Job.At
	all := append([]string{t.Doc.EmailAt(at)}, t.Doc.FurtherEmails()...)
	told := slices.DeleteFunc(slices.Clone(all), t.Doc.IsUnconfirmed)
	if len(told) == 0 {
		told = all[:1]
	}
	for _, to := range told {
		key := "change-notice-" + t.Job.ID
		if to != all[0] {
			key += "-" + strconv.Itoa(slices.Index(all, to))
		}
		if err := w.post(ctx, shop, key, mail.Entry{
			Kind: mailChangeNotice, To: to, Lang: t.Doc.PageLang, CreatedAt: w.app.now(),
			Payload: map[string]string{
				credential.PayCredentials: w.app.credentialsID(shop.ID, to), payWhat: t.Job.Args["what"],
				credential.PayAt: at.UTC().Format(time.RFC3339Nano),
			},
		}); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// composeChangeNotice composes the email about a change. It has no link if there is nothing to revoke.
func (w Worker) composeChangeNotice(ctx context.Context, shop shop.Shop, entry string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	to, t, err := w.revokeTokenFor(ctx, shop, entry, e)
	if errors.Is(err, errNothingToRevoke) {
		err = nil
	}
	return to, func(l *i18n.Localizer) mail.Letter { return changeNoticeLetter(shop, l, e, t) }, err
}

func changeNoticeLetter(shop shop.Shop, l *i18n.Localizer, e mail.Entry, t credential.Token) mail.Letter {
	letter := shop.Letter(l, "mail.change_notice."+e.Payload[payWhat])
	if t != (credential.Token{}) {
		letter.Paragraphs = append(letter.Paragraphs, l.T("mail.change_notice.not_you"))
		letter.Button = &mail.Button{Label: l.T("mail.sign_in_notice.button"),
			URL: shop.URL("/sign-in/not-me/" + t.String())}
	}
	letter.Details = []string{l.T("mail.change_notice.when", "When", l.DateTime(happened(e)))}
	return letter
}
