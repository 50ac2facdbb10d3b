package transfer

import (
	"fmt"

	"postern/storage"
)

// audit compares a collection of the target with the copy state, document by document.
type audit struct {
	state      *copyState
	collection string
	announced  map[tag][]byte  // the batch by document: the tags of its two versions
	found      digest          // of the documents outside the batch
	batch      []storage.Entry // of the documents in it
}

func (s *copyState) audit(collection string) *audit {
	a := &audit{state: s, collection: collection, announced: map[tag][]byte{}}
	if s.Collection == collection {
		for rest := s.Batch; len(rest) >= changeBytes; rest = rest[changeBytes:] {
			a.announced[tag(rest[:tagBytes])] = rest[tagBytes:changeBytes]
		}
	}
	return a
}

// add adds the next document of the target.
func (a *audit) add(e storage.Entry) error {
	if a.state.Run == "" || e.Version == (storage.Version{}) {
		return a.refusal()
	}
	id := idTag(e.ID)
	versions, ok := a.announced[id]
	if !ok {
		a.found = a.found.with(1, e.ID, e.Version)
		return nil
	}
	if v := versionTag(e.ID, e.Version); v != tag(versions[:tagBytes]) && v != tag(versions[tagBytes:]) {
		return a.refusal()
	}
	delete(a.announced, id)
	a.batch = append(a.batch, e)
	return nil
}

func (a *audit) empty() bool { return a.found.Count == 0 && len(a.batch) == 0 }

// end checks that everything added was written by a copy, and updates the digest.
func (a *audit) end() error {
	if !a.found.equal(a.state.Digests[a.collection]) {
		return a.refusal()
	}
	for _, versions := range a.announced { // not found, so one of its versions must be none
		if tag(versions[:tagBytes]) != (tag{}) && tag(versions[tagBytes:]) != (tag{}) {
			return a.refusal()
		}
	}
	for _, e := range a.batch {
		a.state.settle(a.collection, e.ID, e.Version)
	}
	return nil
}

func (a *audit) refusal() error {
	if a.state.Run == "" {
		return fmt.Errorf("collection %s is not empty, and no copy was made into this store: %w",
			a.collection, ErrTarget)
	}
	return fmt.Errorf("collection %s was written by others since: %w", a.collection, ErrTarget)
}
