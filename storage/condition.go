package storage

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// MaxLook is the number of rows at which a Find with conditions or a prefix looks. It then returns what it
// has found.
const MaxLook = 5000

// maxChoices bounds the values of one condition, and the conditions of one query.
const maxChoices = 100

// Operator is how a condition tests a field.
type Operator uint8

// The operators. None of them matches a missing field, but Absent, or a value of another kind.
const (
	Equals         Operator = iota + 1 // the value is one of Values
	Within                             // the value is in the range [From, To)
	Begins                             // the value is a string that begins with Values[0]
	Contains                           // the value is an array with one of Values
	ContainsPrefix                     // the value is an array with a string that begins with Values[0]
	Present                            // there is a value, whatever it is
	Absent                             // there is none
)

// Condition is a test of a field of the head that an index does not order by. Make one with Is, Between,
// HasPrefix, Has, HasWord or Exists.
type Condition struct {
	Path     string // the field's BSON name, with dots for embedded documents
	Operator Operator
	Values   []Value
	From, To *Value

	err error
}

// Is tests that a field has one of the values.
func Is(path string, values ...any) Condition { return newCondition(path, Equals, values) }

// Between tests that a field is in the range from (inclusive) to (exclusive), each nil for open.
func Between(path string, from, to any) Condition {
	c := Condition{Path: path, Operator: Within}
	for _, end := range []struct {
		given any
		bound **Value
	}{{from, &c.From}, {to, &c.To}} {
		if end.given == nil {
			continue
		}
		value, err := literal(end.given)
		if err != nil {
			c.err = err
		}
		*end.bound = &value
	}
	if c.From == nil && c.To == nil || c.From != nil && c.To != nil && c.From.Kind != c.To.Kind {
		c.err = fmt.Errorf("a range needs ends of one kind")
	}
	return c
}

// HasPrefix tests that a field is a string with the prefix.
func HasPrefix(path, prefix string) Condition { return newCondition(path, Begins, []any{prefix}) }

// Has tests that a field is an array with one of the values.
func Has(path string, values ...any) Condition { return newCondition(path, Contains, values) }

// HasWord tests that a field is an array with a string that begins with the prefix.
func HasWord(path, prefix string) Condition { return newCondition(path, ContainsPrefix, []any{prefix}) }

// Exists tests whether a document has the field.
func Exists(path string, exists bool) Condition {
	if !exists {
		return Condition{Path: path, Operator: Absent}
	}
	return Condition{Path: path, Operator: Present}
}

func newCondition(path string, operator Operator, values []any) Condition {
	c := Condition{Path: path, Operator: operator}
	for _, v := range values {
		value, err := literal(v)
		if err != nil {
			c.err = err
		}
		c.Values = append(c.Values, value)
	}
	if len(values) == 0 || len(values) > maxChoices {
		c.err = fmt.Errorf("%d values", len(values))
	}
	return c
}

func literal(v any) (Value, error) {
	for _, kind := range []Kind{String, Int, Time, Bool} {
		if value, err := valueOf(v, kind); err == nil {
			return value, nil
		}
	}
	return Value{}, fmt.Errorf("a %T cannot be compared", v)
}

// check returns an error for a condition that cannot be tested on the index's heads.
func (c Condition) check(index Index) error {
	top, _, _ := strings.Cut(c.Path, ".")
	switch {
	case c.err != nil:
		return fmt.Errorf("condition on %s: %w", c.Path, c.err)
	case !slices.Contains(index.Head, top):
		return fmt.Errorf("condition on %s: the field is not in the head", c.Path)
	}
	return nil
}

// String prints the condition unambiguously, for the fingerprint of its query.
func (c Condition) String() string {
	text := fmt.Sprintf("%q %d %#v", c.Path, c.Operator, c.Values)
	for _, end := range []*Value{c.From, c.To} {
		if end != nil {
			text += fmt.Sprintf(" %#v", *end)
		}
		text += "|"
	}
	return text
}

// Meet reports whether a document meets all of the conditions.
func Meet(doc bson.Raw, conditions []Condition) bool {
	for i := range conditions {
		if !conditions[i].meets(doc) {
			return false
		}
	}
	return true
}

func (c *Condition) meets(doc bson.Raw) bool {
	found, ok := field(doc, c.Path)
	switch c.Operator {
	case Present, Absent:
		return ok == (c.Operator == Present)
	case Contains, ContainsPrefix:
		return ok && found.kind == bson.TypeArray && c.meetsElement(found)
	}
	return ok && c.matches(found)
}

