// Package sqlite is the embedded engine of package storage: one SQLite database in its own directory. It
// owns the tables, the single writer and its group commit, the readers, and the lock of the single server.
// A collection is a table of bodies. Each index is a table whose primary key is the order of the index and
// whose rows contain the head, so a list is one walk along one b-tree. It is the only package that knows
// SQLite, and it must not know what the documents mean.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

var errClosed = errors.New("sqlite: the store is closed")

// Store is an open database. It implements storage.Engine.
type Store struct {
	dir         string
	collections map[string]*collection
	readers     *pool
	writer      *writer

	life   sync.RWMutex // held for reading by each operation, so that Close waits for them
	closed bool
	lock   *os.File
}

// Open opens the store in the directory dir, creating it if there is none, and builds the declared indexes
// that are new or have changed. It returns an error, and changes nothing, for a directory that cannot be
// written, a file that is not a store, a store from a newer program, and one that another process serves
// with other indexes.
func Open(ctx context.Context, dir string, collections ...storage.Collection) (*Store, error) {
	return open(ctx, dir, syncFull, collections)
}

// OpenUnsynced is Open for a store that may be lost, such as a test's: writes are not flushed to disk, so
// they survive the end of the process but not a power loss.
func OpenUnsynced(ctx context.Context, dir string, collections ...storage.Collection) (*Store, error) {
	return open(ctx, dir, syncOff, collections)
}

func open(ctx context.Context, dir string, sync syncMode, collections []storage.Collection) (*Store, error) {
	declared, err := declare(append(slices.Clip(collections), storage.MetadataCollection()))
	if err != nil {
		return nil, err
	}
	path, err := makeFile(dir)
	if err != nil {
		return nil, err
	}
	if err := probe(path); err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", path, err)
	}
	c, err := openWriter(path, sync)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", path, err)
	}
	layout, err := prepareTables(ctx, c, dir, declared)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: %s: %w", path, plain(err)), c.close())
	}
	return &Store{
		dir:         dir,
		collections: declared,
		readers:     newPool(path),
		writer:      startWriter(c, layout),
	}, nil
}

// Get returns the whole document, or storage.ErrNotFound.
func (s *Store) Get(ctx context.Context, name, id string) (bson.Raw, error) {
	var body []byte
	err := s.use(name, func(t *collection) error {
		return s.readers.with(ctx, func(c *conn) error {
			return c.row(t.get, []any{id}, &body)
		})
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, storage.ErrNotFound
	}
	return body, err
}

// Insert stores a new document, or returns storage.ErrExists.
func (s *Store) Insert(ctx context.Context, name string, r storage.Record) error {
	return s.use(name, func(t *collection) error {
		rows, err := t.entries(r.Doc)
		if err != nil {
			return err
		}
		return s.writer.submit(ctx, len(r.Doc), func(c *conn) error { return t.insertRecord(c, r, rows) })
	})
}

// Replace stores r over the version read, or returns storage.ErrConflict.
func (s *Store) Replace(ctx context.Context, name string, r storage.Record, read storage.Version) error {
	return s.use(name, func(t *collection) error {
		rows, err := t.entries(r.Doc)
		if err != nil {
			return err
		}
		return s.writer.submit(ctx, len(r.Doc),
			func(c *conn) error { return t.replaceRecord(c, r, read, rows) })
	})
}

// Delete removes the version read, or returns storage.ErrConflict.
func (s *Store) Delete(ctx context.Context, name, id string, read storage.Version) error {
	return s.use(name, func(t *collection) error {
		return s.writer.submit(ctx, 0, func(c *conn) error { return t.deleteRecord(c, id, read) })
	})
}

// Scan returns the rows asked for by one walk along the index.
func (s *Store) Scan(ctx context.Context, name string, scan storage.Scan) ([]storage.Row, error) {
	var rows []storage.Row
	err := s.use(name, func(t *collection) error {
		walk, err := t.walk(scan)
		if err != nil {
			return err
		}
		return s.readers.with(ctx, func(c *conn) error {
			rows, err = walk.run(ctx, c)
			return err
		})
	})
	return rows, err
}

// Increment applies all counts in one commit, each independently of the others.
func (s *Store) Increment(ctx context.Context, now time.Time,
	counts []storage.Count) ([]storage.Tally, error) {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return nil, errClosed
	}
	tallies := make([]storage.Tally, len(counts))
	err := s.writer.submit(ctx, 0, func(c *conn) error { return countAll(c, now, counts, tallies) })
	if err != nil {
		return nil, err
	}
	return tallies, nil
}

// Close waits for operations in flight and closes the database. A second Close does nothing.
func (s *Store) Close() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	// The writer is closed last: the last connection to close moves the log into the database.
	err := errors.Join(s.readers.close(), s.writer.close())
	if s.lock != nil {
		err = errors.Join(err, s.lock.Close())
	}
	return err
}

// use calls do with the tables of the collection while keeping the store open.
func (s *Store) use(name string, do func(*collection) error) error {
	s.life.RLock()
	defer s.life.RUnlock()
	if s.closed {
		return errClosed
	}
	t, ok := s.collections[name]
	if !ok {
		return fmt.Errorf("sqlite: collection %q was not declared when the store was opened", name)
	}
	return do(t)
}

// path returns the path of the database file.
func (s *Store) path() string { return filepath.Join(s.dir, fileName) }
