package portal

import (
	"context"
	"errors"
	"net/url"
	"time"

	"postern/mail"
	"postern/portal/job"
	"postern/storage"
	"postern/templates/i18n"
)

// A sign-in email that no browser requested names the shop instead of a device. It has no code, because no
// page is open to enter it on.
const (
	payBy        = "by"     // why it is sent: byFeed or byFirstOrder, "" if a browser requested it
	payNumber    = "number" // of the order that the email is about
	byFeed       = "feed"
	byFirstOrder = "first_order"

	mailFirstOrder = "first_order"
)

// The job of an order that may be its customer's first.
const (
	kindFirstOrder = "first_order_email"
	// firstOrderAge is the maximum age of an order when it arrives; older orders are part of an imported
	// history.
	firstOrderAge = 48 * time.Hour
)

type signInMailWire struct {
	Destination string `json:"destination"`
}

// MailSignIn emails the customer with the shop system's id a sign-in link to a destination: a path of the
// portal or a URL on one of the shop's origins. "" and an empty body mean the orders; any other destination
// is Invalid at "/destination". The email counts against the limits of the address, beyond which it is
// TooMany. An unknown id is NotFound. If key is not "", repeating the request within a day sends nothing
// more.
func (f Feed) MailSignIn(ctx context.Context, id string, body []byte, key string) error {
	var w signInMailWire
	if len(body) > 0 {
		if err := decodeJSON(body, &w); err != nil {
			return err
		}
	}
	destination := f.shop.destination(w.Destination)
	if destination == "" && w.Destination != "" {
		return invalid([]Fault{{Field: "/destination", Key: "destination.form"}})
	}
	if key == "" {
		return f.mailSignIn(ctx, id, destination, storage.NewID())
	}
	if len(key) > maxIdempotency {
		return invalid([]Fault{{Field: "Idempotency-Key", Key: "idempotency.form"}})
	}
	key = hashOf("idempotency\x00" + key)
	return f.once(ctx, key, hashOf(id+"\x00"+destination), func(ctx context.Context, entry string) error {
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
		return missing(err)
	}
	if err := f.app.countMail(ctx, f.shop.ID, c.Email); err != nil {
		return err
	}
	_, err = mail.NewOutbox(f.app.engine, f.shop.ID).AddOnce(ctx, entry, mail.Entry{
		Kind: mailSignIn, To: c.Email, CreatedAt: f.app.now(), NextAt: f.app.now(),
		Payload: map[string]string{payBy: byFeed, payDestination: destination},
	})
	return err
}

// countMail counts an email against the hourly and then the daily limit of its address. Requests refused by
// the hourly limit do not use up the daily one.
func (a *App) countMail(ctx context.Context, shop, email string) error {
	for _, b := range []bound{
		a.bound(shop, "feed-hour", limit(asksAnHour, time.Hour), mailbox(email)),
		a.bound(shop, "feed-day", limit(asksADay, 24*time.Hour), mailbox(email)),
	} {
		over, err := a.over(ctx, []bound{b})
		if err != nil {
			return err
		}
		if over[0] {
			return &Error{Kind: TooMany, Key: "mail.too_many", RetryAfter: b.rate.Period}
		}
	}
	return nil
}

// shopLetter writes a sign-in email that was requested by the shop.
func (o signInOffer) shopLetter(shop Shop, l *i18n.Localizer, e mail.Entry) mail.Letter {
	key := "mail.invited"
	if e.Payload[payBy] == byFirstOrder {
		key = "mail.first_order"
	}
	letter := shop.letter(l, key, "Number", e.Payload[payNumber])
	how, link := l.T("mail.invited.once", "Life", lifeText(l, o.life)), o.link
	if link == "" { // the maximum number of links is already active
		how, link = l.T("mail.invited.earlier"), shop.askURL(e.Payload[payDestination])
	}
	letter.Paragraphs = append(letter.Paragraphs, how)
	letter.Button = &mail.Button{Label: l.T(key + ".button"), URL: link}
	letter.Notes = []string{l.T("mail.invited.not_needed", "Shop", shop.Name)}
	return letter
}

// maxMailURL is the maximum length of a URL in an email: some programs break longer ones.
const maxMailURL = 140

// askURL returns the page that requests a link to a destination. It leaves out a destination that would
// make the URL too long for an email.
func (s Shop) askURL(destination string) string {
	if long := s.URL("/sign-in?" + url.Values{"to": {destination}}.Encode()); destination != "" && len(long) <= maxMailURL {
		return long
	}
	return s.URL("/sign-in")
}

// greet requests the email about a first order, if the shop has it enabled and the order is recent.
func (s *storedOrder) greet(by arrival) {
	if by.greet && by.at.Sub(s.PlacedAt) <= firstOrderAge {
		s.Work.Add(job.Request{Kind: kindFirstOrder, At: by.at})
	}
}

func (w Worker) orderJobs() job.Source {
	return job.Documents[storedOrder]{
		Collection: orderCollection(),
		Open:       w.app.orderDocs,
		List:       func(o *storedOrder) *job.List { return &o.Work },
		Kinds:      map[string]job.Kind[storedOrder]{kindFirstOrder: {Do: inShop(w.app, w.postFirstOrder)}},
	}
}

// postFirstOrder emails the link to an order if it is the first of its customer: the oldest one, with none
// emailed before. The customer and the outbox entry both record it, so that repeating adds no second email.
func (w Worker) postFirstOrder(ctx context.Context, shop Shop, t job.Task[storedOrder]) (job.Finish[storedOrder], error) {
	order, number := t.Doc, t.Key
	if !shop.FirstOrderMail || order.Email == "" { // erased in the meantime
		return nil, nil
	}
	oldest, err := storage.Find[struct{}](ctx, w.app.orderDocs(shop.ID), storage.Query{
		Index: ordersByPlaced, Equal: []any{order.Customer}, Limit: 1,
	})
	if err != nil || len(oldest.Hits) == 0 || oldest.Hits[0].Key != number {
		return nil, err
	}
	c, err := w.app.changeCustomer(ctx, shop.ID, order.Customer, func(c *Customer) error {
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
		Kind: mailFirstOrder, To: c.Email, CreatedAt: w.app.now(), NextAt: w.app.now(), Payload: map[string]string{
			payBy: byFirstOrder, payNumber: number, payDestination: shop.destination("/orders/" + url.PathEscape(number)),
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
