package mail

import (
	"context"
	"time"

	"postern/storage"
)

// Filter selects entries of a shop's outbox, latest first. It needs a State or an address.
type Filter struct {
	State, To, Kind string
	From, Until     time.Time // of CreatedAt, zero for open; Until is exclusive
	Cursor          string
	Limit           int
}

// Find returns the entries that a filter selects, without payloads. It returns storage.ErrCursor for a cursor
// of another list.
func (o Outbox) Find(ctx context.Context, f Filter) (storage.Page[Entry], error) {
	q := storage.Query{Index: byAge, Equal: []any{f.State}, Descending: true, Limit: f.Limit, Cursor: f.Cursor}
	if f.To != "" {
		q.Index, q.Equal = byTo, []any{f.To}
		if f.State != "" {
			q.Where = append(q.Where, storage.Is("state", f.State))
		}
	}
	if f.Kind != "" {
		q.Where = append(q.Where, storage.Is("kind", f.Kind))
	}
	if !f.From.IsZero() {
		q.From = f.From
	}
	if !f.Until.IsZero() {
		q.To = f.Until
	}
	return storage.Find[Entry](ctx, o.docs, q)
}

// Count counts the entries with a state up to a limit, and reports whether there are more.
func (o Outbox) Count(ctx context.Context, state string, limit int) (n int64, more bool, err error) {
	query := storage.Query{Index: byAge, Equal: []any{state}, Limit: storage.MaxLimit}
	for {
		page, err := storage.Find[struct{}](ctx, o.docs, query)
		if n += int64(len(page.Hits)); err != nil || page.Next == "" || n > int64(limit) {
			return min(n, int64(limit)), n > int64(limit), err
		}
		query.Cursor = page.Next
	}
}
