package sqlite

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/bsontype"

	"postern/storage"
)

// index is a declared index with its table (shop, f0, f1, …, id, head).
type index struct {
	storage.Index
	table string
	paths [][]string

	create, drop, insert, remove string
}

func newIndex(collection string, declared storage.Index) *index {
	ix := &index{Index: declared, table: collection + "__" + declared.Name}
	columns, types := []string{"shop"}, []string{"shop TEXT NOT NULL"}
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

// entry is one row of an index table: the cells of its primary key, and the head. The key tells the rows of one document
// apart.
type entry struct {
	key   string
	cells []any
	head  []byte
}

// entries returns the rows the document has in the index: none when a field has no value of its kind.
func (ix *index) entries(doc bson.Raw) ([]entry, error) {
	values := make([][]any, len(ix.Fields))
	for i, field := range ix.Fields {
		if values[i] = fieldValues(doc, ix.paths[i], field); len(values[i]) == 0 {
			return nil, nil
		}
	}
	head, err := headOf(doc, ix.Head)
	if err != nil {
		return nil, err
	}
	shop, id := doc.Lookup("shop").StringValue(), doc.Lookup("_id").StringValue()
	seen := map[string]bool{}
	var rows []entry
	for _, fields := range combine(values) {
		key := keyOf(fields)
		if seen[key] {
			continue
		}
		seen[key] = true
		cells := append(append([]any{shop}, fields...), id)
		rows = append(rows, entry{key: key, cells: cells, head: head})
	}
	return rows, nil
}

// combine picks one value of each field in every way there is; only one field has more than one.
func combine(values [][]any) [][]any {
	rows := [][]any{{}}
	for _, field := range values {
		var longer [][]any
		for _, row := range rows {
			for _, v := range field {
				longer = append(longer, append(slices.Clip(row), v))
			}
		}
		rows = longer
	}
	return rows
}

// fieldValues returns the values of the field's kind: at most one, or those of the array when the field is
// multi-valued.
func fieldValues(doc bson.Raw, path []string, field storage.Field) []any {
	value, ok := lookup(doc, path)
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

// lookup follows the path through embedded documents; arrays on the way end it.
func lookup(doc bson.Raw, path []string) (bson.RawValue, bool) {
	for {
		value, err := doc.LookupErr(path[0])
		if err != nil {
			return value, false
		}
		if path = path[1:]; len(path) == 0 {
			return value, true
		}
		var ok bool
		if doc, ok = value.DocumentOK(); !ok {
			return value, false
		}
	}
}

// appendValue appends the value as its column takes it, when it is of the kind.
func appendValue(values []any, v bson.RawValue, kind storage.Kind) []any {
	switch {
	case kind == storage.String && v.Type == bsontype.String:
		return append(values, v.StringValue())
	case kind == storage.Int && v.Type == bsontype.Int64:
		return append(values, v.Int64())
	case kind == storage.Int && v.Type == bsontype.Int32:
		return append(values, int64(v.Int32()))
	case kind == storage.Time && v.Type == bsontype.DateTime:
		return append(values, v.DateTime())
	case kind == storage.Bool && v.Type == bsontype.Boolean:
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

// keyOf encodes the values so that equal means equal.
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

// headOf copies the named top-level elements of the document, in the document's order.
func headOf(doc bson.Raw, names []string) ([]byte, error) {
	elements, err := doc.Elements()
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	head := make([]byte, 4)
	for _, element := range elements {
		if slices.Contains(names, element.Key()) {
			head = append(head, element...)
		}
	}
	head = append(head, 0)
	binary.LittleEndian.PutUint32(head, uint32(len(head)))
	return head, nil
}

// update changes the rows of one document from old to fresh.
func (ix *index) update(c *conn, old, fresh []entry) error {
	heads := make(map[string][]byte, len(old))
	for _, e := range old {
		heads[e.key] = e.head
	}
	for _, e := range fresh {
		head, had := heads[e.key]
		delete(heads, e.key)
		if had && bytes.Equal(head, e.head) {
			continue
		}
		if err := c.exec(ix.insert, append(slices.Clip(e.cells), e.head)...); err != nil {
			return err
		}
	}
	for _, e := range old {
		if _, left := heads[e.key]; !left {
			continue
		}
		if err := c.exec(ix.remove, e.cells...); err != nil {
			return err
		}
	}
	return nil
}
