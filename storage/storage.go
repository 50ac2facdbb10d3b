// Package storage is a narrow document store: documents of one shop, read and written one at a time, and
// lists that a declared index serves. It owns the schema, queries, cursors, versions and errors; an Engine
// (packages sqlite and mongodb) owns the bytes. BSON is the one codec, and nothing outside storage/...
// imports it.
//
// There are no transactions, joins or sums: a use-case that needs one keeps the answer as a document.
// The package must not know what the documents mean.
package storage

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The errors of every engine. Any other error is internal: the store could not answer.
var (
	// ErrNotFound says that no document has this key.
	ErrNotFound = errors.New("storage: not found")
	// ErrExists says that Insert met a document with this key.
	ErrExists = errors.New("storage: exists already")
	// ErrConflict says that the stored version is not the one read (a deleted document counts as another
	// version).
	ErrConflict = errors.New("storage: not the version read")
	ErrTooLarge = errors.New("storage: the document is too large")
	// ErrUnavailable says that the store was not reached, or did not answer in time. Later it may.
	ErrUnavailable = errors.New("storage: unavailable")
	// ErrCursor says that a cursor is damaged or belongs to another query.
	ErrCursor = errors.New("storage: cursor of another query")
	// ErrUnchanged is returned by the function given to Change or Put to say that nothing is to be written.
	ErrUnchanged = errors.New("storage: unchanged")
)

// Version names one state of one document: a counter, and the random mark of the write that made it. The mark
// keeps a document that was deleted and inserted anew apart from its predecessor.
type Version struct {
	N    int64
	Mark string
}

// Record is a document on its way into an engine. Doc is the whole BSON document: its fields, and the
// envelope _id (string, "shop/key"), shop (string), v (int64) and mark (string), equal to ID, Shop and
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

// Scan is a checked Query, as an engine gets it.
//
// It asks for the rows of Index in the shop (in all shops, where the index is over all, and Shop is "")
// whose first fields equal Equal, in ascending order of the further fields and then the id by bytes (all
// reversed when Descending), after the position After, at most Limit. From (inclusive) and To (exclusive)
// bound the field behind Equal. A document stands in an index only when it has a value of the declared kind
// in every one of its fields; a multi-valued field gives it a row per distinct element.
//
// With Prefix, the field behind Equal is a string that begins with *Prefix: then each document comes once, in
// any order, and there is no After.
type Scan struct {
	Index      Index
	Shop       string
	Equal      []Value
	From, To   *Value
	Prefix     *string
	Descending bool
	After      *Position
	Limit      int
}

// Position is the place of a row in a scan: the values of the fields behind Equal, and the id.
type Position struct {
	Values []Value
	ID     string
}

// Row is what a scan returns: where it stands (Values are empty with Prefix), and the head as a BSON
// document of the index's Head fields; those the document lacks are left out.
type Row struct {
	Position
	Head bson.Raw
}

// Count adds By to the counter Key, which begins anew at zero once Expires of its first count has passed.
type Count struct {
	Key     string
	By      int64
	Expires time.Time
}

// Tally is a counter after a Count, and when it begins anew.
type Tally struct {
	N       int64
	Expires time.Time
}

// Engine keeps documents. All its methods are safe for concurrent use, each is atomic by itself, and a
// write that returned nil survives a crash and a power loss. Ids and strings compare by bytes, times have
// milliseconds.
type Engine interface {
	// Get returns the whole document, envelope included, or ErrNotFound.
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
	// returns the tallies in their order. By zero only looks, and where no counter lives finds zero and the
	// Count's own Expires. Expired counters are removed in the engine's own time.
	Increment(ctx context.Context, now time.Time, counts []Count) ([]Tally, error)
	// Close waits for writes in hand and releases the store.
	Close() error
}
