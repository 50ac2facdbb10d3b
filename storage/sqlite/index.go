package sqlite

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

// index is a declared index with its table (shop, f0, f1, …, id, head). The table of an index over all
// shops has no shop column.
type index struct {
	storage.Index
	table string
	paths [][]string

	create, drop, insert, remove string
}

func newIndex(collection string, declared storage.Index) *index {
	ix := &index{Index: declared, table: collection + "__" + declared.Name}
	var columns, types []string
	if !declared.AllShops {
		columns, types = []string{"shop"}, []string{"shop TEXT NOT NULL"}
	}
	for i, field := range declared.Fields {
		ix.paths = append(ix.paths, strings.Split(field.Path, "."))
		columns = append(columns, column(i))
		types = append(types, column(i)+" "+columnType(field.Kind)+" NOT NULL")
	}
	columns, types = append(columns, "id"), append(types, "id TEXT NOT NULL")
	ix.create = fmt.Sprintf(`CREATE TABLE %q (%s, head BLOB NOT NULL, PRIMARY KEY (%s)) WITHOUT ROWID`,
		ix.table, strings.Join(types, ", "), strings.Join(columns, ", "))
	ix.drop = fmt.Sprintf(`DROP TABLE IF EXISTS %q`, ix.table)
	ix.insert = fmt.Sprintf(`INSERT OR REPLACE INTO %q (%s, head) VALUES (%s?)`,
		ix.table, strings.Join(columns, ", "), strings.Repeat("?, ", len(columns)))
	ix.remove = fmt.Sprintf(`DELETE FROM %q WHERE %s = ?`, ix.table, strings.Join(columns, " = ? AND "))
	return ix
}

func column(i int) string { return fmt.Sprintf("f%d", i) }

func columnType(k storage.Kind) string {
	if k == storage.String {
		return "TEXT"
	}
	return "INTEGER"
}

// entry is one row of an index table: the cells of its primary key, and the head. The key distinguishes the
// rows of one document.
type entry struct {
	key   string
	cells []any
	head  []byte
}

// parsed is a document as read by all indexes of its collection.
type parsed struct {
	shop, id any // texts, as cells
	elements []bson.RawElement
}

func parse(doc bson.Raw) (parsed, error) {
	elements, err := doc.Elements()
	if err != nil {
		return parsed{}, fmt.Errorf("%w: %w", errDamaged, err)
	}
	p := parsed{elements: elements}
	shop, _ := p.element("shop")
	id, _ := p.element("_id")
	if shop.Type != bson.TypeString || id.Type != bson.TypeString {
		return p, errDamaged
	}
	p.shop, p.id = shop.StringValue(), id.StringValue()
	return p, nil
}

// element returns a top-level element.
func (p parsed) element(name string) (bson.RawValue, bool) {
	for _, element := range p.elements {
		if isNamed(element, name) {
			return element.Value(), true
		}
	}
	return bson.RawValue{}, false
}

// isNamed compares without a copy of the name, which stands after the type and ends with NUL.
func isNamed(element bson.RawElement, name string) bool {
	end := 1 + len(name)
	return len(element) > end && element[end] == 0 && string(element[1:end]) == name
}

// entries returns the document's rows in the index: none if a field has no value of its kind.
func (ix *index) entries(p parsed) []entry {
	values := make([][]any, len(ix.Fields))
	count := 1
	for i, field := range ix.Fields {
		if values[i] = p.values(ix.paths[i], field); len(values[i]) == 0 {
			return nil
		}
		count *= len(values[i]) // only one field has more than one
	}
	rows, head := make([]entry, count), p.head(ix.Head)
	for i := range rows {
		cells := make([]any, 0, len(values)+3) // with room for the head
		if !ix.AllShops {
			cells = append(cells, p.shop)
		}
		from := len(cells)
		for _, of := range values {
			cells = append(cells, of[min(i, len(of)-1)])
		}
		rows[i] = entry{key: keyOf(cells[from:]), cells: append(cells, p.id), head: head}
	}
	return unique(rows)
}

