package storage

import (
	"encoding/binary"
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

var errBSON = errors.New("storage: damaged BSON")

// value is a value within a document: its type, and its bytes, both as a slice and as a string from which
// substrings are taken.
type value struct {
	kind bson.Type
	data []byte
	text string
}

// each calls do for every element of a document or an array.
func (in value) each(do func(name string, element value) error) error {
	if size, ok := lengthOf(in.data); !ok || size != len(in.data) || size < 5 {
		return errBSON
	}
	at := 4
	for in.data[at] != 0 {
		kind := bson.Type(in.data[at])
		at++
		size := strings.IndexByte(in.text[at:], 0)
		if size < 0 {
			return errBSON
		}
		name := in.text[at : at+size]
		at += size + 1
		size, ok := sizeOf(kind, in.data[at:])
		if !ok || size >= len(in.data)-at { // a NUL follows the last byte
			return errBSON
		}
		end := at + size
		if err := do(name, value{kind: kind, data: in.data[at:end], text: in.text[at:end]}); err != nil {
			return err
		}
		at = end
	}
	if at != len(in.data)-1 {
		return errBSON
	}
	return nil
}

// length returns the number of elements of a document or an array.
func (in value) length() (n int, err error) {
	err = in.each(func(string, value) error { n++; return nil })
	return n, err
}

// sizeOf returns the number of bytes of the value at the start of data.
func sizeOf(kind bson.Type, data []byte) (size int, ok bool) {
	size, ok = lengthOf(data)
	switch kind {
	case bson.TypeString, bson.TypeJavaScript, bson.TypeSymbol:
		return 4 + size, ok && size > 0
	case bson.TypeEmbeddedDocument, bson.TypeArray, bson.TypeCodeWithScope:
		return size, ok && size > 4
	case bson.TypeBinary:
		return 4 + 1 + size, ok
	case bson.TypeDBPointer:
		return 4 + size + 12, ok && size > 0
	case bson.TypeDouble, bson.TypeDateTime, bson.TypeTimestamp, bson.TypeInt64:
		return 8, true
	case bson.TypeInt32:
		return 4, true
	case bson.TypeBoolean:
		return 1, true
	case bson.TypeObjectID:
		return 12, true
	case bson.TypeDecimal128:
		return 16, true
	case bson.TypeNull, bson.TypeUndefined, bson.TypeMinKey, bson.TypeMaxKey:
		return 0, true
	}
	return 0, false // a regular expression has no length prefix, and is never stored
}

// lengthOf returns the length stored at the start of data.
func lengthOf(data []byte) (int, bool) {
	if len(data) < 4 {
		return 0, false
	}
	length := int32(binary.LittleEndian.Uint32(data))
	return int(length), length >= 0
}
