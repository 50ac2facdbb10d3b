package transfer

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

// change is a document that differs. The zero version means no document.
type change struct {
	id       string
	from, to storage.Version // in the target, and in the source
	doc      bson.Raw        // from the source, or nil if not yet read
}

// changeBytes is the length of an announced change: the tags of its id and of its two versions.
const changeBytes = 3 * tagBytes

// copyState is what a copy records in its target: the source store, and a digest of the documents written,
// so that a write by anyone else is detected.
//
// A batch of changes is announced before its first write. Its documents are not in the digest but in Batch,
// each with the versions before and after. After a crash at any moment, it is therefore known which
// versions of each document can come from a copy.
type copyState struct {
	Run        string            `bson:"run"` // of the copy that wrote the state last, "" before the first
	Source     string            `bson:"source"`
	Digests    map[string]digest `bson:"digests"`    // by collection, without the documents of the batch
	Collection string            `bson:"collection"` // of the batch
	Batch      []byte            `bson:"batch"`      // announced changes, changeBytes each
}

// announce moves the documents of the changes from the digest of their collection to the batch.
func (s *copyState) announce(collection string, changes []change) {
	s.Collection, s.Batch = collection, nil
	d := s.Digests[collection]
	for _, c := range changes {
		d = d.with(-1, c.id, c.from)
		for _, t := range []tag{idTag(c.id), versionTag(c.id, c.from), versionTag(c.id, c.to)} {
			s.Batch = append(s.Batch, t[:]...)
		}
	}
	s.Digests[collection] = d
}

// settle puts an announced document back into the digest, in its current version.
func (s *copyState) settle(collection, id string, v storage.Version) {
	s.Digests[collection] = s.Digests[collection].with(1, id, v)
}

// targetState is the target's copy state as it will be written next.
type targetState struct {
	copyState
	stored    storage.Docs[copyState]
	storedRun string // Run as stored
}

const copyStateKey = "copy"

// readState reads the target's copy state. A target without one gets an empty state, which fits an empty
// store.
func readState(ctx context.Context, target storage.Engine, source string) (*targetState, error) {
	s := &targetState{stored: storage.Metadata[copyState](target)}
	var err error
	s.copyState, _, err = s.stored.Get(ctx, copyStateKey)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		s.Source = source
	case err != nil:
		return nil, err
	case s.Source != source:
		return nil, fmt.Errorf("it is a copy of another store: %w", ErrTarget)
	}
	s.storedRun = s.Run
	if s.Digests == nil {
		s.Digests = map[string]digest{}
	}
	return s, nil
}

// write stores the state unless another copy has begun since it was read.
func (s *targetState) write(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := s.stored.Put(context.WithoutCancel(ctx), copyStateKey, func(stored *copyState, _ bool) error {
		if stored.Run != s.storedRun {
			return errors.New("another copy into this target has begun")
		}
		*stored = s.copyState
		return nil
	})
	if err == nil {
		s.storedRun = s.Run
	}
	return err
}
