package portal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/secret"
	"postern/portal/validate"
	"postern/storage"
)

// FeedQuery is a query for a list of orders or customers, as given in the URL.
type FeedQuery struct {
	UpdatedSince string // a time, "" for all
	Customer     string // of orders: the portal's id, "" for all
	Cursor       string // Next of a page of the same query
	Limit        string // 1 to MaxFeedPage, "" for that
}

// FeedPage is one page of a list of orders or customers, as JSON. It may have fewer records than the limit,
// or none; only an empty Next means the end.
type FeedPage struct {
	Records []json.RawMessage
	Next    string
}

const (
	// MaxFeedPage is the maximum number of records on a FeedPage.
	MaxFeedPage = 100
	// feedPageBytes is the size at which a page ends early: an order may have megabytes.
	feedPageBytes = 4 << 20
	// feedStep is how many records are read before the size is looked at.
	feedStep = 10
)

// Order returns an order as the feed sent it, or validate.NotFound.
func (f Feed) Order(ctx context.Context, number string) (order.Record, error) {
	doc, _, err := f.app.orderDocs(f.shop.ID).Get(ctx, number)
	if errors.Is(err, storage.ErrNotFound) {
		err = orderNotFound()
	}
	return doc.Record(), err
}

func orderNotFound() error { return validate.NewError(validate.NotFound, "order.not_found") }

// Orders lists the shop's orders by their updated_at, or one customer's by placed_at, oldest first. Field
// errors are at the names of the parameters.
func (f Feed) Orders(ctx context.Context, q FeedQuery) (FeedPage, error) {
	docs := f.app.orderDocs(f.shop.ID)
	read, err := f.readFeedQuery(q)
	read.Index = order.ByUpdated
	if q.Customer != "" {
		read.Index, read.Equal, read.From = order.ByPlaced, []any{q.Customer}, nil
	}
	if err != nil {
		return FeedPage{}, err
	}
	return feedPage(ctx, docs, read, func(key string) (any, error) {
		doc, _, err := docs.Get(ctx, key)
		if err == nil && doc.UpdatedAt.Before(read.since) {
			err = storage.ErrNotFound
		}
		return doc.Record(), err
	})
}

// Customers lists the shop's customers by the time of their last change, by the feed or by themselves, oldest
// first.
func (f Feed) Customers(ctx context.Context, q FeedQuery) (FeedPage, error) {
	docs := f.app.customerDocs(f.shop.ID)
	read, err := f.readFeedQuery(q)
	if err != nil {
		return FeedPage{}, err
	}
	read.Index = customer.ByChanged
	return feedPage(ctx, docs, read, func(key string) (any, error) {
		c, err := f.app.customer(ctx, f.shop.ID, key)
		if err == nil && c.ID != key { // merged into another one, who is listed
			err = storage.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		return f.readOut(ctx, c)
	})
}

// feedQuery is a checked FeedQuery.
type feedQuery struct {
	storage.Query
	since time.Time
	tag   string // begins the cursors of this query; what storage does not see makes a difference, too
}

func (f Feed) readFeedQuery(q FeedQuery) (feedQuery, error) {
	v := &validate.Validator{Zone: f.shop.Location()}
	read := feedQuery{Query: storage.Query{Limit: MaxFeedPage}}
	if q.UpdatedSince != "" {
		read.since = v.Moment("updated_since", validate.Time(q.UpdatedSince))
		read.From = read.since
	}
	if q.Customer != "" && !storage.IsID(q.Customer) {
		v.Reject("customer", "query.customer")
	}
	if q.Limit != "" {
		n, err := strconv.Atoi(q.Limit)
		if err != nil || n < 1 || n > MaxFeedPage {
			v.Reject("limit", "query.limit", "Most", strconv.Itoa(MaxFeedPage))
		}
		read.Limit = n
	}
	read.tag = secret.Hash(fmt.Sprint(read.since.UnixMilli()))[:feedTagLength]
	if q.Cursor != "" {
		if len(q.Cursor) <= feedTagLength || q.Cursor[:feedTagLength] != read.tag {
			v.Reject("cursor", "list.cursor")
		} else {
			read.Cursor = q.Cursor[feedTagLength:]
		}
	}
	return read, validate.InvalidFields(v.Rejected)
}

const feedTagLength = 6

// feedPage reads one page step by step, so that large documents end it early. Documents that read does not
// find are left out.
func feedPage[T any](ctx context.Context, docs storage.Docs[T], q feedQuery,
	read func(key string) (any, error)) (FeedPage, error) {
	page := FeedPage{Records: []json.RawMessage{}}
	for left, size := q.Limit, 0; left > 0 && size < feedPageBytes; left -= feedStep {
		q.Limit = min(left, feedStep)
		found, err := storage.Find[struct{}](ctx, docs, q.Query)
		if errors.Is(err, storage.ErrCursor) {
			return page, validate.InvalidFields([]validate.FieldError{{Field: "cursor", Key: "list.cursor"}})
		}
		if err != nil {
			return page, err
		}
		for _, hit := range found.Hits {
			record, err := read(hit.Key)
			if errors.Is(err, storage.ErrNotFound) {
				continue
			}
			if err != nil {
				return page, err
			}
			text, err := json.Marshal(record)
			if err != nil {
				return page, err
			}
			page.Records, size = append(page.Records, text), size+len(text)
		}
		page.Next = ""
		if found.Next == "" {
			break
		}
		q.Cursor, page.Next = found.Next, q.tag+found.Next
	}
	return page, nil
}
