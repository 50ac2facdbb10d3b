package storage

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// encode writes the struct that from points to as a document, as bson.Marshal does. It handles the types that
// the product stores, several times as fast, and leaves every other combination to bson. Keys of maps are
// sorted, so equal structs have equal documents.
func encode(from any) (doc bson.Raw, err error) {
	err = encoded(from, func(whole []byte) { doc = slices.Clone(whole) })
	return doc, err
}

// encoded is encode for a caller that uses the document only within use.
func encoded(from any, use func(doc []byte)) error {
	v := reflect.ValueOf(from).Elem()
	out := writings().Get().(*writing)
	defer writings().Put(out)
	out.doc = out.doc[:0]
	kind, err := encoderOf(v.Type())(out, v)
	if err == nil && kind != bson.TypeEmbeddedDocument {
		err = fmt.Errorf("storage: %s is no document", v.Type())
	}
	if err == nil {
		use(out.doc)
	}
	if cap(out.doc) > maxKept {
		out.doc = nil
	}
	return err
}

// writings returns the room of earlier documents: a document that grows is copied several times.
var writings = sync.OnceValue(func() *sync.Pool {
	return &sync.Pool{New: func() any { return &writing{} }}
})

// maxKept is the largest document, in bytes, whose room is kept for others.
const maxKept = 64 << 10

