package portal

import (
	"context"
	"time"

	"postern/storage"
)

// InquiryRecord is a message or a request as the shop's system reads it, and as its sender takes it along.
type InquiryRecord struct {
	ID       string          `json:"id"`
	At       time.Time       `json:"at"`
	Kind     string          `json:"kind,omitempty"` // of a request: "return" or "cancel"
	Customer string          `json:"customer"`       // our id
	Order    string          `json:"order"`          // number
	Text     string          `json:"text"`
	Lines    []StatementLine `json:"lines,omitempty"` // of a return
}

// MessagePage and RequestPage are parts of the lists, oldest first. Next is what to ask for the part behind it, now or later.
type MessagePage struct {
	Messages []InquiryRecord `json:"messages"`
	Next     string          `json:"next"`
	More     bool            `json:"more"`
}

// RequestPage is a part of the list of requests.
type RequestPage struct {
	Requests []InquiryRecord `json:"requests"`
	Next     string          `json:"next"`
	More     bool            `json:"more"`
}

// Messages lists the customers' messages behind a place, "" for all. An after that no page gave is Invalid.
func (f Feed) Messages(ctx context.Context, after string) (MessagePage, error) {
	found, err := f.inquiries(ctx, channelMessages, after)
	return MessagePage{Messages: found.list, Next: found.next, More: found.more}, err
}

// Requests lists the customers' requests behind a place, "" for all. An after that no page gave is Invalid.
func (f Feed) Requests(ctx context.Context, after string) (RequestPage, error) {
	found, err := f.inquiries(ctx, channelRequests, after)
	return RequestPage{Requests: found.list, Next: found.next, More: found.more}, err
}

func (f Feed) inquiries(ctx context.Context, channel, after string) (part[InquiryRecord], error) {
	return listed(ctx, f.app.inquiryDocs(f.shop.ID), listing[inquiry, InquiryRecord]{
		query: storage.Query{Index: inquiriesByChannel, Equal: []any{channel}}, after: after, now: f.app.now(),
		record: func(id string, in inquiry) (InquiryRecord, string) { return in.record(id), in.Place },
	})
}

func (in inquiry) record(id string) InquiryRecord {
	return InquiryRecord{ID: id, At: in.At, Kind: in.Kind, Customer: in.Customer, Order: in.Order, Text: in.Text, Lines: in.Lines}
}
