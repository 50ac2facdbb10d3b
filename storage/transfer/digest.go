package transfer

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"

	"postern/storage"
)

// digest represents a set of documents and their versions, in any order: the exclusive or of their hashes.
type digest struct {
	Count int64  `bson:"count"`
	Sum   []byte `bson:"sum"` // empty, or the length of a hash
}

// with returns the digest with the document added (by 1) or removed (by -1). The zero version changes
// nothing.
func (d digest) with(by int64, id string, v storage.Version) digest {
	if v == (storage.Version{}) {
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
	var sum, otherSum [sha256.Size]byte
	copy(sum[:], d.Sum)
	copy(otherSum[:], other.Sum)
	return d.Count == other.Count && bytes.Equal(sum[:], otherSum[:])
}

// hashOf returns the hash of a document in a version.
func hashOf(id string, v storage.Version) [sha256.Size]byte {
	text := binary.AppendUvarint(nil, uint64(len(id)))
	text = binary.BigEndian.AppendUint64(append(text, id...), uint64(v.N))
	return sha256.Sum256(append(text, v.Mark...))
}

const tagBytes = 8

// tag is the beginning of a hash.
type tag = [tagBytes]byte

// versionTag returns the tag of a document in a version, zero for no document.
func versionTag(id string, v storage.Version) tag {
	if v == (storage.Version{}) {
		return tag{}
	}
	hash := hashOf(id, v)
	return tag(hash[:])
}

func idTag(id string) tag {
	hash := sha256.Sum256([]byte(id))
	return tag(hash[:])
}
