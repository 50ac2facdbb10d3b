package storagetest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

func conditionChecks() []check {
	return []check{
		{"conditions/test values of their kind", conditionKinds},
		{"conditions/page forth and back", conditionPages},
		{"conditions/are part of a cursor's query", conditionCursors},
		{"conditions/look at a bounded number of rows", conditionBound},
		{"conditions/say where a Find stopped", conditionStop},
		{"conditions/pages of a prefix", prefixPages},
		{"conditions/a prefix looks at a bounded number of rows", prefixBound},
	}
}

// marked returns a collection whose heads have fields to test.
func marked() storage.Collection {
	head := []string{"num", "x", "tags", "inner"}
	num, tags := storage.Field{Path: "num", Kind: storage.Int}, storage.Field{Path: "tags",
		Kind: storage.String, Multi: true}
	return storage.Collection{Name: "marked", Indexes: []storage.Index{
		{Name: "by_num", Fields: []storage.Field{num}, Head: head},
		{Name: "by_tag_num", Fields: []storage.Field{tags, num}, Head: head},
		{Name: "by_tag", Fields: []storage.Field{tags}, Head: head},
		{Name: "by_name", Fields: []storage.Field{{Path: "inner.name", Kind: storage.String}}, Head: head},
	}}
}

func openMarked(t *testing.T, opener Opener) (storage.Engine, storage.Docs[doc]) {
	t.Helper()
	engine := open(t, opener, marked())
	return engine, storage.Open[doc](engine, "shop", marked())
}

func conditionKinds(t *testing.T, opener Opener) {
	_, d := openMarked(t, opener)
	at := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	values := map[string]any{
		"5": int64(5), "5 small": int32(5), "-5": int64(-5), "5.0": 5.0, "text 5": "5", "true": true, "false": false,
		"empty": "", "a": "a", "ab": "ab", "A": "A", "é": "é", "NUL": "a\x00b", "dots": ".*", "dollar": "$ne", "most": int64(math.MaxInt64),
		"time": at, "millis": at.UnixMilli(), "null": nil, "list": []string{"a", "ab"}, "none": []string{},
		"mixed": bson.A{int64(5), nil, "b",
			doc{"a": "a"}}, "doc": doc{"a": "a"}, "stamp": bson.Timestamp{T: uint32(at.Unix())},
		"long": strings.Repeat("x", 3000),
	}
	for key, value := range values {
		put(t, d, key, doc{"num": int64(0), "x": value, "inner": doc{"x": value}})
	}
	put(t, d, "missing", doc{"num": int64(0)})
	put(t, d, "inner list", doc{"num": int64(0), "x": "other", "inner": bson.A{doc{"x": "a"}}})
	all := append(keysOf(values), "missing", "inner list")
	for _, c := range kindChecks(all, at) {
		for _, path := range []string{"x", "inner.x"} {
			want := c.want
			switch {
			case path != "x":
			case c.name == "there", c.name == "an empty prefix":
				want = append(slices.Clone(want), "inner list")
			case c.name == "not there":
				want = []string{"missing"}
			}
			q := storage.Query{Index: "by_num", Where: []storage.Condition{c.test(path)}}
			stored := slices.DeleteFunc(slices.Clone(want), func(key string) bool { // what the server refused
				_, _, err := d.Get(t.Context(), key)
				return err != nil
			})
			same(t, c.name+" at "+path, sorted(stored), sorted(list(t, d, q)))
		}
	}
}

// kindCheck is a condition on the field at a path, with the documents that meet it.
type kindCheck struct {
	name string
	test func(path string) storage.Condition
	want []string
}

