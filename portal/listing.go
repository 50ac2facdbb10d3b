package portal

import (
	"context"
	"regexp"
	"time"

	"postern/portal/validate"
	"postern/portal/withdrawal"
	"postern/storage"
)

// listing is a list ordered by place. A shop's system reads it page by page and can continue later.
type listing[T, R any] struct {
	query  storage.Query // by an index whose next field is the place
	after  string        // the last place read, "" for the start
	now    time.Time
	record func(key string, doc T) (record R, place string)
}

// part is a page of a listing.
type part[R any] struct {
	list []R
	next string
	more bool
}

const (
	listedPerPage = 100
	// listedSettle is how old a document must be before it is listed. By then every server has written what
	// it received earlier, so a reader that continues from Next misses nothing: clocks may differ by half a
	// minute, and a request takes at most 15 seconds.
	listedSettle = time.Minute
)

var placeShape = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-f-]{36}$`)

// listed reads the page that follows l.after. A value that is not a place is Invalid.
func listed[T, R any](ctx context.Context, docs storage.Docs[T], l listing[T, R]) (part[R], error) {
	p := part[R]{list: []R{}, next: l.after}
	l.query.Limit, l.query.To = listedPerPage, l.now.Add(-listedSettle).UTC().Format(withdrawal.PlaceForm)
	if l.after != "" {
		if !placeShape.MatchString(l.after) {
			return p, validate.InvalidFields([]validate.FieldError{{Field: "after", Key: "list.after"}})
		}
		l.query.From = l.after + "\x00"
	}
	found, err := storage.Find[T](ctx, docs, l.query)
	if err != nil {
		return p, err
	}
	p.more = found.Next != ""
	for _, hit := range found.Hits {
		record, place := l.record(hit.Key, hit.Head)
		p.list, p.next = append(p.list, record), place
	}
	return p, nil
}
