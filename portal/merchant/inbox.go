package merchant

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"postern/portal/board"
	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/staff"
	"postern/storage"
)

// InboxPage is a page of what customers wrote and nobody has answered or decided.
type InboxPage struct {
	Rows     []Waiting
	Next     string // cursors of the neighbouring pages, "" for none
	Previous string
	Partial  bool // the list may go on where it stopped
}

// InboxKinds lists the lists of the inbox, by their names in package board.
func InboxKinds() []string { return []string{board.Messages, board.Requests, board.Returns} }

// InboxAnswered is the list of what the shop answered, latest first.
const InboxAnswered = "answered"

const (
	inboxRows     = 25
	messagesReads = 100 // letters that a page of messages looks at
)

// Inbox returns a page of InboxAnswered, or of one of InboxKinds: messages about an order that the shop has not answered, latest
// first; requests on which nobody has decided, oldest first. Field errors are at "show" and "cursor".
func (s Staff) Inbox(ctx context.Context, show, cursor string) (InboxPage, error) {
	if !s.May(staff.PermissionCustomers) {
		return InboxPage{}, denied()
	}
	query := storage.Query{Index: inquiry.ByChannel, Equal: []any{inquiry.ChannelMessages}, Descending: true,
		Limit: messagesReads}
	switch show {
	case board.Messages:
	case InboxAnswered:
		query.Equal, query.Limit = []any{inquiry.ChannelAnswers}, inboxRows
	case board.Requests:
		query = inquiry.Undecided(inquiry.RequestCancel)
		query.Limit = inboxRows
	case board.Returns:
		query = inquiry.Undecided(inquiry.RequestReturn)
		query.Limit = inboxRows
	default:
		return InboxPage{}, wrongField("show", "filter.unknown")
	}
	query.Cursor = cursor
	docs := inquiry.Docs(s.app.Engine(), s.shop.ID)
	found, err := storage.Find[inquiry.Inquiry](ctx, docs, query)
	if errors.Is(err, storage.ErrCursor) {
		err = wrongField("cursor", "cursor.bad")
	}
	p := InboxPage{Next: found.Next, Previous: found.Previous, Partial: found.Partial}
	for _, hit := range found.Hits {
		waits := true
		if show == board.Messages && err == nil {
			waits, err = s.isLatest(ctx, docs, hit, p.Rows)
		}
		if waits {
			p.Rows = append(p.Rows, Waiting{Record: hit.Head.Record(hit.Key)})
		}
	}
	if err == nil {
		err = s.addNames(ctx, p.Rows)
	}
	if show == board.Messages && found.Next != "" {
		p.Partial = true // earlier letters were not looked at
	}
	return p, err
}

// isLatest reports whether a message waits for an answer and is the first on the page about its order.
func (s Staff) isLatest(ctx context.Context, docs storage.Docs[inquiry.Inquiry],
	hit storage.Hit[inquiry.Inquiry], listed []Waiting) (bool, error) {
	if slices.ContainsFunc(listed, func(w Waiting) bool {
		return w.Customer == hit.Head.Customer && w.Order == hit.Head.Order
	}) {
		return false, nil
	}
	return inquiry.Waits(ctx, docs, hit.Head)
}

// addNames adds the names of those who wrote, also by an account that was merged.
func (s Staff) addNames(ctx context.Context, list []Waiting) error {
	names := map[string]string{}
	for i, w := range list {
		name, known := names[w.Customer]
		if !known {
			c, err := customer.Follow(ctx, s.customers(), w.Customer)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				return err
			}
			name = cmp.Or(c.Name(), c.Email)
			names[w.Customer] = name
		}
		list[i].Name = name
	}
	return nil
}
