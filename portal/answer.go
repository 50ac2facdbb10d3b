package portal

import (
	"context"
	"errors"
	"time"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/secret"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/withdrawal"
	"postern/storage"
)

// answerWire is a message from the shop as JSON.
type answerWire struct {
	ID     string `json:"id"`
	Author string `json:"author"`
	Text   string `json:"text"`
}

// answerKey begins the keys of answers, so that no form's id is one.
const answerKey = "answer-"

// Answer adds the shop's message to the conversation about an order and has it emailed to the customer. The
// member id, or else key, identifies it: sending the same again changes nothing and returns the first one.
// created reports whether it is new. An unknown order is validate.NotFound; it is a Conflict if nobody owns
// the order, the id was used for another text, or the order has inquiry.MaxMessages answers.
func (f Feed) Answer(ctx context.Context, number string, body []byte, key string) (
	made inquiry.Record, created bool, err error) {
	var w answerWire
	if err := validate.DecodeJSON(body, &w); err != nil {
		return made, false, err
	}
	v := &validate.Validator{}
	in := inquiry.Inquiry{Channel: inquiry.ChannelAnswers, Order: number,
		Author: v.Text("/author", w.Author, validate.MaxWord),
		Text:   v.Required("/text", inquiry.ReadText(v, "/text", w.Text))}
	id := v.Key("/id", w.ID, maxIdempotency)
	if len(key) > maxIdempotency {
		v.Reject("Idempotency-Key", "idempotency.form")
	}
	if err := validate.InvalidFields(v.Rejected); err != nil {
		return made, false, err
	}
	in.ContentHash, in.MessageID = inquiry.ContentHash(in.Author, in.Text), id
	switch {
	case id != "":
		id = answerKey + secret.Hash(number+"\x00id\x00"+id)
	case key != "":
		id = answerKey + secret.Hash(number+"\x00key\x00"+key)
	default:
		id = answerKey + storage.NewID()
	}
	return f.desk().answer(ctx, id, in)
}

// Desk is the shop's side of the correspondence with its customers, for a feed or for staff, who decide who
// may use it.
type Desk struct {
	app  *App
	shop shop.Shop
}

// Desk returns the shop's side of the correspondence.
func (a *App) Desk(shop shop.Shop) Desk { return Desk{app: a, shop: shop} }

func (f Feed) desk() Desk { return f.app.Desk(f.shop) }

// Answer adds a message of staff to the conversation about an order. The form's id identifies it, so that a
// form sent twice adds one. act is recorded with it. It is a Conflict if the order is not the customer's, or
// has inquiry.MaxMessages answers; field errors are at "text".
func (d Desk) Answer(ctx context.Context, in inquiry.Inquiry, form string, act audit.Act) error {
	v := &validate.Validator{}
	in.Channel, in.Text = inquiry.ChannelAnswers, v.Required("text", inquiry.ReadText(v, "text", in.Text))
	if err := validate.InvalidFields(v.Rejected); err != nil {
		return err
	}
	in.ContentHash = inquiry.ContentHash(in.Author, in.Text)
	act.Changes = []audit.Change{{Field: audit.FieldOrder, After: in.Order}, {Field: "message", After: in.Text}}
	if err := act.Carry(&in.Work); err != nil {
		return err
	}
	_, _, err := d.answer(ctx, answerKey+secret.Hash(in.Order+"\x00form\x00"+form), in)
	return err
}

// answer stores an answer under its key, unless it is there.
func (d Desk) answer(ctx context.Context, id string, in inquiry.Inquiry) (inquiry.Record, bool, error) {
	docs := d.app.inquiryDocs(d.shop.ID)
	stored, _, err := docs.Get(ctx, id)
	if err == nil {
		return answered(id, stored, in)
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return inquiry.Record{}, false, err
	}
	to := in.Customer
	earlier, err := d.conversation(ctx, in.Order, &in)
	if err == nil && (in.Customer == "" || to != "" && to != in.Customer) {
		err = validate.NewError(validate.Conflict, "message.nobody")
	}
	if err == nil && earlier.Written(inquiry.FromShop) >= inquiry.MaxMessages {
		err = validate.NewError(validate.Conflict, "message.many")
	}
	if err != nil {
		return inquiry.Record{}, false, err
	}
	in.At = d.app.now().UTC().Truncate(time.Millisecond)
	if last := earlier.LastAnswer(); !last.Before(in.At) {
		in.At = last.Add(time.Millisecond) // read marks tell answers apart by their times
	}
	in.Place = withdrawal.PlaceOf(in.At, storage.NewID())
	in.Work.Add(job.Request{Kind: kindInquiryEmails, At: d.app.now()})
	err = docs.Insert(ctx, id, in)
	if errors.Is(err, storage.ErrExists) {
		if stored, _, err = docs.Get(ctx, id); err == nil {
			return answered(id, stored, in)
		}
	}
	return in.Record(id), err == nil, err
}

// answered returns an answer that is there already, or a Conflict if it has another text.
func answered(id string, stored, again inquiry.Inquiry) (inquiry.Record, bool, error) {
	if stored.ContentHash != again.ContentHash {
		return inquiry.Record{}, false, validate.NewError(validate.Conflict, "message.id_used")
	}
	return stored.Record(id), false, nil
}

