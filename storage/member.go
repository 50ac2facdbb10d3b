package storage

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// member is a stored field of a struct, possibly of an embedded struct.
type member struct {
	name      string
	index     []int
	of        reflect.Type
	omitEmpty bool
}

// membersOf lists the stored fields. It reports false for a struct that is left to bson: one that embeds by
// pointer, collects unknown fields in a map, stores a name twice or has an option of bson that nobody else
// needs.
func membersOf(t reflect.Type, path []int) (members []member, ok bool) {
	seen := map[string]bool{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, rest, _ := strings.Cut(field.Tag.Get("bson"), ",")
		options := strings.Split(rest, ",")
		index := append(slices.Clip(path), i)
		if !field.IsExported() || name == "-" {
			continue
		}
		found := []member{{name: cmp.Or(name, strings.ToLower(field.Name)), index: index, of: field.Type,
			omitEmpty: slices.Contains(options, "omitempty")}}
		if slices.Contains(options, "inline") {
			if field.Type.Kind() != reflect.Struct {
				return nil, false
			}
			if found, ok = membersOf(field.Type, index); !ok {
				return nil, false
			}
		}
		for _, m := range found {
			if seen[m.name] {
				return nil, false
			}
			seen[m.name] = true
		}
		if slices.Contains(options, "minsize") || slices.Contains(options, "truncate") {
			return nil, false
		}
		members = append(members, found...)
	}
	return members, true
}

// isForeign reports whether a type is not stored according to its kind: types that encode themselves, and
// types of other modules.
func isForeign(t reflect.Type) bool {
	own := func(i reflect.Type) bool { return t.Implements(i) || reflect.PointerTo(t).Implements(i) }
	return own(reflect.TypeFor[bson.Unmarshaler]()) || own(reflect.TypeFor[bson.ValueUnmarshaler]()) ||
		own(reflect.TypeFor[bson.Marshaler]()) || own(reflect.TypeFor[bson.ValueMarshaler]()) ||
		strings.HasPrefix(t.PkgPath(), "go.mongodb.org/") ||
		slices.Contains([]string{"encoding/json", "net/url"}, t.PkgPath())
}
