package audit

import (
	"context"
	"slices"
	"strings"
	"time"

	"postern/storage"
)

// Query selects entries of the log; a zero field selects all. Actor is a kind of actor or an Actor's String.
type Query struct {
	Customer string
	Kind     Kind
	Actor    string
	From, To time.Time // to is exclusive
	Limit    int       // 1 to storage.MaxLimit
	Cursor   string    // Next of a page of the same query; "" for the first page
}

// Page is a part of the log, newest first. Next and Previous are cursors for the neighbouring pages, "" if
// there is none. With several conditions a page may hold fewer entries than asked for, even none, and still
// have a Next.
type Page struct {
	Entries  []Detail
	Next     string
	Previous string
}

// maxScan is the most entries that one List reads.
const maxScan = 5000

// List returns the entries that a query selects. It walks the index of the condition that usually selects
// least, and tests the others on what it finds.
func (l Log) List(ctx context.Context, q Query) (Page, error) {
	find, matches := q.plan()
	page := Page{Next: q.Cursor}
	for scanned := 0; ; {
		find.Cursor, find.Limit = page.Next, q.Limit-len(page.Entries)
		found, err := storage.Find[struct{}](ctx, l.details(), find)
		if err != nil {
			return Page{}, err
		}
		keys := make([]string, len(found.Hits))
		for i, hit := range found.Hits {
			keys[i] = hit.Key
		}
		read, err := storage.ReadAll[Detail](ctx, l.details(), keys)
		if err != nil {
			return Page{}, err
		}
		for _, hit := range read {
			if matches(hit.Head) {
				page.Entries = append(page.Entries, hit.Head)
			}
		}
		if scanned == 0 {
			page.Previous = found.Previous
		}
		scanned += len(keys)
		page.Next = found.Next
		if page.Next == "" || len(page.Entries) >= q.Limit || scanned >= maxScan {
			return page, nil
		}
	}
}

// plan returns the query of the index, and the test of the other conditions.
func (q Query) plan() (find storage.Query, matches func(Detail) bool) {
	find = storage.Query{Index: byTime, Descending: true}
	switch {
	case q.Customer != "":
		find.Index, find.Equal = byCustomer, []any{q.Customer}
	case q.Actor != "":
		find.Index, find.Equal = byActor, []any{q.Actor}
	case q.Kind != "":
		find.Index, find.Equal = byKind, []any{string(q.Kind)}
	}
	if !q.From.IsZero() {
		find.From = q.From
	}
	if !q.To.IsZero() {
		find.To = q.To
	}
	return find, func(d Detail) bool {
		return (q.Customer == "" || d.Customer == q.Customer) && (q.Kind == "" || d.Kind == q.Kind) &&
			(q.Actor == "" || slices.Contains(d.Actors, q.Actor))
	}
}

// Get returns an entry by the id of its act, or storage.ErrNotFound.
func (l Log) Get(ctx context.Context, act string) (Detail, error) {
	d, _, err := l.details().Get(ctx, act)
	return d, err
}

// Undone returns which of the acts have been undone, as far as it is recorded.
func (l Log) Undone(ctx context.Context, acts []string) (map[string]bool, error) {
	ids := make([]string, len(acts))
	for i, act := range acts {
		ids[i] = undoID(act)
	}
	found, err := storage.ReadAll[struct {
		Undoes string `bson:"undoes"`
	}](ctx, l.details(), ids)
	undone := map[string]bool{}
	for _, hit := range found {
		undone[strings.TrimPrefix(hit.Key, undoID(""))] = true
	}
	return undone, err
}

// Each visits all entries that a query selects, newest first.
func (l Log) Each(ctx context.Context, q Query, visit func(Detail) error) error {
	for q.Limit = batchSize; ; {
		page, err := l.List(ctx, q)
		if err != nil {
			return err
		}
		for _, entry := range page.Entries {
			if err := visit(entry); err != nil {
				return err
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return nil
		}
	}
}
