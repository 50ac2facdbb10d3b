package storage

import (
	"encoding/binary"
	"reflect"
	"sync"
	"time"
	"unsafe"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// decode reads a document into the zero value that into points to, as bson.Unmarshal does. It handles the
// types that the product stores, several times as fast, and leaves every other combination to bson.
//
// All strings share the memory of the document, which must not be changed afterwards.
func decode(raw bson.Raw, into any) error {
	v := reflect.ValueOf(into).Elem()
	text := unsafe.String(unsafe.SliceData(raw), len(raw)) //nolint:gosec // an engine hands every document over
	return decoderOf(v.Type())(v, value{kind: bson.TypeEmbeddedDocument, data: raw, text: text})
}

// decoder reads a value into a variable that holds its zero value.
type decoder func(v reflect.Value, in value) error

// decoders caches one decoder per type.
var decoders sync.Map //nolint:gochecknoglobals // made of types alone, so as constant as they are

func decoderOf(t reflect.Type) decoder {
	if kept, ok := decoders.Load(t); ok {
		return kept.(decoder)
	}
	made := newDecoder(t)
	decoders.Store(t, made)
	return made
}

func newDecoder(t reflect.Type) decoder {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return decodeTime
	case t == reflect.TypeFor[[]byte]():
		return decodeBytes
	case isForeign(t):
		return decodeAny
	}
	switch t.Kind() {
	case reflect.String:
		return decodeString
	case reflect.Bool:
		return decodeBool
	case reflect.Int, reflect.Int64:
		return decodeInt
	case reflect.Pointer:
		return decodePointer(decoderOf(t.Elem()))
	case reflect.Slice:
		return decodeSlice(decoderOf(t.Elem()))
	case reflect.Map:
		if t.Key() == reflect.TypeFor[string]() {
			return decodeMap(decoderOf(t.Elem()))
		}
	case reflect.Struct:
		return decodeStruct(t)
	}
	return decodeAny
}

// decodeAny leaves the value to bson.
func decodeAny(v reflect.Value, in value) error {
	return bson.RawValue{Type: in.kind, Value: in.data}.Unmarshal(v.Addr().Interface())
}

func decodeString(v reflect.Value, in value) error {
	if in.kind != bson.TypeString {
		return decodeAny(v, in)
	}
	v.SetString(in.text[4 : len(in.text)-1]) // between the length and the NUL
	return nil
}

func decodeBool(v reflect.Value, in value) error {
	if in.kind != bson.TypeBoolean {
		return decodeAny(v, in)
	}
	v.SetBool(in.data[0] != 0)
	return nil
}

func decodeInt(v reflect.Value, in value) error {
	switch in.kind {
	case bson.TypeInt64:
		v.SetInt(int64(binary.LittleEndian.Uint64(in.data)))
	case bson.TypeInt32:
		v.SetInt(int64(int32(binary.LittleEndian.Uint32(in.data))))
	default:
		return decodeAny(v, in)
	}
	return nil
}

func decodeTime(v reflect.Value, in value) error {
	if in.kind != bson.TypeDateTime {
		return decodeAny(v, in)
	}
	*v.Addr().Interface().(*time.Time) = bson.DateTime(binary.LittleEndian.Uint64(in.data)).Time().UTC()
	return nil
}

func decodeBytes(v reflect.Value, in value) error {
	if in.kind != bson.TypeBinary {
		return decodeAny(v, in)
	}
	const before = 4 + 1 // the length and the subtype
	if in.data[before-1] != bson.TypeBinaryGeneric {
		return decodeAny(v, in)
	}
	v.SetBytes(append([]byte{}, in.data[before:]...))
	return nil
}

func decodePointer(inner decoder) decoder {
	return func(v reflect.Value, in value) error {
		if in.kind == bson.TypeNull {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return inner(v.Elem(), in)
	}
}

func decodeSlice(inner decoder) decoder {
	return func(v reflect.Value, in value) error {
		if in.kind != bson.TypeArray {
			return decodeAny(v, in)
		}
		length, err := in.length()
		if err != nil {
			return err
		}
		v.Set(reflect.MakeSlice(v.Type(), length, length))
		at := 0
		return in.each(func(_ string, element value) error {
			at++
			return inner(v.Index(at-1), element)
		})
	}
}

func decodeMap(inner decoder) decoder {
	return func(v reflect.Value, in value) error {
		if in.kind != bson.TypeEmbeddedDocument {
			return decodeAny(v, in)
		}
		length, err := in.length()
		if err != nil {
			return err
		}
		v.Set(reflect.MakeMapWithSize(v.Type(), length))
		element := reflect.New(v.Type().Elem()).Elem()
		return in.each(func(name string, found value) error {
			element.SetZero()
			if err := inner(element, found); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(name), element)
			return nil
		})
	}
}

// decodeStruct leaves a struct to bson if it embeds by pointer or collects unknown fields in a map.
func decodeStruct(t reflect.Type) decoder {
	members, ok := membersOf(t, nil)
	if !ok {
		return decodeAny
	}
	places, reads := make(map[string]int, len(members)), make([]decoder, len(members))
	for i, m := range members {
		places[m.name], reads[i] = i, decoderOf(m.of)
	}
	return func(v reflect.Value, in value) error {
		if in.kind != bson.TypeEmbeddedDocument {
			return decodeAny(v, in)
		}
		next := 0 // elements are usually in field order
		return in.each(func(name string, element value) error {
			if next >= len(members) || members[next].name != name {
				place, known := places[name]
				if !known {
					return nil
				}
				next = place
			}
			next++
			return reads[next-1](v.FieldByIndex(members[next-1].index), element)
		})
	}
}