// conversation returns what was written about an order with its present customer, who is set in in; with
// nobody, it is empty.
func (d Desk) conversation(ctx context.Context, number string, in *inquiry.Inquiry) (
	inquiry.Correspondence, error) {
	o, _, err := d.app.orderDocs(d.shop.ID).Get(ctx, number)
	if errors.Is(err, storage.ErrNotFound) {
		return inquiry.Correspondence{}, validate.NewError(validate.NotFound, "order.not_found")
	}
	if err != nil || o.Customer == "" {
		return inquiry.Correspondence{}, err
	}
	c, err := d.app.customer(ctx, d.shop.ID, o.Customer)
	if errors.Is(err, storage.ErrNotFound) {
		if err = d.app.awaitErasure(ctx, d.shop.ID, o.Customer); err == nil {
			c.ID = o.Customer
		}
	}
	if err != nil {
		return inquiry.Correspondence{}, err
	}
	in.Customer = c.ID
	return d.app.correspondence(ctx, d.shop.ID, c, number)
}

// Conversation returns the messages of both sides about an order. An unknown order is validate.NotFound.
func (f Feed) Conversation(ctx context.Context, number string) (inquiry.Conversation, error) {
	c, err := f.desk().conversation(ctx, number, &inquiry.Inquiry{})
	if c.Messages == nil {
		c.Messages = []inquiry.Record{}
	}
	return inquiry.Conversation{Messages: c.Messages}, err
}

// ReadAnswers marks the shop's messages about one of the customer's orders as read, up to a time that a page
// showed.
func (s Shopper) ReadAnswers(ctx context.Context, number string, until time.Time) error {
	if until.IsZero() || until.After(s.app.now().Add(validate.MaxClockSkew)) {
		return nil
	}
	if _, err := s.Order(ctx, number); err != nil {
		return err
	}
	_, err := s.note(ctx, func(c *customer.Customer) error {
		if !c.ReadAnswers(number, until) {
			return storage.ErrUnchanged
		}
		return nil
	})
	return err
}

// maxUnreadLooked is the maximum number of unread conversations that UnreadOrders looks at.
const maxUnreadLooked = 10

// UnreadOrders returns the numbers of the customer's orders with unread messages from the shop, the latest
// last. An order that was deleted or has moved to another customer is left out.
func (s Shopper) UnreadOrders(ctx context.Context) ([]string, error) {
	marked := s.customer.UnreadOrders()
	if len(marked) == 0 {
		return nil, nil
	}
	found, err := storage.ReadAll[struct {
		Customer string `bson:"customer"`
	}](ctx, s.app.orderDocs(s.shop.ID), marked[max(0, len(marked)-maxUnreadLooked):])
	var numbers []string
	for _, hit := range found {
		if hit.Head.Customer == s.customer.ID {
			numbers = append(numbers, hit.Key)
		}
	}
	return numbers, err
}

// IsUnread reports whether the customer has not read the shop's message about an order.
func (s Shopper) IsUnread(number string, at time.Time) bool {
	return s.customer.IsUnread(number, at, s.app.now())
}

type declineWire struct {
	Text string `json:"text"`
}

// DeclineRequest records that the shop declines a request to cancel or to return, with its reason, and has it
// emailed to the customer. Repeating it with the same text changes nothing. An unknown request is
// validate.NotFound; another text after the first is a Conflict.
func (f Feed) DeclineRequest(ctx context.Context, id string, body []byte) (inquiry.Record, error) {
	var w declineWire
	if err := validate.DecodeJSON(body, &w); err != nil {
		return inquiry.Record{}, err
	}
	v := &validate.Validator{}
	text := v.Required("/text", inquiry.ReadText(v, "/text", w.Text))
	if err := validate.InvalidFields(v.Rejected); err != nil {
		return inquiry.Record{}, err
	}
	return f.desk().decide(ctx, id, inquiry.Decision{State: order.ReturnDeclined, Text: text}, nil)
}

// Decide records what staff decided on a customer's request to cancel or to return, with the act, and has it
// emailed. Repeating it changes nothing. Field errors are at "state" and "text", which a refusal requires. It
// is validate.NotFound for an unknown request and a Conflict after another decision that excludes this one.
func (d Desk) Decide(ctx context.Context, id string, made inquiry.Decision, act audit.Act) error {
	v := &validate.Validator{}
	made.Text = inquiry.ReadText(v, "text", made.Text)
	if made.State == order.ReturnDeclined {
		v.Required("text", made.Text)
	}
	if err := validate.InvalidFields(v.Rejected); err != nil {
		return err
	}
	_, err := d.decide(ctx, id, made, &act)
	return err
}

func (d Desk) decide(ctx context.Context, id string, made inquiry.Decision,
	act *audit.Act) (inquiry.Record, error) {
	in, err := d.app.inquiryDocs(d.shop.ID).Change(ctx, id, func(in *inquiry.Inquiry) error {
		made.At = d.app.now().UTC().Truncate(time.Millisecond)
		if err := in.Decide(made); err != nil {
			return err
		}
		in.Work.Add(job.Request{Kind: kindInquiryEmails, Args: job.Args{inquiryNews: made.State}, At: made.At})
		if act == nil {
			return nil
		}
		if who, err := d.app.present(ctx, d.shop.ID, in.Customer); err != nil || act.Customer != who {
			return errOr(err, storage.ErrNotFound)
		}
		act.Changes = []audit.Change{{Field: audit.FieldOrder, After: in.Order},
			{Field: "request." + in.Kind, After: made.State}, {Field: "message", After: made.Text}}
		return act.Carry(&in.Work)
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = validate.NewError(validate.NotFound, "request.not_found")
	}
	return in.Record(id), err
}
