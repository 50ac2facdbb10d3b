// Package inquiry is the correspondence about an order: messages from the customer and the shop's answers,
// and requests to cancel the order or to return goods.
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

// Inquiry is a message from a customer to the shop about an order, the shop's answer, or a request to cancel
// the order or to return goods. Only Work, Declined and Decided ever change. The key is the form's id or, for
// a cancellation, derived from the order, so that a form sent twice creates one inquiry.
type Inquiry struct {
	Channel     string                `bson:"channel"`        // ChannelMessages, ChannelAnswers or ChannelRequests
	Kind        string                `bson:"kind,omitempty"` // for a request: RequestReturn or RequestCancel
	Customer    string                `bson:"customer"`
	Order       string                `bson:"order"` // order number
	Text        string                `bson:"text,omitempty"`
	Lines       []order.StatementLine `bson:"lines,omitempty"`      // for a return
	Photos      []Photo               `bson:"photos,omitempty"`     // for a return
	ContentHash string                `bson:"content_hash"`         // hash of the form's content
	Reason      string                `bson:"reason,omitempty"`     // for a return: one of Reasons, or the shop's own text
	Author      string                `bson:"author,omitempty"`     // of an answer, as the shop names them
	MessageID   string                `bson:"message_id,omitempty"` // of an answer: the shop's own id
	Declined    *Decline              `bson:"declined,omitempty"`   // the shop's refusal of a request
	Decided     []Decision            `bson:"decided,omitempty"`    // what else the shop decided on it, oldest first
	Lang        string                `bson:"lang,omitempty"`       // of the page
	At          time.Time             `bson:"at"`
	Place       string                `bson:"place"` // position in the list of its channel; sorts by At
	Work        job.List              `bson:"work,omitempty"`
}

// The channels. The shop reads the lists of messages and requests.
const (
	ChannelMessages = "messages"
	ChannelRequests = "requests"
	ChannelAnswers  = "answers" // from the shop
)

// Decline is the shop's refusal of a request.
type Decline struct {
	At   time.Time `bson:"at" json:"at"`
	Text string    `bson:"text,omitempty" json:"text,omitzero"`
}

// The kinds of request.
const (
	RequestReturn = "return"
	RequestCancel = "cancel"
)

// Reasons lists the built-in reasons for a return, which are translated. A shop can offer its own instead.
func Reasons() []string {
	return []string{"size", "not_as_described", "damaged", "defective", "wrong_item", "late",
		"changed_mind", "other"}
}

// The indexes of inquiries.
const (
	ByOrder    = "order"
	ByChannel  = "channel"
	ByCustomer = "customer" // about all of a customer's orders
)

// Collection declares the collection of inquiries and its indexes.
func Collection() storage.Collection {
	field := func(path string) storage.Field { return storage.Field{Path: path, Kind: storage.String} }
	head := []string{"channel", "kind", "customer", "order", "text", "lines", "at", "place", "author",
		"reason", "declined", "decided", "message_id", "photos"}
	return storage.Collection{Name: "inquiries", Indexes: append(job.Indexes(), []storage.Index{
		{Name: ByOrder, Fields: []storage.Field{field("customer"), field("order"),
			field("place")}, Head: head},
		{Name: ByCustomer, Fields: []storage.Field{field("customer"), field("place")}, Head: head},
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
	MaxMessages     = 200  // about one order, from each side
	MaxRequests     = 20   // about one order
	InquiriesAnHour = 20   // of one customer, in each channel
)

// ReadText reads the typed text. Browsers send a line break as two characters but count it as one.
func ReadText(f *validate.Validator, field, typed string) string {
	return f.Prose(field, strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(typed), MaxText)
}

// ContentHash returns a hash of a form's content, to tell a repeated form from a different one.
func ContentHash(parts ...any) string { return secret.Hash(fmt.Sprintf("%q", parts)) }

// Correspondence holds what the customer and the shop wrote about one order, oldest first.
type Correspondence struct {
	Requests []Record
	Messages []Record // of both sides
}

// Full reports whether the order has reached its limit of messages.
func (c Correspondence) Full() bool { return c.Written(FromCustomer) >= MaxMessages }

// Written returns the number of messages from one side.
func (c Correspondence) Written(from string) int {
	n := 0
	for _, m := range c.Messages {
		if m.From == from {
			n++
		}
	}
	return n
}

// LastAnswer returns the time of the shop's last message, zero if there is none.
func (c Correspondence) LastAnswer() time.Time {
	var last time.Time
	for _, m := range c.Messages {
		if m.From == FromShop {
			last = m.At
		}
	}
	return last
}

// The two sides of a conversation.
const (
	FromCustomer = "customer"
	FromShop     = "shop"
)

// From returns the side that wrote the inquiry, "" for a request, which only a customer writes.
func (in Inquiry) From() string {
	switch in.Channel {
	case ChannelMessages:
		return FromCustomer
	case ChannelAnswers:
		return FromShop
	}
	return ""
}

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
func (in Inquiry) Details() []string { return in.Record("").Details() }

// Details returns the order lines that the inquiry names, followed by the customer's text, one entry per
// line.
func (r Record) Details() []string {
	var details []string
	for _, line := range r.Lines {
		details = append(details, line.Text())
	}
	for line := range strings.SplitSeq(r.Text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			details = append(details, line)
		}
	}
	return details
}

// Record is a message or a request as shown to the shop's system and in the customer's data export.
type Record struct {
	ID        string                `json:"id"`
	MessageID string                `json:"message_id,omitempty"` // of an answer: the shop's own id
	At        time.Time             `json:"at"`
	Kind      string                `json:"kind,omitempty"` // for a request: "return" or "cancel"
	Customer  string                `json:"customer"`       // Postern's id
	Order     string                `json:"order"`          // order number
	Text      string                `json:"text"`
	Lines     []order.StatementLine `json:"lines,omitempty"`  // for a return
	Reason    string                `json:"reason,omitempty"` // for a return
	Photos    []Photo               `json:"photos,omitempty"` // for a return
	From      string                `json:"from,omitempty"`   // of a message: FromCustomer or FromShop
	Author    string                `json:"author,omitempty"`
	Declined  *Decline              `json:"declined,omitempty"`
	Decided   []Decision            `json:"decided,omitempty"`
}

// FeedInquiry is a message or a request with the details by which the shop's system knows the customer.
type FeedInquiry struct {
	Record
	CustomerID string `json:"customer_id"` // the shop system's id, "" if none was sent
	Email      string `json:"email"`       // the current one
}

// Conversation is what both sides wrote about an order, oldest first.
type Conversation struct {
	Messages []Record `json:"messages"`
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

// Record returns the inquiry with its id.
func (in Inquiry) Record(id string) Record {
	return Record{ID: id, MessageID: in.MessageID, At: in.At, Kind: in.Kind, Customer: in.Customer,
		Order: in.Order, Text: in.Text,
		Lines: in.Lines, Reason: in.Reason, Photos: in.Photos, From: in.From(), Author: in.Author, Declined: in.Declined,
		Decided: in.Decided}
}
