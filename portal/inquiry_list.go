package portal

import (
	"context"
	"maps"
	"slices"
	"time"

	"postern/storage"
)

// InquiryRecord is a message or a request as shown to the shop's system and in the customer's data export.
type InquiryRecord struct {
	ID       string          `json:"id"`
	At       time.Time       `json:"at"`
	Kind     string          `json:"kind,omitempty"` // for a request: "return" or "cancel"
	Customer string          `json:"customer"`       // Postern's id
	Order    string          `json:"order"`          // order number
	Text     string          `json:"text"`
	Lines    []StatementLine `json:"lines,omitempty"` // for a return
}

// FeedInquiry is a message or a request with the details by which the shop's system knows the customer.
type FeedInquiry struct {
	InquiryRecord
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

// Messages lists the customers' messages that follow after, or all of them for "". An after that did not
// come from Next is Invalid.
func (f Feed) Messages(ctx context.Context, after string) (MessagePage, error) {
	found, err := f.inquiries(ctx, channelMessages, after)
	return MessagePage{Messages: found.list, Next: found.next, More: found.more}, err
}

// Requests lists the customers' requests that follow after, or all of them for "". An after that did not
// come from Next is Invalid.
func (f Feed) Requests(ctx context.Context, after string) (RequestPage, error) {
	found, err := f.inquiries(ctx, channelRequests, after)
	return RequestPage{Requests: found.list, Next: found.next, More: found.more}, err
}

func (f Feed) inquiries(ctx context.Context, channel, after string) (part[FeedInquiry], error) {
	found, err := listed(ctx, f.app.inquiryDocs(f.shop.ID), listing[inquiry, FeedInquiry]{
		query: storage.Query{Index: inquiriesByChannel, Equal: []any{channel}}, after: after, now: f.app.now(),
		record: func(id string, in inquiry) (FeedInquiry, string) {
			return FeedInquiry{InquiryRecord: in.record(id)}, in.Place
		},
	})
	if err != nil {
		return found, err
	}
	return found, f.nameCustomers(ctx, found.list)
}

// nameCustomers fills in the customers' ids and emails. They stay empty for customers who are being erased.
func (f Feed) nameCustomers(ctx context.Context, list []FeedInquiry) error {
	byCustomer := map[string][]*FeedInquiry{}
	for i := range list {
		byCustomer[list[i].Customer] = append(byCustomer[list[i].Customer], &list[i])
	}
	return eachAtOnce(ctx, slices.Collect(maps.Keys(byCustomer)), func(ctx context.Context, id string) error {
		c, err := f.app.customer(ctx, f.shop.ID, id)
		for _, inquiry := range byCustomer[id] {
			inquiry.CustomerID, inquiry.Email = c.FeedID, c.Email
		}
		return ifFound(err)
	})
}

func (in inquiry) record(id string) InquiryRecord {
	return InquiryRecord{ID: id, At: in.At, Kind: in.Kind, Customer: in.Customer, Order: in.Order, Text: in.Text, Lines: in.Lines}
}
