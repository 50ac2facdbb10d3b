package portal

import (
	"context"
	"time"

	"postern/portal/inquiry"
	"postern/portal/validate"
	"postern/storage"
)

// Message is a customer's message to the shop about an order. Form is the form's id, so that a form sent
// twice creates one message.
type Message struct {
	Form, Number string
	Text         string
	Lang         string    // of the page
	Seen         time.Time // of the last answer that the page showed, zero for none
}

// NewForm returns an id for a form that may be sent once.
func (s Shopper) NewForm() string { return storage.NewID() }

// WriteMessage stores a message, which the worker emails to the shop. Field errors are at "text". It is
// validate.TooMany beyond 20 an hour, and a Conflict if the shop takes no messages, the order has
// inquiry.MaxMessages, or the form already sent another text.
func (s Shopper) WriteMessage(ctx context.Context, m Message) error {
	if err := s.requireOwn(); err != nil {
		return err
	}
	in := inquiry.Inquiry{Channel: inquiry.ChannelMessages, Customer: s.customer.ID, Order: m.Number,
		ContentHash: inquiry.ContentHash(m.Text), Lang: m.Lang}
	if sent, err := s.formSent(ctx, m.Form, in); sent || err != nil {
		return err
	}
	if _, err := s.Order(ctx, m.Number); err != nil {
		return err
	}
	if !s.shop.AcceptsMessages() {
		return validate.NewError(validate.Conflict, "message.off")
	}
	f := &validate.Validator{}
	in.Text = f.Required("text", inquiry.ReadText(f, "text", m.Text))
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return err
	}
	earlier, err := s.Correspondence(ctx, m.Number)
	if err != nil {
		return err
	}
	if err := s.inquire(ctx, m.Form, in, earlier.Written(inquiry.FromCustomer)); err != nil {
		return err
	}
	return s.ReadAnswers(ctx, m.Number, m.Seen)
}

// formSent is inquirySent for an id that comes from a form.
func (s Shopper) formSent(ctx context.Context, form string, in inquiry.Inquiry) (sent bool, err error) {
	if !storage.IsID(form) {
		return false, validate.NewError(validate.Invalid, "inquiry.expired")
	}
	return s.inquirySent(ctx, form, in)
}