// meetsElement reports whether an element of the array matches.
func (c *Condition) meetsElement(array rawValue) (met bool) {
	for rest := array.data[4:]; len(rest) > 1 && !met; {
		element, after, ok := array.first(rest)
		if !ok {
			return false
		}
		met, rest = c.matches(element), after
	}
	return met
}

// matches reports whether a value matches by itself.
func (c *Condition) matches(v rawValue) bool {
	switch c.Operator {
	case Within:
		return (c.From == nil || v.isKind(c.From.Kind) && v.compare(*c.From) >= 0) &&
			(c.To == nil || v.isKind(c.To.Kind) && v.compare(*c.To) < 0)
	case Begins, ContainsPrefix:
		return v.isKind(String) && len(v.text()) >= len(c.Values[0].Text) &&
			string(v.text()[:len(c.Values[0].Text)]) == c.Values[0].Text
	}
	for i := range c.Values {
		if v.isKind(c.Values[i].Kind) && v.compare(c.Values[i]) == 0 {
			return true
		}
	}
	return false
}

// rawValue is a BSON value, which may be of any type.
type rawValue struct {
	kind bson.Type
	data []byte
}

// field returns the value at the path, which leads through embedded documents but not through arrays.
func field(doc []byte, path string) (rawValue, bool) {
	v := rawValue{kind: bson.TypeEmbeddedDocument, data: doc}
	for more := true; more; {
		var name string
		name, path, more = strings.Cut(path, ".")
		if v.kind != bson.TypeEmbeddedDocument || len(v.data) < 5 {
			return v, false
		}
		found := false
		for rest := v.data[4:]; len(rest) > 1 && !found; {
			element, after, ok := v.first(rest)
			if !ok {
				return v, false
			}
			if end := 1 + len(name); end < len(rest) && rest[end] == 0 && string(rest[1:end]) == name {
				v, found = element, true
			}
			rest = after
		}
		if !found {
			return v, false
		}
	}
	return v, true
}

// first returns the value of the element at the start of a document's rest, and what follows it.
func (rawValue) first(rest []byte) (v rawValue, after []byte, ok bool) {
	at := 1
	for at < len(rest) && rest[at] != 0 {
		at++
	}
	if at++; at >= len(rest) {
		return v, nil, false
	}
	v.kind = bson.Type(rest[0])
	size, ok := sizeOf(v.kind, rest[at:])
	if !ok || size >= len(rest)-at { // a NUL follows the last byte
		return v, nil, false
	}
	v.data = rest[at : at+size]
	return v, rest[at+size:], true
}

func (v rawValue) isKind(kind Kind) bool {
	switch kind {
	case String:
		return v.kind == bson.TypeString
	case Int:
		return v.kind == bson.TypeInt64 || v.kind == bson.TypeInt32
	case Time:
		return v.kind == bson.TypeDateTime
	}
	return v.kind == bson.TypeBoolean
}

// text returns the bytes of a string.
func (v rawValue) text() []byte { return v.data[4 : len(v.data)-1] }

func (v rawValue) compare(with Value) int {
	var n int64
	switch v.kind {
	case bson.TypeString:
		return strings.Compare(string(v.text()), with.Text)
	case bson.TypeInt32:
		n = int64(int32(binary.LittleEndian.Uint32(v.data)))
	case bson.TypeBoolean:
		n = int64(v.data[0])
	default:
		n = int64(binary.LittleEndian.Uint64(v.data))
	}
	switch {
	case n < with.Num:
		return -1
	case n > with.Num:
		return 1
	}
	return 0
}

// First returns the smallest string with the scan's prefix, from the given one on, in the multi-valued field
// that the prefix is for. The place of a document found by a prefix is at the smallest of all.
func (s *Scan) First(head bson.Raw, from string) (first string, ok bool) {
	array, found := field(head, s.Index.Fields[len(s.Equal)].Path)
	if !found || array.kind != bson.TypeArray {
		return "", false
	}
	for rest := array.data[4:]; len(rest) > 1; {
		element, after, whole := array.first(rest)
		if !whole {
			break
		}
		if rest = after; !element.isKind(String) {
			continue
		}
		if text := string(element.text()); strings.HasPrefix(text, *s.Prefix) && text >= from &&
			(!ok || text < first) {
			first, ok = text, true
		}
	}
	return first, ok
}

// IsPaged reports whether the scan is of a prefix whose documents have a place, so that it has pages: the
// field has one value, or the head holds its values.
func (s *Scan) IsPaged() bool {
	if s.Prefix == nil {
		return false
	}
	of := s.Index.Fields[len(s.Equal)]
	top, _, _ := strings.Cut(of.Path, ".")
	return !of.Multi || slices.Contains(s.Index.Head, top)
}