// kindChecks returns the checks of documents with the keys all, of which one has its values at the time at.
func kindChecks(all []string, at time.Time) []kindCheck {
	without := func(some ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(key string) bool { return slices.Contains(some, key) })
	}
	return []kindCheck{
		{"a number", func(p string) storage.Condition { return storage.Is(p, int64(5)) }, []string{"5", "5 small"}},
		{"the greatest number", func(p string) storage.Condition { return storage.Is(p, int64(math.MaxInt64)) }, []string{"most"}},
		{"a text", func(p string) storage.Condition { return storage.Is(p, "a") }, []string{"a"}},
		{"nothing", func(p string) storage.Condition { return storage.Is(p, "") }, []string{"empty"}},
		{"a pattern", func(p string) storage.Condition { return storage.Is(p, ".*") }, []string{"dots"}},
		{"an operator", func(p string) storage.Condition { return storage.Is(p, "$ne") }, []string{"dollar"}},
		{"a NUL", func(p string) storage.Condition { return storage.Is(p, "a\x00b") }, []string{"NUL"}},
		{"a long text", func(p string) storage.Condition { return storage.Is(p, strings.Repeat("x", 3000)) }, []string{"long"}},
		{"true", func(p string) storage.Condition { return storage.Is(p, true) }, []string{"true"}},
		{"false", func(p string) storage.Condition { return storage.Is(p, false) }, []string{"false"}},
		{"a time", func(p string) storage.Condition { return storage.Is(p, at.In(time.FixedZone("", 3600))) }, []string{"time"}},
		{"one of several", func(p string) storage.Condition { return storage.Is(p, "a", int64(5), "é") }, []string{"a", "5", "5 small", "é"}},
		{"a range", func(p string) storage.Condition { return storage.Between(p, int64(-5), int64(6)) }, []string{"-5", "5", "5 small"}},
		{"a range without its end", func(p string) storage.Condition { return storage.Between(p, int64(-5), int64(5)) }, []string{"-5"}},
		{"an open range", func(p string) storage.Condition { return storage.Between(p, int64(6), nil) }, []string{"millis", "most"}},
		{"an open beginning", func(p string) storage.Condition { return storage.Between(p, nil, at.Add(1e6)) }, []string{"time"}},
		{"a range of times", func(p string) storage.Condition { return storage.Between(p, at, at) }, []string{}},
		{"texts in a range", func(p string) storage.Condition { return storage.Between(p, "a", "b") }, []string{"a", "ab", "NUL"}},
		{"a prefix", func(p string) storage.Condition { return storage.HasPrefix(p, "a") }, []string{"a", "ab", "NUL"}},
		{"a prefix like a pattern", func(p string) storage.Condition { return storage.HasPrefix(p, ".") }, []string{"dots"}},
		{"an empty prefix", func(p string) storage.Condition { return storage.HasPrefix(p, "") },
			[]string{"text 5", "empty", "a", "ab", "A", "é", "NUL", "dots", "dollar", "long"}},
		{"an element", func(p string) storage.Condition { return storage.Has(p, "ab") }, []string{"list"}},
		{"one of several elements", func(p string) storage.Condition { return storage.Has(p, int64(5), "ab") }, []string{"list", "mixed"}},
		{"a word", func(p string) storage.Condition { return storage.HasWord(p, "b") }, []string{"mixed"}},
		{"the beginning of a word", func(p string) storage.Condition { return storage.HasWord(p, "a") }, []string{"list"}},
		{"there", func(p string) storage.Condition { return storage.Exists(p, true) }, without("missing", "inner list")},
		{"not there", func(p string) storage.Condition { return storage.Exists(p, false) }, []string{"missing", "inner list"}},
	}
}

