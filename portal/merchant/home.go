package merchant

import (
	"context"

	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/order"
	"postern/portal/staff"
	"postern/storage"
)

// Waiting is a letter from a customer.
type Waiting struct {
	inquiry.Record
	Name string // of the customer, or else the email
}

// Home is what the start page shows.
type Home struct {
	Requests []Waiting      // the latest on which nobody has decided, newest first
	Messages []Waiting      // the latest from customers, newest first
	New      []customer.Row // who registered last
}

// homeRows is how many rows each part of the start page shows, and homeRead how many letters are read for
// them.
const (
	homeRows = 5
	homeRead = 100
)

// Home returns what waits for somebody and who is new. Requests earlier than the latest hundred are left out.
func (s Staff) Home(ctx context.Context) (h Home, err error) {
	if !s.May(staff.PermissionCustomers) {
		return h, nil
	}
	if h.Requests, err = s.latest(ctx, inquiry.ChannelRequests); err != nil {
		return h, err
	}
	if h.Messages, err = s.latest(ctx, inquiry.ChannelMessages); err != nil {
		return h, err
	}
	found, err := storage.Find[customer.Row](ctx, s.customers(),
		storage.Query{Index: customer.ByRegistered, Descending: true, Limit: homeRows})
	h.New = rowsOf(found.Hits)
	return h, err
}

// latest returns the latest letters of a channel that wait, with the names of those who wrote them.
func (s Staff) latest(ctx context.Context, channel string) ([]Waiting, error) {
	found, err := storage.Find[inquiry.Inquiry](ctx, inquiry.Docs(s.app.Engine(), s.shop.ID),
		storage.Query{Index: inquiry.ByChannel, Equal: []any{channel}, Descending: true, Limit: homeRead})
	if err != nil {
		return nil, err
	}
	var list []Waiting
	for _, hit := range found.Hits {
		made := hit.Head.Record(hit.Key)
		if len(list) < homeRows && (channel == inquiry.ChannelMessages || made.State() == order.ReturnRequested) {
			list = append(list, Waiting{Record: made})
		}
	}
	return list, s.addNames(ctx, list)
}
