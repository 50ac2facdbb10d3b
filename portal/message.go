package portal

import (
	"context"

	"postern/storage"
)

// Message is a customer's message to the shop about an order. Form is the form's id, so that a form sent
// twice creates one message.
type Message struct {
	Form, Number string
	Text         string
	Lang         string // of the page
}

// NewForm returns an id for a form that may be sent once.
func (s Shopper) NewForm() string { return storage.NewID() }

// TakesMessages reports whether the shop has an address that receives its customers' messages.
func (s Shop) TakesMessages() bool { return s.Brand.SupportEmail != "" }

// WriteMessage stores a message, which the worker emails to the shop. Faults are at "text". It is TooMany
// beyond 20 an hour, and a Conflict if the shop takes no messages, the order has MaxMessages, or the form
// already sent another text.
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

// formSent is inquirySent for an id that comes from a form.
func (s Shopper) formSent(ctx context.Context, form string, in inquiry) (sent bool, err error) {
	if !storage.IsID(form) {
		return false, failure(Invalid, "inquiry.expired")
	}
	return s.inquirySent(ctx, form, in)
}
