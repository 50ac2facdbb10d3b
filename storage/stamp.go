package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ErrTarget means that the target of a copy is not as earlier copies from the same source left it. Nothing
// was written.
var ErrTarget = errors.New("storage: the target is not what an earlier copy left there")

// stamp is the note that a copy leaves in its target: the source store, and a digest of the documents
// written, so that a write by anyone else is detected.
//
// A batch of changes is announced before its first write. Its documents are not in the digest but in Batch,
// each with the versions before and after. After a crash at any moment, it is therefore known which
// versions of each document can come from a copy.
type stamp struct {
	Run        string            `bson:"run"` // of the copy that wrote the stamp last, "" before the first
	Source     string            `bson:"source"`
	Digests    map[string]digest `bson:"digests"`    // by collection, without the documents of the batch
	Collection string            `bson:"collection"` // of the batch
	Batch      []byte            `bson:"batch"`      // announced changes, 24 bytes each
}

// digest represents a set of documents and their versions, in any order: the exclusive or of their hashes.
type digest struct {
	Count int64  `bson:"count"`
	Sum   []byte `bson:"sum"`
}

// change is a document that differs. The zero version means no document.
type change struct {
	id       string
	from, to Version  // in the target, and in the source
	doc      bson.Raw // from the source, or nil if not yet read
}

const (
	tagBytes    = 8
	changeBytes = 3 * tagBytes
)

// tag is the beginning of a hash.
type tag = [tagBytes]byte

// secret.Hash returns the hash of a document in a version.
func hashOf(id string, v Version) [sha256.Size]byte {
	text := binary.AppendUvarint(nil, uint64(len(id)))
	text = binary.BigEndian.AppendUint64(append(text, id...), uint64(v.N))
	return sha256.Sum256(append(text, v.Mark...))
}

// versionTag returns the tag of a version, zero for no document.
func versionTag(id string, v Version) tag {
	if v == (Version{}) {
		return tag{}
	}
	hash := hashOf(id, v)
	return tag(hash[:tagBytes])
}

func idTag(id string) tag {
	hash := sha256.Sum256([]byte(id))
	return tag(hash[:tagBytes])
}

// with returns the digest with the document added (by 1) or removed (by -1). The zero version changes
// nothing.
func (d digest) with(by int64, id string, v Version) digest {
	if v == (Version{}) {
		return d
	}
	hash, sum := hashOf(id, v), make([]byte, sha256.Size)
	copy(sum, d.Sum)
	for i := range sum {
		sum[i] ^= hash[i]
	}
	return digest{Count: d.Count + by, Sum: sum}
}

func (d digest) equal(other digest) bool {
	var zero [sha256.Size]byte
	full := func(sum []byte) []byte { return append(sum[:len(sum):len(sum)], zero[len(sum):]...) }
	return d.Count == other.Count && bytes.Equal(full(d.Sum), full(other.Sum))
}

// announce moves the documents of the changes from the digest of their collection to the batch.
func (s *stamp) announce(collection string, changes []change) {
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
func (s *stamp) settle(collection, id string, v Version) {
	s.Digests[collection] = s.Digests[collection].with(1, id, v)
}

// audit compares a collection of the target with the stamp, document by document.
type audit struct {
	stamp      *stamp
	collection string
	announced  map[tag][]byte // the batch by document: the tags of its two versions
	found      digest         // of the documents outside the batch
	batch      []Entry        // of the documents in it
}

func (s *stamp) audit(collection string) *audit {
	a := &audit{stamp: s, collection: collection, announced: map[tag][]byte{}}
	if s.Collection == collection {
		for rest := s.Batch; len(rest) >= changeBytes; rest = rest[changeBytes:] {
			a.announced[tag(rest[:tagBytes])] = rest[tagBytes:changeBytes]
		}
	}
	return a
}

// add adds the next document of the target.
func (a *audit) add(e Entry) error {
	if a.stamp.Run == "" || e.Version == (Version{}) {
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
	if !a.found.equal(a.stamp.Digests[a.collection]) {
		return a.refusal()
	}
	for _, versions := range a.announced { // not found, so one of its versions must be none
		if tag(versions[:tagBytes]) != (tag{}) && tag(versions[tagBytes:]) != (tag{}) {
			return a.refusal()
		}
	}
	for _, e := range a.batch {
		a.stamp.settle(a.collection, e.ID, e.Version)
	}
	return nil
}

func (a *audit) refusal() error {
	if a.stamp.Run == "" {
		return fmt.Errorf("collection %s is not empty, and no copy was made into this store: %w", a.collection, ErrTarget)
	}
	return fmt.Errorf("collection %s was written by others since: %w", a.collection, ErrTarget)
}

// stamped is the target's stamp as it will be written next.
type stamped struct {
	stamp
	notes Docs[stamp]
	last  string // Run as stored
}

// readStamp reads the target's stamp. A target without one gets an empty stamp, which fits an empty store.
func readStamp(ctx context.Context, target Engine, source string) (*stamped, error) {
	s := &stamped{notes: Open[stamp](target, noteShop, Notes())}
	var err error
	s.stamp, _, err = s.notes.Get(ctx, noteCopy)
	switch {
	case errors.Is(err, ErrNotFound):
		s.Source = source
	case err != nil:
		return nil, err
	case s.Source != source:
		return nil, fmt.Errorf("it is a copy of another store: %w", ErrTarget)
	}
	s.last = s.Run
	if s.Digests == nil {
		s.Digests = map[string]digest{}
	}
	return s, nil
}

// write stores the stamp unless another copy has begun since it was read.
func (s *stamped) write(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := s.notes.Put(context.WithoutCancel(ctx), noteCopy, func(stored *stamp, _ bool) error {
		if stored.Run != s.last {
			return errors.New("storage: another copy into this target has begun")
		}
		*stored = s.stamp
		return nil
	})
	if err == nil {
		s.last = s.Run
	}
	return err
}
