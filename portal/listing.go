package portal

import (
	"context"
	"regexp"
	"time"

	"postern/storage"
)

// listing is a list by places, which a shop's system reads piece by piece and goes on with later.
type listing[T, R any] struct {
	query  storage.Query // by an index whose next field is the place
	after  string        // the place to go on behind, "" for the beginning
	now    time.Time
	record func(key string, doc T) (record R, place string)
}

// part is a piece of a listing.
type part[R any] struct {
	list []R
	next string
	more bool
}

const (
	listedPerPage = 100
	// listedSettle is how old a document is when it is listed. By then every server has written what it
	// received earlier, so a reader that goes on from Next misses none; their clocks may differ by half a
	// minute, and a request takes 15 seconds at most.
	listedSettle = time.Minute
)

var placeShape = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-f-]{36}$`)

// listed reads the piece of a listing behind its after; one that no piece gave is Invalid.
func listed[T, R any](ctx context.Context, docs storage.Docs[T], l listing[T, R]) (part[R], error) {
	p := part[R]{list: []R{}, next: l.after}
	l.query.Limit, l.query.To = listedPerPage, l.now.Add(-listedSettle).UTC().Format(placeForm)
	if l.after != "" {
		if !placeShape.MatchString(l.after) {
			return p, invalid([]Fault{{Field: "after", Key: "list.after"}})
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