// unique keeps one row per key.
func unique(rows []entry) []entry {
	if len(rows) < 2 {
		return rows
	}
	slices.SortFunc(rows, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	return slices.CompactFunc(rows, func(a, b entry) bool { return a.key == b.key })
}

// values returns the values of the field's kind: at most one, or the elements of the array if the field is
// multi-valued.
func (p parsed) values(path []string, field storage.Field) []any {
	value, ok := p.element(path[0])
	if ok && len(path) > 1 {
		value, ok = lookup(value, path[1:])
	}
	if !ok {
		return nil
	}
	if !field.Multi {
		return appendValue(nil, value, field.Kind)
	}
	array, ok := value.ArrayOK()
	if !ok {
		return nil
	}
	elements, err := array.Values()
	if err != nil {
		return nil
	}
	var values []any
	for _, element := range elements {
		values = appendValue(values, element, field.Kind)
	}
	return values
}

// lookup follows the path through embedded documents, but not through arrays.
func lookup(value bson.RawValue, path []string) (bson.RawValue, bool) {
	for _, name := range path {
		doc, ok := value.DocumentOK()
		if !ok {
			return value, false
		}
		var err error
		if value, err = doc.LookupErr(name); err != nil {
			return value, false
		}
	}
	return value, true
}

// appendValue appends the value in its column's format if it is of the kind.
func appendValue(values []any, v bson.RawValue, kind storage.Kind) []any {
	switch {
	case kind == storage.String && v.Type == bson.TypeString:
		return append(values, v.StringValue())
	case kind == storage.Int && v.Type == bson.TypeInt64:
		return append(values, v.Int64())
	case kind == storage.Int && v.Type == bson.TypeInt32:
		return append(values, int64(v.Int32()))
	case kind == storage.Time && v.Type == bson.TypeDateTime:
		return append(values, v.DateTime())
	case kind == storage.Bool && v.Type == bson.TypeBoolean:
		return append(values, number(v.Boolean()))
	}
	return values
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// keyOf encodes the values so that equal keys mean equal values.
func keyOf(values []any) string {
	var key []byte
	for _, v := range values {
		switch v := v.(type) {
		case string:
			key = append(binary.AppendUvarint(key, uint64(len(v))), v...)
		case int64:
			key = binary.BigEndian.AppendUint64(key, uint64(v))
		}
	}
	return string(key)
}

// head copies the named top-level elements of the document, in the document's order.
func (p parsed) head(names []string) []byte {
	head := make([]byte, 4)
	for _, element := range p.elements {
		if slices.ContainsFunc(names, func(name string) bool { return isNamed(element, name) }) {
			head = append(head, element...)
		}
	}
	head = append(head, 0)
	binary.LittleEndian.PutUint32(head, uint32(len(head)))
	return head
}

// update changes the rows of one document from old to fresh, both in the order of their keys.
func (ix *index) update(c *conn, old, fresh []entry) error {
	for len(old) > 0 || len(fresh) > 0 {
		var gone, come *entry
		switch order := compareFirst(old, fresh); {
		case order < 0:
			gone, old = &old[0], old[1:]
		case order > 0:
			come, fresh = &fresh[0], fresh[1:]
		default:
			if !bytes.Equal(old[0].head, fresh[0].head) {
				come = &fresh[0]
			}
			old, fresh = old[1:], fresh[1:]
		}
		if gone != nil {
			if err := c.exec(ix.remove, gone.cells...); err != nil {
				return err
			}
		}
		if come != nil {
			if err := c.exec(ix.insert, append(come.cells, come.head)...); err != nil {
				return err
			}
		}
	}
	return nil
}

// compareFirst compares the first keys. The end of a list comes after any key.
func compareFirst(a, b []entry) int {
	switch {
	case len(a) == 0:
		return len(b)
	case len(b) == 0:
		return -1
	}
	return strings.Compare(a[0].key, b[0].key)
}
