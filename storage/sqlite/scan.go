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
	if w.scan.Prefix != nil {
		return query // the limit counts documents, not rows
	}
	// Not a parameter: SQLite plans by its value, and would prepare the statement again each time it is
	// bound.
	return fmt.Sprintf("%s LIMIT %d", query, w.scan.Limit)
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
	if w.scan.Prefix != nil {
		return w.prefixBounds(*w.scan.Prefix)
	}
	var where []string
	field := column(len(w.scan.Equal))
	from, to := w.scan.From, w.scan.To
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

func (w *walk) prefixBounds(prefix string) []string {
	field := column(len(w.scan.Equal))
	w.args = append(w.args, prefix)
	where := []string{field + " >= ?"}
	if end, ok := successor(prefix); ok {
		w.args = append(w.args, end)
		where = append(where, field+" < ?")
	}
	return where
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

// run reads the rows, with Prefix each document once.
func (w *walk) run(ctx context.Context, c *conn) ([]storage.Row, error) {
	var found []storage.Row
	seen := map[string]bool{}
	err := c.each(w.query, w.args, func(r *cursor) (bool, error) {
		row, err := w.read(r)
		if err != nil {
			return false, err
		}
		if w.scan.Prefix != nil {
			if seen[row.ID] {
				return true, ctx.Err()
			}
			seen[row.ID] = true
			row.Values = nil
		}
		found = append(found, row)
		return len(found) < w.scan.Limit, ctx.Err()
	})
	return found, err
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
