package storage

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Walker goes through a whole collection, the documents of every shop. It is there for operating a store
// (copying, checking, counting); a use-case asks an index. Both engines have it.
type Walker interface {
	// Walk returns the stretch asked for, in ascending order of the ids by bytes. It may be shorter than
	// its limit; only an empty one is the end. Each stretch is read as of a moment of its own.
	Walk(ctx context.Context, collection string, w Walk) ([]Entry, error)
	// Count returns how many documents the collection has, on MongoDB an estimate.
	Count(ctx context.Context, collection string) (int64, error)
}

// Walk names a stretch of a collection: the documents behind the id After, "" for the first ones, at most
// Limit (1 to MaxLimit). So a walk that was broken off goes on from the last id it saw.
type Walk struct {
	After  string
	Limit  int
	Bodies bool // with the documents, not only their versions
}

// Entry is a document as a walk meets it. Doc is the whole BSON document with Bodies, else nil. The version
// is zero when this program did not write the document.
type Entry struct {
	ID      string
	Version Version
	Doc     bson.Raw
}

// WalkBytes is how many bytes of documents a stretch with Bodies holds before it ends early.
const WalkBytes = 16 << 20

// VersionOf reads the version from a document's envelope, zero when it has none.
func VersionOf(doc bson.Raw) Version {
	n, _ := doc.Lookup("v").AsInt64OK()
	mark, _ := doc.Lookup("mark").StringValueOK()
	return Version{N: n, Mark: mark}
}

// trail is a walk through a collection, one entry after the other.
type trail struct {
	walker     Walker
	collection string
	bodies     bool
	page       []Entry
	last       string
	ended      bool
}

// head returns the entry at which the trail stands, and false at its end.
func (t *trail) head(ctx context.Context) (Entry, bool, error) {
	if len(t.page) == 0 && !t.ended {
		if err := t.load(ctx); err != nil {
			return Entry{}, false, fmt.Errorf("walk through %s: %w", t.collection, err)
		}
	}
	if t.ended {
		return Entry{}, false, nil
	}
	return t.page[0], true, nil
}

func (t *trail) load(ctx context.Context) error {
	page, err := t.walker.Walk(ctx, t.collection, Walk{After: t.last, Limit: MaxLimit, Bodies: t.bodies})
	if err != nil {
		return err
	}
	for _, entry := range page {
		if entry.ID <= t.last {
			return fmt.Errorf("storage: %q comes behind %q", entry.ID, t.last)
		}
		t.last = entry.ID
	}
	t.page, t.ended = page, len(page) == 0
	return nil
}

func (t *trail) step() { t.page = t.page[1:] }