// Digest returns a hash of what would be stored of the struct that of points to. Structs that differ by less
// than the store keeps, such as by a part of a millisecond, have equal digests.
func Digest(of any) (string, error) {
	var sum [sha256.Size]byte
	if err := encoded(of, func(doc []byte) { sum = sha256.Sum256(doc) }); err != nil {
		return "", fmt.Errorf("storage: digest: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum[:digestSize]), nil
}

// digestSize is the number of bytes of a digest: enough for no two to be equal by chance.
const digestSize = 16

// writing is a document being written.
type writing struct{ doc []byte }

// setKind sets the type of an element, which is known once its value is written.
func (w *writing) setKind(place int, kind bson.Type) { w.doc[place] = byte(kind) }

// begin leaves room for the length of a document or an array.
func (w *writing) begin() (place int) {
	place = len(w.doc)
	w.doc = append(w.doc, 0, 0, 0, 0)
	return place
}

func (w *writing) end(place int) {
	w.doc = append(w.doc, 0)
	binary.LittleEndian.PutUint32(w.doc[place:], uint32(len(w.doc)-place))
}

func (w *writing) int64(n int64) { w.doc = binary.LittleEndian.AppendUint64(w.doc, uint64(n)) }

func (w *writing) int32(n int32) { w.doc = binary.LittleEndian.AppendUint32(w.doc, uint32(n)) }

// encoder writes a value and returns its type.
type encoder func(to *writing, v reflect.Value) (bson.Type, error)

// encoders caches one encoder per type.
var encoders sync.Map //nolint:gochecknoglobals // made of types alone, so as constant as they are

func encoderOf(t reflect.Type) encoder {
	if kept, ok := encoders.Load(t); ok {
		return kept.(encoder)
	}
	made := newEncoder(t)
	encoders.Store(t, made)
	return made
}

func newEncoder(t reflect.Type) encoder {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return encodeTime
	case t == reflect.TypeFor[[]byte]():
		return encodeBytes
	case isForeign(t):
		return encodeAny
	}
	switch t.Kind() {
	case reflect.String:
		return encodeString
	case reflect.Bool:
		return encodeBool
	case reflect.Int:
		return encodeInt
	case reflect.Int64:
		return encodeInt64
	case reflect.Pointer:
		return encodePointer(encoderOf(t.Elem()))
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 {
			return encodeSlice(encoderOf(t.Elem()))
		}
	case reflect.Map:
		if t.Key() == reflect.TypeFor[string]() {
			return encodeMap(encoderOf(t.Elem()))
		}
	case reflect.Struct:
		return encodeStruct(t)
	}
	return encodeAny
}

// encodeAny leaves the value to bson.
func encodeAny(to *writing, v reflect.Value) (bson.Type, error) {
	if (v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer) && v.IsNil() {
		return bson.TypeNull, nil
	}
	kind, data, err := bson.MarshalValue(v.Interface())
	to.doc = append(to.doc, data...)
	return kind, err
}

func encodeString(to *writing, v reflect.Value) (bson.Type, error) {
	text := v.String()
	to.int32(int32(len(text) + 1))
	to.doc = append(append(to.doc, text...), 0)
	return bson.TypeString, nil
}

func encodeBool(to *writing, v reflect.Value) (bson.Type, error) {
	if v.Bool() {
		to.doc = append(to.doc, 1)
	} else {
		to.doc = append(to.doc, 0)
	}
	return bson.TypeBoolean, nil
}

func encodeInt(to *writing, v reflect.Value) (bson.Type, error) {
	n := v.Int()
	if n < math.MinInt32 || n > math.MaxInt32 {
		return encodeInt64(to, v)
	}
	to.int32(int32(n))
	return bson.TypeInt32, nil
}

func encodeInt64(to *writing, v reflect.Value) (bson.Type, error) {
	to.int64(v.Int())
	return bson.TypeInt64, nil
}

func encodeTime(to *writing, v reflect.Value) (bson.Type, error) {
	to.int64(int64(bson.NewDateTimeFromTime(timeOf(v))))
	return bson.TypeDateTime, nil
}

// timeOf avoids a copy on the heap if it can.
func timeOf(v reflect.Value) time.Time {
	if v.CanAddr() {
		return *v.Addr().Interface().(*time.Time)
	}
	return v.Interface().(time.Time)
}

func encodeBytes(to *writing, v reflect.Value) (bson.Type, error) {
	if v.IsNil() {
		return bson.TypeNull, nil
	}
	to.int32(int32(v.Len()))
	to.doc = append(append(to.doc, bson.TypeBinaryGeneric), v.Bytes()...)
	return bson.TypeBinary, nil
}

func encodePointer(inner encoder) encoder {
	return func(to *writing, v reflect.Value) (bson.Type, error) {
		if v.IsNil() {
			return bson.TypeNull, nil
		}
		return inner(to, v.Elem())
	}
}

func encodeSlice(inner encoder) encoder {
	return func(to *writing, v reflect.Value) (bson.Type, error) {
		if v.IsNil() {
			return bson.TypeNull, nil
		}
		start := to.begin()
		for i := range v.Len() {
			place := len(to.doc)
			to.doc = append(strconv.AppendInt(append(to.doc, 0), int64(i), 10), 0)
			kind, err := inner(to, v.Index(i))
			if err != nil {
				return kind, err
			}
			to.setKind(place, kind)
		}
		to.end(start)
		return bson.TypeArray, nil
	}
}

func encodeMap(inner encoder) encoder {
	return func(to *writing, v reflect.Value) (bson.Type, error) {
		if v.IsNil() {
			return bson.TypeNull, nil
		}
		names := v.MapKeys()
		slices.SortFunc(names, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		start := to.begin()
		for _, name := range names {
			if strings.IndexByte(name.String(), 0) >= 0 {
				return 0, errors.New("storage: the name of an element contains NUL")
			}
			place := len(to.doc)
			to.doc = append(append(append(to.doc, 0), name.String()...), 0)
			kind, err := inner(to, v.MapIndex(name))
			if err != nil {
				return kind, err
			}
			to.setKind(place, kind)
		}
		to.end(start)
		return bson.TypeEmbeddedDocument, nil
	}
}

// part writes one member of a struct.
type part struct {
	head  string // the name and its NUL
	outer int    // the first index
	index []int  // the others, for an embedded struct
	write encoder
	empty func(reflect.Value) bool // nil if the member is never omitted
}

func encodeStruct(t reflect.Type) encoder {
	members, ok := membersOf(t, nil)
	if !ok || slices.ContainsFunc(members, func(m member) bool { return strings.Contains(m.name, "\x00") }) {
		return encodeAny
	}
	parts := make([]part, len(members))
	for i, m := range members {
		parts[i] = part{head: m.name + "\x00", outer: m.index[0], index: m.index[1:], write: encoderOf(m.of)}
		if m.omitEmpty {
			parts[i].empty = emptiness(m.of)
		}
	}
	return func(to *writing, v reflect.Value) (bson.Type, error) {
		start := to.begin()
		for i := range parts {
			p := &parts[i]
			field := v.Field(p.outer)
			for _, at := range p.index {
				field = field.Field(at)
			}
			if p.empty != nil && p.empty(field) {
				continue
			}
			place := len(to.doc)
			to.doc = append(append(to.doc, 0), p.head...)
			kind, err := p.write(to, field)
			if err != nil {
				return kind, err
			}
			to.setKind(place, kind)
		}
		to.end(start)
		return bson.TypeEmbeddedDocument, nil
	}
}

// emptiness returns the function that decides whether omitempty omits a value.
func emptiness(t reflect.Type) func(reflect.Value) bool {
	says := t.Implements(reflect.TypeFor[bson.Zeroer]())
	switch {
	case t == reflect.TypeFor[time.Time]():
		return func(v reflect.Value) bool { return timeOf(v).IsZero() }
	case says && t.Kind() == reflect.Pointer:
		return func(v reflect.Value) bool { return v.IsNil() || v.Interface().(bson.Zeroer).IsZero() }
	case t.Kind() == reflect.Interface:
		return reflect.Value.IsNil
	case says:
		return func(v reflect.Value) bool { return v.Interface().(bson.Zeroer).IsZero() }
	}
	switch t.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return func(v reflect.Value) bool { return v.Len() == 0 }
	case reflect.Struct:
		return func(reflect.Value) bool { return false }
	}
	return reflect.Value.IsZero
}
