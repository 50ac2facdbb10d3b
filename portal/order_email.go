package portal

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"

	"postern/mail"
	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/secret"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
	"postern/templates/i18n"
)

// The emails about an order. They carry a plain link to it, because people forward them: a browser that is
// signed in opens the order, any other signs in first.
const (
	mailFirstOrder = "first_order"
	mailOrder      = "order"

	payNumber   = "number"   // of the order
	payCustomer = "customer" // whose order it was when the email was asked for
	payEvent    = "event"    // that a mailOrder tells of
)

func (w Worker) orderJobs() job.Source {
	return job.Documents[order.Stored]{
		Collection: order.Collection(),
		Open:       w.app.orderDocs,
		List:       func(o *order.Stored) *job.List { return &o.Work },
		Kinds: map[string]job.Kind[order.Stored]{
			order.KindFirstOrderEmail: {Do: inShop(w.app, w.postFirstOrder)},
			order.KindOrderEmail:      {Do: inShop(w.app, w.postOrderEmail)},
			order.KindDelete:          {Do: inShop(w.app, w.deleteOrder)},
			audit.KindRecord:          recordsActs[order.Stored](w.app),
		},
	}
}

// postFirstOrder emails the link to an order if it is the first of its customer: the oldest one, with none
// emailed before. The customer and the outbox entry both record it, so that repeating adds no second email.
func (w Worker) postFirstOrder(ctx context.Context, shop shop.Shop,
	t job.Task[order.Stored]) (job.Finish[order.Stored], error) {
	o, number := t.Doc, t.Key
	if !shop.FirstOrderMail || o.ErasedAt != nil || o.Customer == "" {
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
		Kind: mailFirstOrder, To: c.LetterEmail(), CreatedAt: w.app.now(),
		Payload: map[string]string{payNumber: number, payCustomer: c.ID},
	})
}

// postOrderEmail emails an event of an order, unless the shop has switched that kind off by now or the
// customer does not want it. Repeating it adds no second email, since the key is the same.
func (w Worker) postOrderEmail(ctx context.Context, shop shop.Shop,
	t job.Task[order.Stored]) (job.Finish[order.Stored], error) {
	event := t.Job.Args[order.EmailEvent]
	kind := order.EventKind(event)
	if t.Doc.Customer == "" || !slices.Contains(shop.OrderEmails, kind) {
		return nil, nil
	}
	c, err := w.app.customer(ctx, shop.ID, t.Doc.Customer)
	if err != nil || c.Email == "" || !c.WantsOrderEmail(kind) {
		return nil, ifFound(err)
	}
	return nil, w.post(ctx, shop, "order-"+secret.Hash(t.Key+"\x00"+event), mail.Entry{
		Kind: mailOrder, To: c.LetterEmail(), CreatedAt: w.app.now(),
		Payload: map[string]string{payNumber: t.Key, payEvent: event, payCustomer: c.ID},
	})
}

// composeOrderEmail writes an email about an order as the order is now. It drops the email if the order was
// erased or moved to somebody else, or if what it tells of no longer holds.
func (w Worker) composeOrderEmail(ctx context.Context, sh shop.Shop, _ string, e mail.Entry) (shop.Recipient,
	letterWriter, error) {
	event := e.Payload[payEvent]
	o, _, err := w.app.orderDocs(sh.ID).Get(ctx, e.Payload[payNumber])
	var c customer.Customer
	if err == nil {
		c, err = w.app.customer(ctx, sh.ID, o.Customer)
	}
	declined := e.Kind == mailOrder && (!o.Tells(event) || !c.WantsOrderEmail(order.EventKind(event)))
	if errors.Is(err, storage.ErrNotFound) || err == nil && (c.Email == "" || declined ||
		!c.Is(e.Payload[payCustomer])) {
		err = mail.ErrDrop
	}
	to := shop.Recipient{Email: c.LetterEmail(), Lang: cmp.Or(c.Language, sh.Offered(o.Language)), Customer: c.ID}
	return to, func(l *i18n.Localizer) mail.Letter {
		if e.Kind == mailFirstOrder {
			return firstOrderLetter(o.Order, sh, l)
		}
		return orderLetter{Order: o.Order, shop: sh, l: l}.write(event)
	}, err
}

// orderURL returns the page of an order for an email, or that of all orders if programs would break the URL.
func orderURL(sh shop.Shop, number string) string {
	return sh.MailURL("/orders/"+url.PathEscape(number), shop.Home)
}

func firstOrderLetter(o order.Order, sh shop.Shop, l *i18n.Localizer) mail.Letter {
	letter := sh.Letter(l, "mail.first_order", "Number", o.Number)
	letter.Button = &mail.Button{Label: l.T("mail.first_order.button"), URL: orderURL(sh, o.Number)}
	letter.Notes = []string{l.T("mail.order.sign_in")}
	return letter
}

// OrderEmails lists the kinds of emails about orders that the shop sends, and whether the customer gets each.
func (s Shopper) OrderEmails() map[string]bool {
	wanted := map[string]bool{}
	for _, kind := range s.shop.OrderEmails {
		wanted[kind] = s.customer.WantsOrderEmail(kind)
	}
	return wanted
}

// ChooseOrderEmails stores which kinds of emails about orders the customer gets. Kinds that the shop does not
// send stay as they are: nobody was asked about them.
func (s Shopper) ChooseOrderEmails(ctx context.Context, wanted map[string]bool) error {
	if err := s.requireOwn(); err != nil {
		return err
	}
	_, err := s.app.changeCustomer(ctx, s.shop.ID, s.customer.ID, func(c *customer.Customer) error {
		var declined []string
		for _, kind := range shop.OrderEmails() {
			off := !c.WantsOrderEmail(kind)
			if slices.Contains(s.shop.OrderEmails, kind) {
				off = !wanted[kind]
			}
			if off {
				declined = append(declined, kind)
			}
		}
		if slices.Equal(declined, c.NoOrderEmails) {
			return storage.ErrUnchanged
		}
		c.NoOrderEmails, c.ChangedAt = declined, s.app.now()
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = validate.NewError(validate.SignIn, "error.sign_in") // erased in the meantime
	}
	return err
}