// fillMarked stores n documents: each third has an odd x, each fifth the tag "five".
func fillMarked(t *testing.T, d storage.Docs[doc], n int) {
	t.Helper()
	var group sync.WaitGroup
	for part := range 8 {
		group.Go(func() {
			for i := part; i < n; i += 8 {
				made := doc{"num": int64(i / 2), "x": int64(i % 3), "tags": []string{"all", fmt.Sprint("t", i%5),
					fmt.Sprint("tt", i%7)}}
				if err := d.Insert(t.Context(), number(i), made); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

func conditionPages(t *testing.T, opener Opener) {
	engine, d := openMarked(t, opener)
	fillMarked(t, d, 120)
	var want []string
	for i := range 120 {
		if i%3 == 1 && i%5 == 2 {
			want = append(want, number(i))
		}
	}
	where := []storage.Condition{storage.Is("x", int64(1)), storage.Has("tags", "t2")}
	for _, q := range []storage.Query{
		{Index: "by_num", Where: where},
		{Index: "by_num", Where: where, Descending: true},
		{Index: "by_num", Where: where, From: int64(0), To: int64(60)},
		{Index: "by_tag_num", Equal: []any{"t2"}, Where: where[:1]},
		{Index: "by_tag_num", Equal: []any{"t2"}, Where: where[:1], Descending: true},
	} {
		in := want
		if q.Descending {
			in = reversed(want)
		}
		for _, limit := range []int{1, 3, len(want), 100} {
			q.Limit, q.Cursor = limit, ""
			forth := pages(t, d, q)
			same(t, "forth", in, slices.Concat(forth...))
			if q.Cursor = lastCursor(t, d, q); q.Cursor != "" {
				same(t, "back", forth[:len(forth)-1], pagesBack(t, d, q))
			}
		}
	}
	none := find(t, d, storage.Query{Index: "by_num", Where: []storage.Condition{storage.Is("x", int64(9))}})
	if len(none.Hits) > 0 || none.Next != "" || none.Previous != "" || none.Partial {
		t.Errorf("what nothing meets is %+v", none)
	}
	other := storage.Open[doc](engine, "shop2", marked())
	same(t, "another shop", []string{}, list(t, other, storage.Query{Index: "by_num", Where: where}))
}

func conditionCursors(t *testing.T, opener Opener) {
	_, d := openMarked(t, opener)
	fillMarked(t, d, 20)
	q := storage.Query{Index: "by_num", Where: []storage.Condition{storage.Is("x", int64(1))}, Limit: 2}
	q.Cursor = find(t, d, q).Next
	for name, where := range map[string][]storage.Condition{
		"none": nil, "another value": {storage.Is("x", int64(2))}, "another kind": {storage.Is("x", "1")},
		"another field": {storage.Is("num", int64(1))}, "another operator": {storage.Has("x", int64(1))},
		"one more": {storage.Is("x", int64(1)), storage.Exists("x", true)},
		"a range":  {storage.Between("x", int64(1), nil)}, "the end of a range": {storage.Between("x", nil,
			int64(1))},
	} {
		edited := q
		edited.Where = where
		refused(t, name, d, edited)
	}
	prefix := "t"
	p := storage.Query{Index: "by_tag", Prefix: &prefix, Limit: 2}
	p.Cursor = find(t, d, p).Next
	longer := "tt"
	p.Prefix = &longer
	refused(t, "another prefix", d, p)
}

// conditionBound scans with every bound, both ways and from every position where a scan stopped.
func conditionBound(t *testing.T, opener Opener) {
	engine, d := openMarked(t, opener)
	const n = 60
	fillMarked(t, d, n)
	for look := 1; look < n+2; look += 3 {
		for _, descending := range []bool{false, true} {
			scan := storage.Scan{Index: marked().Indexes[0], Shop: "shop", Limit: 3, Look: look,
				Descending: descending,
				Where:      []storage.Condition{storage.Is("x", int64(2)), storage.HasWord("tags", "t4")}}
			var got, want []string
			for i := range n {
				if i%3 == 2 && (i%5 == 4) {
					want = append(want, "shop/"+number(i))
				}
			}
			if descending {
				slices.Reverse(want)
			}
			for {
				rows, err := engine.Scan(t.Context(), "marked", scan)
				if err != nil {
					t.Fatal(err)
				}
				if len(rows) == 0 {
					break
				}
				for _, row := range rows {
					if !row.Stop {
						got = append(got, row.ID)
					}
				}
				last := rows[len(rows)-1].Position
				if scan.After != nil && last.ID == scan.After.ID {
					t.Fatalf("look %d: the scan does not go on", look)
				}
				if distance := distanceOf(t, scan.After, last, n, descending); distance > look {
					t.Fatalf("look %d: the scan went on for %d rows", look, distance)
				}
				scan.After = &last
			}
			same(t, fmt.Sprint("look ", look, descending), want, got)
		}
	}
}

// distanceOf returns the number of rows between two positions of fillMarked's documents.
func distanceOf(t *testing.T, after *storage.Position, last storage.Position, n int, descending bool) int {
	t.Helper()
	at := func(id string) (i int) {
		if _, err := fmt.Sscanf(id, "shop/%d", &i); err != nil {
			t.Fatal(err)
		}
		return i
	}
	start := -1
	if descending {
		start = n
	}
	if after != nil {
		start = at(after.ID)
	}
	return max(at(last.ID)-start, start-at(last.ID))
}

// conditionStop walks a list in which only the first and the last row meet the condition.
func conditionStop(t *testing.T, opener Opener) {
	_, d := openMarked(t, opener)
	const n = storage.MaxLook + 50
	fillMarked(t, d, n)
	put(t, d, "first", doc{"num": int64(-1), "x": "rare"})
	put(t, d, "last", doc{"num": int64(n), "x": "rare"})
	q := storage.Query{Index: "by_num", Where: []storage.Condition{storage.Is("x", "rare")}, Limit: 5}
	first := find(t, d, q)
	same(t, "first page", []string{"first"}, keys(first))
	if !first.Partial || first.Next == "" || first.Previous != "" {
		t.Fatalf("the first page is partial %v, next %q, previous %q", first.Partial, first.Next, first.Previous)
	}
	q.Cursor = first.Next
	second := find(t, d, q)
	same(t, "second page", []string{"last"}, keys(second))
	if second.Partial || second.Next != "" || second.Previous == "" {
		t.Fatalf("the second page is partial %v, next %q, previous %q", second.Partial, second.Next,
			second.Previous)
	}
	q.Cursor = second.Previous
	back := find(t, d, q)
	for step := 0; len(back.Hits) == 0 && back.Previous != "" && step < 3; step++ {
		if !back.Partial || back.Next == "" {
			t.Fatalf("an empty page on the way back is partial %v, next %q", back.Partial, back.Next)
		}
		q.Cursor = back.Previous
		back = find(t, d, q)
	}
	same(t, "back", []string{"first"}, keys(back))
}

// prefixPages reads pages of documents that have several words with the prefix: each is found once.
func prefixPages(t *testing.T, opener Opener) {
	_, d := openMarked(t, opener)
	fillMarked(t, d, 70)
	for prefix, want := range map[string]int{"t": 70, "tt": 70, "tt3": 10, "all": 70, "x": 0, "": 70} {
		for _, limit := range []int{1, 7, 100} {
			q := storage.Query{Index: "by_tag", Prefix: &prefix, Limit: limit}
			got := walkAll(t, d, q)
			if distinct := slices.Compact(sorted(got)); len(got) != want || len(distinct) != want {
				t.Errorf("prefix %q by %d: %d documents, %d of them different; want %d", prefix, limit, len(got),
					len(distinct), want)
			}
		}
	}
	prefix := "tt3"
	q := storage.Query{Index: "by_tag", Prefix: &prefix, Limit: 2,
		Where: []storage.Condition{storage.HasWord("tags", "t1")}}
	same(t, "with a condition", []string{"0031", "0066"}, walkAll(t, d, q))
	name := "n"
	put(t, d, "b", doc{"num": int64(1), "inner": doc{"name": "n1"}})
	put(t, d, "a", doc{"num": int64(1), "inner": doc{"name": "n2"}})
	same(t, "of a field with one value", []string{"b", "a"}, walkAll(t, d, storage.Query{Index: "by_name",
		Prefix: &name, Limit: 1}))
}

func prefixBound(t *testing.T, opener Opener) {
	engine, d := openMarked(t, opener)
	fillMarked(t, d, 40)
	prefix := "t"
	want := walkAll(t, d, storage.Query{Index: "by_tag", Prefix: &prefix, Limit: 100,
		Where: []storage.Condition{storage.Is("x", int64(1))}})
	for _, look := range []int{1, 2, 7, 39, 1000} {
		scan := storage.Scan{Index: marked().Indexes[2], Shop: "shop", Prefix: &prefix, Limit: 3, Look: look,
			Where: []storage.Condition{storage.Is("x", int64(1))}}
		var got []string
		for steps := 0; ; steps++ {
			rows, err := engine.Scan(t.Context(), "marked", scan)
			if err != nil || steps > 200 {
				t.Fatalf("step %d: %v", steps, err)
			}
			if len(rows) == 0 {
				break
			}
			for _, row := range rows {
				if !row.Stop {
					got = append(got, strings.TrimPrefix(row.ID, "shop/"))
				}
			}
			scan.After = &rows[len(rows)-1].Position
		}
		same(t, fmt.Sprint("look ", look), sorted(want), sorted(got))
	}
}
