package sqlite

import (
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"testing"
)

// TestRowsFitTheirValues reads each type of column into a value of each type. What does not fit is an error
// that names the column.
func TestRowsFitTheirValues(t *testing.T) {
	t.Parallel()
	c, err := connect(t.TempDir()+"/a.db", url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	var n int64
	var small int
	var text string
	var blob []byte
	err = c.row("SELECT 5 AS a, 6 AS b, 'x' AS c, x'01' AS d", nil, &n, &small, &text, &blob)
	if err != nil || n != 5 || small != 6 || text != "x" || string(blob) != "\x01" {
		t.Errorf("read %d, %d, %q, %x: %v", n, small, text, blob, err)
	}
	for _, test := range []struct {
		query string
		dest  []any
		want  string // in the error
	}{
		{"SELECT x'' AS a", []any{&blob}, ""},
		{"SELECT NULL AS a", []any{&blob}, ""},
		{"SELECT 'x' AS a", []any{&n}, "column a is string"},
		{"SELECT 5 AS a", []any{&text}, "column a is int64"},
		{"SELECT NULL AS a", []any{&n}, "column a is <nil>"},
		{"SELECT 5 AS a, 6 AS b", []any{&n}, "2 columns for 1 values"},
		{"SELECT 5 WHERE 1 = 2", []any{&n}, sql.ErrNoRows.Error()},
		{"SELECT", nil, "prepare"},
	} {
		err := c.row(test.query, nil, test.dest...)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.query, err, test.want)
		}
	}
	if err := c.row("SELECT ?", []any{struct{}{}}, &n); err == nil || errors.Is(err, sql.ErrNoRows) {
		t.Errorf("an argument of another type: %v", err)
	}
}

// TestQueriesAreRepeated runs one query again after it was stopped early, after its row did not fit, and
// after another connection changed its table.
func TestQueriesAreRepeated(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/a.db"
	c, err := connect(path, url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	other, err := connect(path, url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if err := errors.Join(c.exec(`CREATE TABLE a (n INTEGER)`), c.exec(`INSERT INTO a VALUES (1), (2), (3)`)); err != nil {
		t.Fatal(err)
	}
	const query = `SELECT n FROM a ORDER BY n`
	read := func(most int, dest any) (count int, err error) {
		err = c.each(query, nil, func(r *cursor) (bool, error) {
			count++
			return count < most, r.scan(dest)
		})
		return count, err
	}
	var n int64
	var text string
	if count, err := read(2, &n); count != 2 || n != 2 || err != nil {
		t.Errorf("stopped early: %d rows, the last %d: %v", count, n, err)
	}
	if count, err := read(9, &text); count != 1 || err == nil {
		t.Errorf("a number as text: %d rows: %v", count, err)
	}
	if err := errors.Join(other.exec(`ALTER TABLE a ADD COLUMN more TEXT`), other.exec(`INSERT INTO a VALUES (4, 'x')`)); err != nil {
		t.Fatal(err)
	}
	if count, err := read(9, &n); count != 4 || n != 4 || err != nil {
		t.Errorf("after a change by another connection: %d rows, the last %d: %v", count, n, err)
	}
}

// TestReadsUseTheLastReader checks that reads one after the other use one connection, whose cache is warm,
// and reads at the same time one each.
func TestReadsUseTheLastReader(t *testing.T) {
	t.Parallel()
	p := openSample(t).readers
	var outer, inner, next *conn
	err := p.with(t.Context(), func(c *conn) error {
		outer = c
		return p.with(t.Context(), func(c *conn) error {
			inner = c
			return nil
		})
	})
	if err != nil || outer == inner {
		t.Fatalf("two reads share a connection: %v, %v", outer == inner, err)
	}
	for range 3 {
		if err := p.with(t.Context(), func(c *conn) error { next = c; return nil }); err != nil || next != outer {
			t.Errorf("the connection that was used last is not used next, %v", err)
		}
	}
}
