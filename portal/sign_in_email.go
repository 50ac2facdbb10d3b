package portal

import (
	"context"
	"errors"
	"net/url"
	"time"

	"postern/mail"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/secret"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
	"postern/templates/i18n"
)

// A sign-in email that no browser requested names the shop instead of a device. It has no code, because no
// page is open to enter it on.
const (
	payBy        = "by"             // why it is sent: byFeed or byFirstOrder, "" if a browser requested it
	payNumber    = "number"         // of the order that the email is about
	payOrderLang = "order_language" // of that order, for a customer who has none when the email is composed
	byFeed       = "feed"
	byFirstOrder = "first_order"

	mailFirstOrder = "first_order"
)

type signInMailWire struct {
	Destination string `json:"destination"`
}

// MailSignIn emails the customer with the shop system's id a sign-in link to a destination: a path of the
// portal or a URL on one of the shop's origins. "" and an empty body mean the orders; any other destination
// is Invalid at "/destination". The email counts against the limits of the address, beyond which it is
// validate.TooMany. An unknown id is validate.NotFound. If key is not "", repeating the request within a day sends nothing
// more.
func (f Feed) MailSignIn(ctx context.Context, id string, body []byte, key string) error {
	var w signInMailWire
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
	customer, err := f.app.introduced(ctx, f.shop.ID, id)
	if err != nil || customer == "" {
		return orNotFound(err)
	}
	c, err := f.app.customer(ctx, f.shop.ID, customer)
	if err != nil {
		return validate.NotFoundIfMissing(err)
	}
	if err := f.app.countMail(ctx, f.shop.ID, c.Email); err != nil {
		return err
	}
	_, err = f.app.outbox(f.shop.ID).AddOnce(ctx, entry, mail.Entry{
		Kind: mailSignIn, To: c.Email, CreatedAt: f.app.now(), NextAt: f.app.now(),
		Payload: map[string]string{payBy: byFeed, payDestination: destination},
	})
	return err
}

// countMail counts an email against the hourly and then the daily limit of its address. Requests refused by
// the hourly limit do not use up the daily one.
func (a *App) countMail(ctx context.Context, shop, email string) error {
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
	if e.Payload[payBy] == byFirstOrder {
		key = "mail.first_order"
	}
	letter := shop.Letter(l, key, "Number", e.Payload[payNumber])
	how, link := l.T("mail.invited.once", "Life", lifeText(l, o.life)), o.link
	if link == "" { // the maximum number of links is already active
		how, link = l.T("mail.invited.earlier"), shop.AskURL(e.Payload[payDestination])
	}
	letter.Paragraphs = append(letter.Paragraphs, how)
	letter.Button = &mail.Button{Label: l.T(key + ".button"), URL: link}
	letter.Notes = []string{l.T("mail.invited.not_needed", "Shop", shop.Name)}
	return letter
}

func (w Worker) orderJobs() job.Source {
	return job.Documents[order.Stored]{
		Collection: order.Collection(),
		Open:       w.app.orderDocs,
		List:       func(o *order.Stored) *job.List { return &o.Work },
		Kinds: map[string]job.Kind[order.Stored]{order.KindFirstOrderEmail: {Do: inShop(w.app,
			w.postFirstOrder)}},
	}
}

// postFirstOrder emails the link to an order if it is the first of its customer: the oldest one, with none
// emailed before. The customer and the outbox entry both record it, so that repeating adds no second email.
func (w Worker) postFirstOrder(ctx context.Context, shop shop.Shop,
	t job.Task[order.Stored]) (job.Finish[order.Stored], error) {
	o, number := t.Doc, t.Key
	if !shop.FirstOrderMail || o.Email == "" { // erased in the meantime
		return nil, nil
	}
	oldest, err := storage.Find[struct{}](ctx, w.app.orderDocs(shop.ID), storage.Query{
		Index: order.ByPlaced, Equal: []any{o.Customer}, Limit: 1,
	})
	if err != nil || len(oldest.Hits) == 0 || oldest.Hits[0].Key != number {
		return nil, err
	}
	c, err := w.app.changeCustomer(ctx, shop.ID, o.Customer, func(c *customer.Customer) error {
		if c.Greeted != "" {
			return storage.ErrUnchanged
		}
		c.Greeted = number
		return nil
	})
	if err != nil || c.Greeted != number {
		return nil, ifFound(err)
	}
	return nil, w.post(ctx, shop, "first-order-"+c.ID, mail.Entry{
		Kind: mailFirstOrder, To: c.Email, CreatedAt: w.app.now(), NextAt: w.app.now(),
		Payload: map[string]string{
			payBy: byFirstOrder, payNumber: number, payOrderLang: shop.Offered(o.Language),
			payDestination: shop.Destination("/orders/" + url.PathEscape(number)),
		},
	})
}

// ifFound returns err, or nil for ErrNotFound.
func ifFound(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}
