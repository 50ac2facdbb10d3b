package portal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// inquiry is a message from a customer to the shop about an order, or a request to cancel it or to return
// goods. Only Work ever changes. The key is the form's id or, for a cancellation, derived from the order,
// so that a form sent twice creates one inquiry.
type inquiry struct {
	Channel  string          `bson:"channel"`        // channelMessages or channelRequests
	Kind     string          `bson:"kind,omitempty"` // for a request: RequestReturn or RequestCancel
	Customer string          `bson:"customer"`
	Order    string          `bson:"order"` // order number
	Text     string          `bson:"text,omitempty"`
	Lines    []StatementLine `bson:"lines,omitempty"` // for a return
	Said     string          `bson:"said"`            // hash of the form's content
	Lang     string          `bson:"lang,omitempty"`  // of the page
	At       time.Time       `bson:"at"`
	Place    string          `bson:"place"` // position in the list of its channel; sorts by At
	Work     job.List        `bson:"work,omitempty"`
}

// The two lists that the shop reads.
const (
	channelMessages = "messages"
	channelRequests = "requests"
)

// The kinds of request.
const (
	RequestReturn = "return"
	RequestCancel = "cancel"
)

// The indexes of inquiries.
const (
	inquiriesByOrder   = "order"
	inquiriesByChannel = "channel"
)

func inquiryCollection() storage.Collection {
	field := func(path string) storage.Field { return storage.Field{Path: path, Kind: storage.String} }
	head := []string{"channel", "kind", "customer", "order", "text", "lines", "at", "place"}
	return storage.Collection{Name: "inquiries", Indexes: append(job.Indexes(), []storage.Index{
		{Name: inquiriesByOrder, Fields: []storage.Field{field("customer"), field("order"), field("place")}, Head: head},
		{Name: inquiriesByChannel, Fields: []storage.Field{field("channel"), field("place")}, Head: head},
	}...)}
}

func (a *App) inquiryDocs(shop string) storage.Docs[inquiry] {
	return storage.Open[inquiry](a.engine, shop, inquiryCollection())
}

// The limits of inquiries.
const (
	MaxInquiry      = 2000 // characters in a text
	MaxMessages     = 200  // about one order
	maxRequests     = 20   // about one order
	inquiriesAnHour = 20   // of one customer, in each channel
)

// inquiryText reads the typed text. Browsers send a line break as two characters but count it as one.
func (f *form) inquiryText(field, typed string) string {
	return f.prose(field, strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(typed), MaxInquiry)
}

// said returns a hash of a form's content, to tell a repeated form from a different one.
func said(parts ...any) string { return hashOf(fmt.Sprintf("%q", parts)) }

// inquirySent reports whether a form has been sent before. It is a Conflict if its id was used for
// something else.
func (s Shopper) inquirySent(ctx context.Context, id string, in inquiry) (sent bool, err error) {
	doc, _, err := s.app.inquiryDocs(s.shop.ID).Get(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return false, nil
	case err == nil && (doc.Customer != in.Customer || doc.Order != in.Order || doc.Channel != in.Channel || doc.Kind != in.Kind || doc.Said != in.Said):
		return false, failure(Conflict, "inquiry.different")
	}
	return err == nil, err
}

// unlessSent returns err, or nil if the form has been stored by now. After the first check, a duplicate of
// this request may have been stored and used up the limit; both requests then get the same answer.
func (s Shopper) unlessSent(ctx context.Context, id string, in inquiry, err error) error {
	if kind := KindOf(err); kind != Conflict && kind != TooMany {
		return err
	}
	sent, failed := s.inquirySent(ctx, id, in)
	if sent || failed != nil {
		return failed
	}
	return err
}

// inquire stores an inquiry if the limits allow it; the worker emails it. earlier is the number of
// inquiries about the same order in that channel.
func (s Shopper) inquire(ctx context.Context, id string, in inquiry, earlier int) error {
	most := MaxMessages
	if in.Channel == channelRequests {
		most = maxRequests
	}
	if earlier >= most {
		return s.unlessSent(ctx, id, in, failure(Conflict, "inquiry.full"))
	}
	over, err := s.app.over(ctx, []bound{s.bound(in.Channel, limit(inquiriesAnHour, time.Hour))})
	if err != nil {
		return err
	}
	if over[0] {
		return s.unlessSent(ctx, id, in, failure(TooMany, "inquiry.too_many"))
	}
	in.At = s.app.now().UTC().Truncate(time.Millisecond)
	in.Place = placeOf(in.At, storage.NewID())
	in.Work.Add(job.Request{Kind: kindInquiryEmails, At: in.At})
	err = s.app.inquiryDocs(s.shop.ID).Insert(ctx, id, in)
	if errors.Is(err, storage.ErrExists) {
		_, err = s.inquirySent(ctx, id, in)
	}
	return err
}

// Correspondence holds everything the customer sent to the shop about one order, oldest first.
type Correspondence struct {
	Requests []InquiryRecord
	Messages []InquiryRecord
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

// Correspondence returns what the customer sent about an order. It does not check that the order belongs to
// the customer; for another customer's order the result is empty.
func (s Shopper) Correspondence(ctx context.Context, number string) (Correspondence, error) {
	var c Correspondence
	err := s.eachInquiry(ctx, []any{s.customer.ID, number}, func(channel string, r InquiryRecord) {
		if channel == channelRequests {
			c.Requests = append(c.Requests, r)
		} else {
			c.Messages = append(c.Messages, r)
		}
	})
	return c, err
}

// messageData and requestData return all the customer's messages and requests for the data export.
func (s Shopper) messageData(ctx context.Context) ([]InquiryRecord, error) {
	return s.inquiryData(ctx, channelMessages)
}

func (s Shopper) requestData(ctx context.Context) ([]InquiryRecord, error) {
	return s.inquiryData(ctx, channelRequests)
}

func (s Shopper) inquiryData(ctx context.Context, wanted string) ([]InquiryRecord, error) {
	records := []InquiryRecord{}
	err := s.eachInquiry(ctx, []any{s.customer.ID}, func(channel string, r InquiryRecord) {
		if channel == wanted {
			records = append(records, r)
		}
	})
	return records, err
}

func (s Shopper) eachInquiry(ctx context.Context, equal []any, do func(channel string, r InquiryRecord)) error {
	query := storage.Query{Index: inquiriesByOrder, Equal: equal, Limit: MaxMessages + maxRequests}
	for {
		page, err := storage.Find[inquiry](ctx, s.app.inquiryDocs(s.shop.ID), query)
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			do(hit.Head.Channel, hit.Head.record(hit.Key))
		}
		if query.Cursor = page.Next; page.Next == "" {
			return nil
		}
	}
}
