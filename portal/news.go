package portal

import (
	"context"
	"errors"
	"time"

	"postern/mail"
	"postern/portal/job"
	"postern/storage"
	"postern/templates/i18n"
)

// The changes that a customer is notified of by email, with a "this wasn't me" link.
const (
	newsAddress = "address"
	newsVATID   = "vat_id"
)

const (
	mailNews = "news"
	payWhat  = "what"

	changesAnHour = 100 // notified changes of one customer
)

// tell requests an email to the customer about a change. One email covers all changes of a kind made before
// it is composed; a change made while it is being composed gets its own email.
func (c *Customer) tell(what string, at time.Time) {
	c.Work.Add(job.Request{Kind: kindChangeNotice, Args: job.Args{"what": what}, At: at})
}

// changeAndTell changes the customer with alter and notifies them. More than a hundred changes an hour are
// TooMany, because each may cause an email or a VIES request.
func (s Shopper) changeAndTell(ctx context.Context, what string, alter func(*Customer) error) error {
	over, err := s.app.over(ctx, []bound{s.bound("changes-hour", limit(changesAnHour, time.Hour))})
	if err != nil {
		return err
	}
	if over[0] {
		return s.unlessDone(ctx, alter, failure(TooMany, "error.too_many"))
	}
	_, err = s.change(ctx, func(c *Customer) error {
		if err := alter(c); err != nil {
			return err
		}
		c.tell(what, s.app.now())
		return nil
	})
	return err
}

// unlessDone returns err, or nil if alter finds nothing left to change: then a duplicate of this request
// was the last one allowed.
func (s Shopper) unlessDone(ctx context.Context, alter func(*Customer) error, err error) error {
	c, failed := s.current(ctx)
	switch {
	case failed != nil:
		return failed
	case errors.Is(alter(&c), storage.ErrUnchanged):
		return nil
	}
	return err
}

// postChangeNotice turns a change into an outbox entry. Repeating it adds no second email, since the key is
// the same.
func (w Worker) postChangeNotice(ctx context.Context, shop Shop, t job.Task[Customer]) (job.Finish[Customer], error) {
	at := t.Job.At
	to := t.Doc.emailAt(at)
	return nil, w.post(ctx, shop, "news-"+t.Job.ID, mail.Entry{
		Kind: mailNews, To: to, Lang: t.Doc.PageLang, CreatedAt: w.app.now(), Payload: map[string]string{
			payAccess: w.app.accessID(shop.ID, to), payWhat: t.Job.Args["what"], payAt: at.UTC().Format(time.RFC3339Nano),
		},
	})
}

// emailAt returns the address that the account had at a given time, as long as that address is still
// reserved.
func (c *Customer) emailAt(at time.Time) string {
	for _, f := range c.Former {
		if f.Entry != "" && !f.At.Before(at) {
			return f.Email
		}
	}
	return c.Email
}

// composeNews composes the email about a change.
func (w Worker) composeNews(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	to, t, err := w.alarmFor(ctx, shop, entry, e)
	return to, func(l *i18n.Localizer) mail.Letter {
		what := "mail.change_notice." + e.Payload[payWhat]
		letter := shop.letter(l, what)
		letter.Paragraphs = append(letter.Paragraphs, l.T("mail.change_notice.not_you"))
		letter.Button = &mail.Button{Label: l.T("mail.sign_in_notice.button"), URL: shop.URL("/sign-in/not-me/" + t.String())}
		letter.Details = []string{l.T("mail.change_notice.when", "When", l.DateTime(happened(e)))}
		return letter
	}, err
}

// letter starts an email with the subject, heading and text that the catalogue has under key.
func (s Shop) letter(l *i18n.Localizer, key string, args ...any) mail.Letter {
	args = append([]any{"Shop", s.Name}, args...)
	text := l.T(key+".text", args...)
	return mail.Letter{
		Lang: l.Lang(), Brand: s.letterBrand(), Subject: l.T(key+".subject", args...), Heading: l.T(key+".heading", args...),
		Preheader: text, Paragraphs: []string{text},
	}
}
