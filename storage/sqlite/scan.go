package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"postern/storage"
)

// walk is a scan as SQL: one range of one index table, in primary-key order.
type walk struct {
	scan  storage.Scan
	rest  []storage.Field // after Equal
	query string
	args  []any
}

// walk translates the scan. It reduces From, To and After to at most one bound at each end, because SQLite
// seeks by only one.
func (t *collection) walk(s storage.Scan) (*walk, error) {
	var ix *index
	for _, candidate := range t.indexes {
		if candidate.Name == s.Index.Name {
			ix = candidate
		}
	}
	if ix == nil {
		return nil, fmt.Errorf("sqlite: collection %s has no index %q", t.name, s.Index.Name)
	}
	w := &walk{scan: s, rest: ix.Fields[len(s.Equal):]}
	var where []string
	if !ix.AllShops {
		where, w.args = []string{"shop = ?"}, []any{s.Shop}
	}
	for i, v := range s.Equal {
		where = append(where, column(i)+" = ?")
		w.args = append(w.args, cell(v))
	}
	where = append(where, w.bounds()...)
	w.query = w.sql(ix.table, where)
	return w, nil
}

func (w *walk) sql(table string, where []string) string {
	columns := w.columns()
	direction := " ASC"
	if w.scan.Descending {
		direction = " DESC"
	}
	condition := "TRUE"
	if len(where) > 0 {
		condition = strings.Join(where, " AND ")
	}
	query := fmt.Sprintf(`SELECT %s, head FROM %q WHERE %s ORDER BY %s`,
		strings.Join(columns, ", "), table, condition, strings.Join(columns, direction+", ")+direction)
	limit := w.scan.Limit
	if w.scan.Look > 0 {
		limit = w.scan.Look
	} else if w.scan.Prefix != nil {
		return query // the limit counts documents, not rows
	}
	// Not a parameter: SQLite plans by its value, and would prepare the statement again each time it is
	// bound.
	return fmt.Sprintf("%s LIMIT %d", query, limit)
}

// columns returns the columns that order the rows: the fields after Equal, and the id.
func (w *walk) columns() []string {
	var names []string
	for i := range w.rest {
		names = append(names, column(len(w.scan.Equal)+i))
	}
	return append(names, "id")
}

func (w *walk) bounds() []string {
	var where []string
	field := column(len(w.scan.Equal))
	from, to := w.scan.From, w.scan.To
	if w.scan.Prefix != nil {
		from, to = prefixBounds(*w.scan.Prefix)
	}
	if w.scan.After != nil {
		where = append(where, w.after(&from, &to)...)
	}
	if from != nil {
		where = append(where, field+" >= ?")
		w.args = append(w.args, cell(*from))
	}
	if to != nil {
		where = append(where, field+" < ?")
		w.args = append(w.args, cell(*to))
	}
	return where
}

// after returns the condition for the rows after the position. If the position lies within the range, the
// bound on that side is cleared; if it lies outside, the position adds nothing to that bound.
func (w *walk) after(from, to **storage.Value) []string {
	end, outside := from, -1
	operator := ">"
	if w.scan.Descending {
		end, outside, operator = to, 0, "<"
	}
	at := w.scan.After
	if *end != nil {
		c := compare(at.Values[0], **end)
		if c < 0 && outside < 0 || c >= 0 && outside == 0 {
			return nil
		}
		*end = nil
	}
	columns := w.columns()
	for _, v := range at.Values {
		w.args = append(w.args, cell(v))
	}
	w.args = append(w.args, at.ID)
	if len(columns) == 1 {
		return []string{"id " + operator + " ?"}
	}
	marks := strings.Repeat("?, ", len(columns)-1) + "?"
	return []string{fmt.Sprintf("(%s) %s (%s)", strings.Join(columns, ", "), operator, marks)}
}

// prefixBounds returns the range of the strings with the prefix.
func prefixBounds(prefix string) (from, to *storage.Value) {
	from = &storage.Value{Kind: storage.String, Text: prefix}
	if end, ok := successor(prefix); ok {
		to = &storage.Value{Kind: storage.String, Text: end}
	}
	return from, to
}

// successor returns the smallest string above all strings with the prefix. There is none if prefix is empty
// or all 0xff.
func successor(prefix string) (string, bool) {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return string(b[:i+1]), true
		}
	}
	return "", false
}

func compare(a, b storage.Value) int {
	return cmp.Or(cmp.Compare(a.Num, b.Num), strings.Compare(a.Text, b.Text))
}

func cell(v storage.Value) any {
	if v.Kind == storage.String {
		return v.Text
	}
	return v.Num
}

// usualRows is the number of rows for which there is room at first: as many as a page of a list shows.
const usualRows = 32

// run reads the rows, with Prefix each document once.
func (w *walk) run(ctx context.Context, c *conn) ([]storage.Row, error) {
	found := make([]storage.Row, 0, min(w.scan.Limit, usualRows))
	var last storage.Row
	looked, seen := 0, map[string]bool{}
	err := c.each(w.query, w.args, func(r *cursor) (more bool, err error) {
		if last, err = w.read(r); err != nil {
			return false, err
		}
		if looked++; w.isResult(last, seen) {
			found = append(found, last)
		}
		return len(found) < w.scan.Limit, ctx.Err()
	})
	if err == nil && w.scan.Look > 0 && looked == w.scan.Look && len(found) < w.scan.Limit {
		found = append(found, storage.Row{Position: last.Position, Stop: true})
	}
	if w.scan.Prefix != nil && !w.scan.IsPaged() {
		for i := range found {
			found[i].Values = nil
		}
	}
	return found, err
}

// isResult reports whether a row meets the conditions and, with Prefix, is the one of its document. It adds
// to the documents seen, where the head does not say which row that is.
func (w *walk) isResult(row storage.Row, seen map[string]bool) bool {
	if w.scan.Prefix != nil && w.rest[0].Multi {
		if !w.scan.IsPaged() {
			before := seen[row.ID]
			seen[row.ID] = true
			return !before
		}
		if first, ok := w.scan.First(row.Head, *w.scan.Prefix); !ok || first != row.Values[0].Text {
			return false
		}
	}
	return storage.Meet(row.Head, w.scan.Where)
}

func (w *walk) read(r *cursor) (storage.Row, error) {
	row := storage.Row{Position: storage.Position{Values: make([]storage.Value, len(w.rest))}}
	dest := make([]any, 0, len(w.rest)+2)
	for i, field := range w.rest {
		row.Values[i].Kind = field.Kind
		if field.Kind == storage.String {
			dest = append(dest, &row.Values[i].Text)
		} else {
			dest = append(dest, &row.Values[i].Num)
		}
	}
	err := r.scan(append(dest, &row.ID, (*[]byte)(&row.Head))...)
	return row, err
}
