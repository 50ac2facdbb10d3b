package storage

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Walker reads a whole collection, the documents of every shop. It is meant for operating a store (copying,
// checking, counting); a use case queries an index. Both engines implement it.
type Walker interface {
	// Walk returns the entries asked for, in ascending order of the ids by bytes. It may return fewer than
	// the limit; only an empty result means the end. Each call reads the state of a different moment.
	Walk(ctx context.Context, collection string, w Walk) ([]Entry, error)
	// Count returns the number of documents in the collection; on MongoDB it is an estimate.
	Count(ctx context.Context, collection string) (int64, error)
}

// Walk selects part of a collection: the documents after the id After ("" for the first ones), at most
// Limit (1 to MaxLimit). An interrupted walk can therefore continue from the last id it saw.
type Walk struct {
	After  string
	Limit  int
	Bodies bool // include the documents, not only their versions
}

// Entry is a document found by a walk. Doc is the whole BSON document with Bodies, otherwise nil. The
// version is zero if this program did not write the document.
type Entry struct {
	ID      string
	Version Version
	Doc     bson.Raw
}

// WalkBytes is the number of bytes of documents at which a Walk with Bodies ends early.
const WalkBytes = 16 << 20

// VersionOf returns the version from a document's envelope, zero if it has none.
func VersionOf(doc bson.Raw) Version {
	n, _ := doc.Lookup("v").AsInt64OK()
	mark, _ := doc.Lookup("mark").StringValueOK()
	return Version{N: n, Mark: mark}
}
