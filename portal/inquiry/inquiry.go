// Package inquiry is what a customer sends to the shop about an order: messages, and requests to cancel or to
// return it.
//
// It must not know how the shop is told.
package inquiry

import (
	"fmt"
	"strings"
	"time"

	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/secret"
	"postern/portal/validate"
	"postern/storage"
)

// Inquiry is a message from a customer to the shop about an order, or a request to cancel it or to return
// goods. Only Work ever changes. The key is the form's id or, for a cancellation, derived from the order,
// so that a form sent twice creates one inquiry.
type Inquiry struct {
	Channel     string                `bson:"channel"`        // ChannelMessages or ChannelRequests
	Kind        string                `bson:"kind,omitempty"` // for a request: RequestReturn or RequestCancel
	Customer    string                `bson:"customer"`
	Order       string                `bson:"order"` // order number
	Text        string                `bson:"text,omitempty"`
	Lines       []order.StatementLine `bson:"lines,omitempty"` // for a return
	ContentHash string                `bson:"content_hash"`    // hash of the form's content
	Lang        string                `bson:"lang,omitempty"`  // of the page
	At          time.Time             `bson:"at"`
	Place       string                `bson:"place"` // position in the list of its channel; sorts by At
	Work        job.List              `bson:"work,omitempty"`
}

// The two lists that the shop reads.
const (
	ChannelMessages = "messages"
	ChannelRequests = "requests"
)

// The kinds of request.
const (
	RequestReturn = "return"
	RequestCancel = "cancel"
)

// The indexes of inquiries.
const (
	ByOrder   = "order"
	ByChannel = "channel"
)

// Collection declares the collection of inquiries and its indexes.
func Collection() storage.Collection {
	field := func(path string) storage.Field { return storage.Field{Path: path, Kind: storage.String} }
	head := []string{"channel", "kind", "customer", "order", "text", "lines", "at", "place"}
	return storage.Collection{Name: "inquiries", Indexes: append(job.Indexes(), []storage.Index{
		{Name: ByOrder, Fields: []storage.Field{field("customer"), field("order"),
			field("place")}, Head: head},
		{Name: ByChannel, Fields: []storage.Field{field("channel"), field("place")}, Head: head},
	}...)}
}

// Docs opens the inquiries of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Inquiry] {
	return storage.Open[Inquiry](engine, shop, Collection())
}

// The limits of inquiries.
const (
	MaxText         = 2000 // characters in a text
	MaxMessages     = 200  // about one order
	MaxRequests     = 20   // about one order
	InquiriesAnHour = 20   // of one customer, in each channel
)

// ReadText reads the typed text. Browsers send a line break as two characters but count it as one.
func ReadText(f *validate.Validator, field, typed string) string {
	return f.Prose(field, strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(typed), MaxText)
}

// ContentHash returns a hash of a form's content, to tell a repeated form from a different one.
func ContentHash(parts ...any) string { return secret.Hash(fmt.Sprintf("%q", parts)) }

// Correspondence holds everything the customer sent to the shop about one order, oldest first.
type Correspondence struct {
	Requests []Record
	Messages []Record
}

// Full reports whether the order has reached its limit of messages.
func (c Correspondence) Full() bool { return len(c.Messages) >= MaxMessages }

// CancelAsked returns the time when the customer asked to cancel the order, or nil.
func (c Correspondence) CancelAsked() *time.Time {
	for _, r := range c.Requests {
		if r.Kind == RequestCancel {
			return &r.At
		}
	}
	return nil
}

// Subject returns the word for the inquiry in translation keys: "message", "return" or "cancel".
func (in Inquiry) Subject() string {
	if in.Channel == ChannelMessages {
		return "message"
	}
	return in.Kind
}

// Details returns the order lines that the inquiry names, followed by the customer's text, one entry per
// line.
func (in Inquiry) Details() []string {
	var details []string
	for _, line := range in.Lines {
		details = append(details, line.Text())
	}
	for line := range strings.SplitSeq(in.Text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			details = append(details, line)
		}
	}
	return details
}

// Record is a message or a request as shown to the shop's system and in the customer's data export.
type Record struct {
	ID       string                `json:"id"`
	At       time.Time             `json:"at"`
	Kind     string                `json:"kind,omitempty"` // for a request: "return" or "cancel"
	Customer string                `json:"customer"`       // Postern's id
	Order    string                `json:"order"`          // order number
	Text     string                `json:"text"`
	Lines    []order.StatementLine `json:"lines,omitempty"` // for a return
}

// FeedInquiry is a message or a request with the details by which the shop's system knows the customer.
type FeedInquiry struct {
	Record
	CustomerID string `json:"customer_id"` // the shop system's id, "" if none was sent
	Email      string `json:"email"`       // the current one
}

// MessagePage is a page of the list of messages, oldest first. Pass Next as after to read the following
// page, now or later.
type MessagePage struct {
	Messages []FeedInquiry `json:"messages"`
	Next     string        `json:"next"`
	More     bool          `json:"more"`
}

// RequestPage is a page of the list of requests, like MessagePage.
type RequestPage struct {
	Requests []FeedInquiry `json:"requests"`
	Next     string        `json:"next"`
	More     bool          `json:"more"`
}

func (in Inquiry) Record(id string) Record {
	return Record{ID: id, At: in.At, Kind: in.Kind, Customer: in.Customer, Order: in.Order, Text: in.Text,
		Lines: in.Lines}
}
