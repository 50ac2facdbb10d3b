package sqlite

import (
	"context"
	"time"

	"postern/storage"
)

var (
	_ storage.Walker = (*Store)(nil)
	_ storage.Clock  = (*Store)(nil)
)

// Walk returns the next entries of the collection, read in one transaction.
func (s *Store) Walk(ctx context.Context, name string, w storage.Walk) ([]storage.Entry, error) {
	var found []storage.Entry
	err := s.use(name, func(t *collection) error {
		query := t.versions
		if w.Bodies {
			query = t.bodies
		}
		return s.readers.with(ctx, func(c *conn) error {
			size := 0
			return c.each(query, []any{w.After, w.Limit}, func(r *cursor) (bool, error) {
				var e storage.Entry
				err := r.scan(&e.ID, &e.Version.N, &e.Version.Mark, (*[]byte)(&e.Doc))
				found = append(found, e)
				size += len(e.Doc)
				return size < storage.WalkBytes && err == nil, ctx.Err()
			})
		})
	})
	return found, err
}

// Count returns the number of documents in the collection.
func (s *Store) Count(ctx context.Context, name string) (int64, error) {
	var n int64
	err := s.use(name, func(t *collection) error {
		return s.readers.with(ctx, func(c *conn) error { return c.row(t.count, nil, &n) })
	})
	return n, err
}

// Clock returns SQLite's time, which is this machine's.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	var ms int64
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return time.Time{}, errClosed
	}
	// Querying the schema forces SQLite to read the file; without it, a missing store would go unnoticed.
	err := s.readers.with(ctx, func(c *conn) error {
		return c.row(`SELECT CAST(round(unixepoch('now', 'subsec') * 1000) AS INTEGER) FROM (SELECT count(*) FROM _tables)`, nil, &ms)
	})
	return time.UnixMilli(ms).UTC(), err
}
