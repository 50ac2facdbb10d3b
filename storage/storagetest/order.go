package storagetest

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/storage"
)

func orderChecks() []check {
	return []check{
		{"order/strings by bytes", stringOrder},
		{"order/numbers to both ends", numberOrder},
		{"order/times by milliseconds", timeOrder},
		{"order/false before true", flagOrder},
		{"order/range ends", rangeEnds},
		{"order/further fields, then the id", ties},
	}
}

// inOrder stores one document per value, in ascending order, and checks the list in both directions, every
// range between two values, and paging one by one.
func inOrder[V any](t *testing.T, d storage.Docs[doc], index, field string, values []V) {
	t.Helper()
	var want []string
	for i, v := range values {
		// Keys descend while values ascend, so that ordering by key would show.
		key := number(len(values) - i)
		put(t, d, key, doc{field: v})
		want = append(want, key)
	}
	same(t, "ascending", want, list(t, d, storage.Query{Index: index}))
	same(t, "descending", reversed(want), list(t, d, storage.Query{Index: index, Descending: true}))
	same(t, "page by page", want, walkAll(t, d, storage.Query{Index: index, Limit: 1}))
	same(t, "page by page down", reversed(want),
		walkAll(t, d, storage.Query{Index: index, Limit: 2, Descending: true}))
	for i, v := range values {
		same(t, "equal", []string{want[i]}, list(t, d, storage.Query{Index: index, Equal: []any{v}}))
		same(t, "from", want[i:], list(t, d, storage.Query{Index: index, From: v}))
		same(t, "to", append([]string{}, want[:i]...), list(t, d, storage.Query{Index: index, To: v}))
	}
}

func stringOrder(t *testing.T, opener Opener) {
	long := strings.Repeat("x", 3000)
	inOrder(t, openThings(t, opener), "by_name", "name", sorted([]string{
		"", "\x00", "\x00a", " ", "$", "10", "9", "A", "B", "Z", "a", "a\x00", "a\x00b", "a ", "aa", "ab",
		"b", "z", "É", "é", "e\u0301",
		"ž", "\uffff", "\ufffd", "\U0001f600", "\U0010ffff", long, long + "a", long + "b",
	}))
}

func numberOrder(t *testing.T, opener Opener) {
	inOrder(t, openThings(t, opener), "by_num", "num", []int64{
		math.MinInt64, math.MinInt64 + 1, -1 << 53, -1<<53 + 1, -10, -9, -1, 0, 1, 9, 10,
		1 << 53, 1<<53 + 1, 1<<53 + 2, math.MaxInt64 - 1, math.MaxInt64,
	})
}

func timeOrder(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	inOrder(t, d, "by_time", "at", []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 998e6, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC),
		time.Unix(0, 0).UTC(),
		time.UnixMilli(1).UTC(),
		time.Date(2024, 3, 31, 3, 0, 0, 0, time.FixedZone("CEST", 7200)), // 01:00 UTC, before the next line
		time.Date(2024, 3, 31, 1, 0, 0, 1e6, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
	})
	below := time.Date(1969, 12, 31, 23, 59, 59, 998_999_999, time.UTC)
	got := list(t, d, storage.Query{Index: "by_time", Equal: []any{below}})
	same(t, "what is below a millisecond is cut", []string{number(7)}, got)
}

func flagOrder(t *testing.T, opener Opener) {
	inOrder(t, openThings(t, opener), "by_flag", "flag", []bool{false, true})
}

func rangeEnds(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	for i := range 10 {
		put(t, d, number(i), doc{"kind": "a", "num": int64(i)})
		put(t, d, "b"+number(i), doc{"kind": "b", "num": int64(i)})
	}
	for _, c := range []struct {
		name     string
		from, to any
		want     []string
	}{
		{"from is inside, to is not", int64(3), int64(5), []string{number(3), number(4)}},
		{"of one", int64(3), int64(4), []string{number(3)}},
		{"empty", int64(3), int64(3), []string{}},
		{"inverted", int64(5), int64(3), []string{}},
		{"beyond the top", int64(10), nil, []string{}},
		{"below the bottom", nil, int64(0), []string{}},
		{"over the top", int64(9), int64(math.MaxInt64), []string{number(9)}},
		{"under the bottom", int64(math.MinInt64), int64(1), []string{number(0)}},
	} {
		q := storage.Query{Index: "by_kind_num", Equal: []any{"a"}, From: c.from, To: c.to}
		same(t, c.name, c.want, list(t, d, q))
		q.Descending = true
		same(t, c.name+", descending", reversed(c.want), list(t, d, q))
		q.Limit = 1
		same(t, c.name+", descending, by one", reversed(c.want), walkAll(t, d, q))
	}
}

func ties(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	ids := sorted([]string{"10", "9", "A", "a", "a/b", "B", "é", "z", "😀"})
	var want []string
	for num := range 3 {
		for _, id := range ids {
			key := id + "-" + number(num)
			put(t, d, key, doc{"kind": "a", "num": int64(num)})
			want = append(want, key)
		}
	}
	q := storage.Query{Index: "by_kind_num", Equal: []any{"a"}}
	for _, limit := range []int{1, 2, 4, len(ids), 100} {
		q.Limit, q.Descending = limit, false
		same(t, "ascending", want, walkAll(t, d, q))
		q.Descending = true
		same(t, "descending", reversed(want), walkAll(t, d, q))
	}
	q = storage.Query{Index: "by_kind_num", Equal: []any{"a", int64(1)}, Limit: 2}
	same(t, "within one tie", want[len(ids):2*len(ids)], walkAll(t, d, q))
}

// walkAll follows Next to the end.
func walkAll(t *testing.T, d storage.Docs[doc], q storage.Query) []string {
	t.Helper()
	all := []string{}
	for {
		page := find(t, d, q)
		all = append(all, keys(page)...)
		if page.Next == "" {
			return all
		}
		if len(all) > 10_000 {
			t.Fatal("the list has no end")
		}
		q.Cursor = page.Next
	}
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func reversed(s []string) []string {
	s = append([]string{}, s...)
	slices.Reverse(s)
	return s
}

func keysOf(m map[string]any) []string { return slices.Collect(maps.Keys(m)) }
