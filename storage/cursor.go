package storage

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// cursor is a position in a query's list, and whether to page backwards from it. On the wire it is
// base64url of a checksum followed by BSON. The checksum also covers the query, so a cursor that was edited
// or belongs to another query is rejected. The checksum is not a secret: a cursor can only move within the
// rows its query may see.
type cursor struct {
	Position `bson:",inline"`
	Back     bool `bson:"b,omitempty"`
}

const checksumBytes = 8

func (c cursor) encode(query [sha256.Size]byte) string {
	body, err := bson.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("storage: a cursor always encodes: %v", err))
	}
	sum := checksum(query, body)
	return base64.RawURLEncoding.EncodeToString(append(sum, body...))
}

func decodeCursor(text string, query [sha256.Size]byte) (cursor, error) {
	var c cursor
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < checksumBytes {
		return c, ErrCursor
	}
	body := raw[checksumBytes:]
	if string(checksum(query, body)) != string(raw[:checksumBytes]) {
		return c, ErrCursor
	}
	if err := bson.Unmarshal(body, &c); err != nil {
		return c, ErrCursor
	}
	return c, nil
}

func checksum(query [sha256.Size]byte, body []byte) []byte {
	h := sha256.New()
	h.Write(query[:])
	h.Write(body)
	return h.Sum(nil)[:checksumBytes]
}

// fingerprint is a hash of everything that determines the list of q. The limit is left out, so it may
// change between pages.
func (d source) fingerprint(q Query) [sha256.Size]byte {
	h := sha256.New()
	part := func(v any) {
		text := fmt.Sprintf("%T %v", v, v)
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		h.Write(size[:])
		h.Write([]byte(text))
	}
	for _, v := range append([]any{d.collection.Name, d.shop, q.Index, q.From, q.To,
		q.Descending}, q.Equal...) {
		part(instant(v))
	}
	if q.Prefix != nil {
		part("prefix " + *q.Prefix)
	}
	for _, c := range q.Where {
		part(c.String())
	}
	return [sha256.Size]byte(h.Sum(nil))
}
