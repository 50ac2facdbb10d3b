package portal

import (
	"context"
	"errors"
	"time"

	"postern/mail"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/secret"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
	"postern/templates/i18n"
)

// A sign-in email that no browser requested names the shop instead of a device. It has no code, because no
// page is open to enter it on.
const (
	payBy = "by" // why it is sent: customer.LinkByFeed and so on, "" if a browser requested it
)

// SignInMailWire is a feed's request for a sign-in email.
type SignInMailWire struct {
	Destination string `json:"destination"`
}

// MailSignIn emails the customer with the shop system's id a sign-in link to a destination: a path of the
// portal or a URL on one of the shop's origins. "" and an empty body mean the orders; any other destination
// is Invalid at "/destination". The email counts against the limits of the address, beyond which it is
// validate.TooMany. An unknown id is validate.NotFound, a disabled customer a Conflict. If key is not "",
// repeating the request within a day sends nothing more.
func (f Feed) MailSignIn(ctx context.Context, id string, body []byte, key string) error {
	var w SignInMailWire
	if len(body) > 0 {
		if err := validate.DecodeJSON(body, &w); err != nil {
			return err
		}
	}
	destination := f.shop.Destination(w.Destination)
	if destination == "" && w.Destination != "" {
		return validate.InvalidFields([]validate.FieldError{{Field: "/destination", Key: "destination.form"}})
	}
	if key == "" {
		return f.mailSignIn(ctx, id, destination, storage.NewID())
	}
	if len(key) > maxIdempotency {
		return validate.InvalidFields([]validate.FieldError{{Field: "Idempotency-Key",
			Key: "idempotency.form"}})
	}
	key = secret.Hash("idempotency\x00" + key)
	return f.once(ctx, key, secret.Hash(id+"\x00"+destination),
		func(ctx context.Context, entry string) error {
			return f.mailSignIn(ctx, id, destination, entry)
		})
}

// mailSignIn requests the email, once per outbox entry.
func (f Feed) mailSignIn(ctx context.Context, id, destination, entry string) error {
	who, err := f.app.introduced(ctx, f.shop.ID, id)
	if err != nil || who == "" {
		return orNotFound(err)
	}
	c, err := f.app.customer(ctx, f.shop.ID, who)
	if err != nil {
		return validate.NotFoundIfMissing(err)
	}
	if !c.Disabled.IsZero() {
		return validate.NewError(validate.Conflict, "customer.disabled")
	}
	if err := f.app.CountSignInEmail(ctx, f.shop.ID, c.Email); err != nil {
		return err
	}
	_, err = f.app.outbox(f.shop.ID).AddOnce(ctx, entry, mail.Entry{
		Kind: mailSignIn, To: c.Email, CreatedAt: f.app.now(), NextAt: f.app.now(),
		Payload: map[string]string{payBy: customer.LinkByFeed, payDestination: destination},
	})
	return err
}

// postSignInEmail queues a sign-in email that staff asked for.
func (w Worker) postSignInEmail(ctx context.Context, shop shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	return nil, w.post(ctx, shop, t.Job.Args[customer.ArgEntry], mail.Entry{
		Kind: mailSignIn, To: t.Doc.Email, CreatedAt: w.app.now(),
		Payload: map[string]string{payBy: t.Job.Args[customer.ArgBy]},
	})
}

// CountSignInEmail counts a sign-in email that the customer did not ask for against the hourly and then the
// daily limit of its address. Requests refused by the hourly limit do not use up the daily one.
func (a *App) CountSignInEmail(ctx context.Context, shop, email string) error {
	for _, b := range []subjectLimit{
		a.limitOf(shop, "feed-hour", limit(requestsAnHour, time.Hour), mailbox(email)),
		a.limitOf(shop, "feed-day", limit(requestsADay, 24*time.Hour), mailbox(email)),
	} {
		over, err := a.exceeded(ctx, []subjectLimit{b})
		if err != nil {
			return err
		}
		if over[0] {
			return &validate.Error{Kind: validate.TooMany, Key: "mail.too_many", RetryAfter: b.rate.Period}
		}
	}
	return nil
}

// shopLetter writes a sign-in email that was requested by the shop.
func (o signInOffer) shopLetter(shop shop.Shop, l *i18n.Localizer, e mail.Entry) mail.Letter {
	key := "mail.invited"
	if e.Payload[payBy] == customer.LinkByAccount {
		key = "mail.account_made"
	}
	letter := shop.Letter(l, key)
	how, link := l.T("mail.invited.once", "Life", lifeText(l, o.life)), o.link
	if link == "" { // the maximum number of links is already active
		how, link = l.T("mail.invited.earlier"), shop.AskURL(e.Payload[payDestination])
	}
	letter.Paragraphs = append(letter.Paragraphs, how)
	letter.Button = &mail.Button{Label: l.T("mail.invited.button"), URL: link}
	letter.Notes = []string{l.T("mail.invited.not_needed", "Shop", shop.Name)}
	return letter
}

// ifFound returns err, or nil for ErrNotFound.
func ifFound(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}
