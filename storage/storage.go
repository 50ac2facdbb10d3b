// Package storage is a narrow document store: documents of one shop, read and written one at a time, and
// lists served by declared indexes. It owns the schema, queries, cursors, versions and errors; an Engine
// (packages sqlite and mongodb) owns the bytes. BSON is the only codec, and nothing outside storage/...
// imports it.
//
// There are no transactions, joins or sums: a use case that needs one keeps the answer as a document. The
// package must not know what the documents mean.
package storage

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The errors of every engine. Any other error is internal: the store could not answer.
var (
	// ErrNotFound means that no document has this key.
	ErrNotFound = errors.New("storage: not found")
	// ErrExists means that Insert found an existing document with this key.
	ErrExists = errors.New("storage: exists already")
	// ErrConflict means that the stored version is not the one read (a deleted document counts as another
	// version).
	ErrConflict = errors.New("storage: not the version read")
	ErrTooLarge = errors.New("storage: the document is too large")
	// ErrUnavailable means that the store could not be reached, or did not answer in time. A later attempt
	// may succeed.
	ErrUnavailable = errors.New("storage: unavailable")
	// ErrCursor means that a cursor is damaged or belongs to another query.
	ErrCursor = errors.New("storage: cursor of another query")
	// ErrUnchanged is returned by the function passed to Change or Put when nothing needs to be written.
	ErrUnchanged = errors.New("storage: unchanged")
)

// Version identifies one state of one document: a counter, and the random mark of the write that made it.
// The mark distinguishes a document that was deleted and inserted again from its predecessor.
type Version struct {
	N    int64
	Mark string
}

// Record is a document to be written by an engine. Doc is the whole BSON document: its fields, and the
// envelope _id (string, "shop/key"), shop (string), v (int64) and mark (string), which equal ID, Shop and
// Version.
type Record struct {
	ID      string
	Shop    string
	Version Version
	Doc     bson.Raw
}

// Value is one indexed value: Text for String; Num for Int (the number), Time (UTC milliseconds since 1970)
// and Bool (0 or 1).
type Value struct {
	Kind Kind
	Text string
	Num  int64
}

// Scan is a checked Query, as passed to an engine.
//
// It asks for the rows of Index in the shop (in all shops, with Shop "", if the index covers all) in which
// the first fields equal Equal, after the position After, at most Limit. They are in ascending order of the
// remaining fields and then of the id by bytes (all reversed if Descending). From (inclusive) and To
// (exclusive) bound the first field after Equal. A document is in an index only if it has a value of the
// declared kind in every field; a multi-valued field gives it a row per distinct element.
//
// With Prefix, the field after Equal is a string that begins with *Prefix: then each document is returned
// once, at its First one. Unless the scan IsPaged, they are in any order, and there is no After.
//
// Where are conditions on the heads. A scan with a Look looks at no more than that many rows; if it ends
// there, with fewer rows than Limit, it adds a row that has only the last Position and Stop. An engine that
// finds each document once by itself need not count the rows of a Prefix that has no pages.
type Scan struct {
	Index      Index
	Shop       string
	Equal      []Value
	From, To   *Value
	Prefix     *string
	Where      []Condition
	Descending bool
	After      *Position
	Limit      int
	Look       int // 0 for no bound
}

// Position is the place of a row in a scan: the values of the fields after Equal, and the id.
type Position struct {
	Values []Value
	ID     string
}

// Row is a result of a scan: its position (without Values for a Prefix that has no pages), and the head as a
// BSON document of the index's Head fields, without those that the document lacks.
type Row struct {
	Position
	Head bson.Raw
	Stop bool // no result: the scan stopped at this position
}

// Count adds By to the counter Key. The counter restarts from zero once the Expires of its first count has
// passed.
type Count struct {
	Key     string
	By      int64
	Expires time.Time
}

// Tally is a counter's value after a Count, and the time when it restarts.
type Tally struct {
	N       int64
	Expires time.Time
}

// Engine stores documents. All its methods are safe for concurrent use, each is atomic, and a write that
// returned nil survives a crash and a power loss. Ids and strings compare by bytes, times have millisecond
// precision.
type Engine interface {
	// Get returns the whole document, envelope included, or ErrNotFound. The document is the caller's, as are
	// the heads of a Scan: nobody else may change its memory later.
	Get(ctx context.Context, collection, id string) (bson.Raw, error)
	// Insert stores a new document, or returns ErrExists.
	Insert(ctx context.Context, collection string, r Record) error
	// Replace stores r over the version read, or returns ErrConflict.
	Replace(ctx context.Context, collection string, r Record, read Version) error
	// Delete removes the version read, or returns ErrConflict.
	Delete(ctx context.Context, collection, id string, read Version) error
	// Scan returns the rows asked for.
	Scan(ctx context.Context, collection string, s Scan) ([]Row, error)
	// Increment applies all counts, each atomically, in one round to the store, as of the time now, and
	// returns the tallies in order. A By of zero only reads; if there is no live counter it returns zero
	// and the Count's own Expires. The engine removes expired counters at some later time.
	Increment(ctx context.Context, now time.Time, counts []Count) ([]Tally, error)
	// Close waits for writes in flight and releases the store.
	Close() error
}
