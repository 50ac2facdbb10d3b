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
	doc      bson.Raw
	shop, id string
	elements []bson.RawElement
	names    []string // of the elements
}

func parse(doc bson.Raw) (parsed, error) {
	p := parsed{doc: doc}
	var err error
	if p.elements, err = doc.Elements(); err != nil {
		return p, fmt.Errorf("%w: %w", errDamaged, err)
	}
	p.names = make([]string, len(p.elements))
	for i, element := range p.elements {
		p.names[i] = element.Key()
	}
	shop, ok := doc.Lookup("shop").StringValueOK()
	id, also := doc.Lookup("_id").StringValueOK()
	if !ok || !also {
		return p, errDamaged
	}
	p.shop, p.id = shop, id
	return p, nil
}

// entries returns the document's rows in the index: none if a field has no value of its kind.
func (ix *index) entries(p parsed) []entry {
	values := make([][]any, len(ix.Fields))
	for i, field := range ix.Fields {
		if values[i] = fieldValues(p.doc, ix.paths[i], field); len(values[i]) == 0 {
			return nil
		}
	}
	head, combined := p.head(ix.Head), combine(values)
	rows := make([]entry, len(combined))
	for i, fields := range combined {
		cells := make([]any, 0, len(fields)+3) // with room for the head
		if !ix.AllShops {
			cells = append(cells, p.shop)
		}
		cells = append(append(cells, fields...), p.id)
		rows[i] = entry{key: keyOf(fields), cells: cells, head: head}
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

// combine returns every combination of one value per field; only one field has more than one.
func combine(values [][]any) [][]any {
	rows := [][]any{{}}
	for _, field := range values {
		longer := make([][]any, 0, len(rows)*len(field))
		for _, row := range rows {
			for _, v := range field {
				longer = append(longer, append(slices.Clip(row), v))
			}
		}
		rows = longer
	}
	return rows
}

// fieldValues returns the values of the field's kind: at most one, or the elements of the array if the
// field is multi-valued.
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

// lookup follows the path through embedded documents, but not through arrays.
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
	for i, element := range p.elements {
		if slices.Contains(names, p.names[i]) {
			head = append(head, element...)
		}
	}
	head = append(head, 0)
	binary.LittleEndian.PutUint32(head, uint32(len(head)))
	return head
}

// update changes the rows of one document from old to fresh.
func (ix *index) update(c *conn, old, fresh []entry) error {
	var heads map[string][]byte
	if len(old) > 0 {
		heads = make(map[string][]byte, len(old))
	}
	for _, e := range old {
		heads[e.key] = e.head
	}
	for _, e := range fresh {
		head, had := heads[e.key]
		delete(heads, e.key)
		if had && bytes.Equal(head, e.head) {
			continue
		}
		if err := c.exec(ix.insert, append(e.cells, e.head)...); err != nil {
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
