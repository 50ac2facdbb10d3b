package portal

import (
	"context"

	"postern/storage"
)

// Message is what a customer writes to the shop about an order. Form is the id of its form, which makes
// twice once.
type Message struct {
	Form, Number string
	Text         string
	Lang         string // of the page
}

// NewForm is an id for a form that may be sent once.
func (s Shopper) NewForm() string { return storage.NewID() }

// TakesMessages reports whether the shop has somewhere to mail what its customers write.
func (s Shop) TakesMessages() bool { return s.Brand.SupportEmail != "" }

// WriteMessage keeps a message, and the worker mails it to the shop. Faults stand at "text". It is TooMany
// past 20 an hour, and a Conflict where the shop takes none, where the order has MaxMessages, or where the
// form sent another text before.
func (s Shopper) WriteMessage(ctx context.Context, m Message) error {
	in := inquiry{Channel: channelMessages, Customer: s.customer.ID, Order: m.Number, Said: said(m.Text), Lang: m.Lang}
	if sent, err := s.formSent(ctx, m.Form, in); sent || err != nil {
		return err
	}
	if _, err := s.Order(ctx, m.Number); err != nil {
		return err
	}
	if !s.shop.TakesMessages() {
		return failure(Conflict, "message.off")
	}
	f := &form{}
	in.Text = f.required("text", f.inquiryText("text", m.Text))
	if err := invalid(f.faults); err != nil {
		return err
	}
	earlier, err := s.Correspondence(ctx, m.Number)
	if err != nil {
		return err
	}
	return s.inquire(ctx, m.Form, in, len(earlier.Messages))
}

// formSent is inquirySent for an id that a form brings.
func (s Shopper) formSent(ctx context.Context, form string, in inquiry) (sent bool, err error) {
	if !storage.IsID(form) {
		return false, failure(Invalid, "inquiry.expired")
	}
	return s.inquirySent(ctx, form, in)
}
