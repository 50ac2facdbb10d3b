package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/storage"
)

func sample() storage.Collection {
	return storage.Collection{Name: "order", Indexes: []storage.Index{
		{Name: "listing", Head: []string{"title"}, Fields: []storage.Field{
			{Path: "a", Kind: storage.String}, {Path: "b", Kind: storage.Int},
			{Path: "c", Kind: storage.Time},
		}},
		{Name: "tags", Head: []string{"title"},
			Fields: []storage.Field{{Path: "tags", Kind: storage.String, Multi: true}}},
	}}
}

// planned returns sample with additional indexes over all shops.
func planned() storage.Collection {
	c := sample()
	due := []storage.Field{{Path: "a", Kind: storage.String}, {Path: "c", Kind: storage.Time}}
	c.Indexes = append(c.Indexes,
		storage.Index{Name: "due", AllShops: true, Fields: due},
		storage.Index{Name: "todo", AllShops: true, Fields: c.Indexes[1].Fields})
	return c
}

func openSample(t *testing.T) *Store {
	t.Helper()
	return openWith(t, sample())
}

func openWith(t *testing.T, c storage.Collection) *Store {
	t.Helper()
	s, err := Open(t.Context(), t.TempDir(), c)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

func text(s string) storage.Value   { return storage.Value{Kind: storage.String, Text: s} }
func num(n int64) storage.Value     { return storage.Value{Kind: storage.Int, Num: n} }
func instant(n int64) storage.Value { return storage.Value{Kind: storage.Time, Num: n} }

func position(values ...storage.Value) *storage.Position {
	return &storage.Position{Values: values, ID: "s/k"}
}

type plan struct {
	name     string
	scan     storage.Scan
	up, down string // SQLite's search constraints in each direction
}

func plans() []plan {
	listing, tags := sample().Indexes[0], sample().Indexes[1]
	due, todo := planned().Indexes[2], planned().Indexes[3]
	one, five, prefix := num(1), num(5), "p"
	now := instant(9)
	a, ab := []storage.Value{text("x")}, []storage.Value{text("x"), num(3)}
	abc := append(ab[:2:2], instant(7))
	return []plan{
		{name: "all", scan: storage.Scan{Index: listing}, up: "shop=?"},
		{name: "all after", scan: storage.Scan{Index: listing,
			After: position(text("x"), num(3), instant(7))},
			up: "shop=? AND (f0,f1,f2,id)>(?,?,?,?)", down: "shop=? AND (f0,f1,f2,id)<(?,?,?,?)"},
		{name: "one value", scan: storage.Scan{Index: listing, Equal: a}, up: "shop=? AND f0=?"},
		{name: "one value after", scan: storage.Scan{Index: listing, Equal: a,
			After: position(num(3), instant(7))},
			up: "shop=? AND f0=? AND (f1,f2,id)>(?,?,?)", down: "shop=? AND f0=? AND (f1,f2,id)<(?,?,?)"},
		{name: "range", scan: storage.Scan{Index: listing, Equal: a, From: &one, To: &five},
			up: "shop=? AND f0=? AND f1>? AND f1<?"},
		{name: "range after", scan: storage.Scan{Index: listing, Equal: a, From: &one, To: &five,
			After: position(num(3), instant(7))},
			up:   "shop=? AND f0=? AND (f1,f2,id)>(?,?,?) AND f1<?",
			down: "shop=? AND f0=? AND f1>? AND (f1,f2,id)<(?,?,?)"},
		{name: "all values", scan: storage.Scan{Index: listing, Equal: abc},
			up: "shop=? AND f0=? AND f1=? AND f2=?"},
		{name: "all values after", scan: storage.Scan{Index: listing, Equal: abc, After: position()},
			up:   "shop=? AND f0=? AND f1=? AND f2=? AND id>?",
			down: "shop=? AND f0=? AND f1=? AND f2=? AND id<?"},
		{name: "prefix", scan: storage.Scan{Index: tags, Prefix: &prefix}, up: "shop=? AND f0>? AND f0<?"},
		{name: "of all shops, due", scan: storage.Scan{Index: due, Equal: a, To: &now}, up: "f0=? AND f1<?"},
		{name: "of all shops, after", scan: storage.Scan{Index: due, Equal: a, To: &now,
			After: position(instant(7))},
			up: "f0=? AND (f1,id)>(?,?) AND f1<?", down: "f0=? AND (f1,id)<(?,?)"},
		{name: "of all shops, prefix", scan: storage.Scan{Index: todo, Prefix: &prefix}, up: "f0>? AND f0<?"},
		{name: "element", scan: storage.Scan{Index: tags, Equal: a}, up: "shop=? AND f0=?"},
	}
}

func TestEveryScanIsOneRangeOfThePrimaryKey(t *testing.T) {
	t.Parallel()
	s := openWith(t, planned())
	for _, p := range plans() {
		for _, descending := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/descending %v", p.name, descending), func(t *testing.T) {
				want := p.up
				if descending && p.down != "" {
					want = p.down
				}
				p.scan.Shop, p.scan.Limit, p.scan.Descending = "s", 20, descending
				table := "order__" + p.scan.Index.Name
				diff := cmp.Diff([]string{fmt.Sprintf("SEARCH %s USING PRIMARY KEY (%s)", table, want)},
					explain(t, s, p.scan))
				if diff != "" {
					t.Errorf("plan (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func explain(t *testing.T, s *Store, scan storage.Scan) []string {
	t.Helper()
	walk, err := s.collections["order"].walk(scan)
	if err != nil {
		t.Fatalf("walk: %v", err)
	}
	var steps []string
	err = s.readers.with(t.Context(), func(c *conn) error {
		return c.each("EXPLAIN QUERY PLAN "+walk.query, walk.args, func(r *cursor) (bool, error) {
			var id, parent, unused int
			var detail string
			err := r.scan(&id, &parent, &unused, &detail)
			steps = append(steps, detail)
			return true, err
		})
	})
	if err != nil {
		t.Fatalf("explain %s: %v", walk.query, err)
	}
	return steps
}

// TestAForgedPositionStaysInTheRange checks that a position outside the query's range, which can only come
// from a forged cursor, does not widen the range.
func TestAForgedPositionStaysInTheRange(t *testing.T) {
	t.Parallel()
	s := openSample(t)
	docs := storage.Open[map[string]any](s, "s", sample())
	for i := range int64(9) {
		if err := docs.Insert(t.Context(), fmt.Sprint(i),
			map[string]any{"tags": []string{}, "a": "x", "b": i, "c": timeAt(i)}); err != nil {
			t.Fatalf("insert: %v", err)
		}
	}
	from, to := num(3), num(6)
	for _, c := range []struct {
		at         int64
		descending bool
		want       string
	}{
		{-1, false, "3 4 5"}, {2, false, "3 4 5"}, {3, false, "4 5"}, {5, false, ""},
		{6, false, ""}, {8, false, ""},
		{8, true, "5 4 3"}, {6, true, "5 4 3"}, {5, true, "4 3"}, {3, true, ""},
		{2, true, ""}, {-1, true, ""},
	} {
		after := &storage.Position{Values: []storage.Value{num(c.at), instant(c.at)},
			ID: fmt.Sprintf("s/%d", c.at)}
		rows, err := s.Scan(t.Context(), "order", storage.Scan{
			Index: sample().Indexes[0], Shop: "s", Equal: []storage.Value{text("x")}, From: &from, To: &to,
			After: after, Descending: c.descending, Limit: 10,
		})
		if err != nil {
			t.Fatalf("scan: %v", err)
		}
		var got []string
		for _, row := range rows {
			got = append(got, strings.TrimPrefix(row.ID, "s/"))
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("after %d, descending %v (-want +got):\n%s", c.at, c.descending, diff)
		}
	}
}
