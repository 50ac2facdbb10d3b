package storagetest

import (
	"slices"
	"testing"

	"postern/storage"
)

func pagingChecks() []check {
	return []check{
		{"paging/forth and back", forthAndBack},
		{"paging/while rows come and go", comeAndGo},
		{"paging/back to where everything went", backToNothing},
		{"paging/of nothing", pageNothing},
	}
}

func fill(t *testing.T, d storage.Docs[doc], n int) []string {
	t.Helper()
	var all []string
	for i := range n {
		put(t, d, number(i), doc{"kind": "a", "num": int64(i / 3)})
		all = append(all, number(i))
	}
	return all
}

func forthAndBack(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	all := fill(t, d, 23)
	for _, q := range []storage.Query{
		{Index: "by_num", Limit: 5},
		{Index: "by_num", Limit: 5, Descending: true},
		{Index: "by_kind_num", Equal: []any{"a"}, Limit: 4},
		{Index: "by_kind_num", Equal: []any{"a"}, From: int64(0), To: int64(100), Limit: 4, Descending: true},
	} {
		want := all
		if q.Descending {
			want = reversed(all)
		}
		forth := pages(t, d, q)
		same(t, "forth", want, slices.Concat(forth...))
		q.Cursor = lastCursor(t, d, q)
		same(t, "back", forth[:len(forth)-1], pagesBack(t, d, q))
	}
}

// pages follows Next from the first page, which must have no Previous, and returns the keys of each page.
func pages(t *testing.T, d storage.Docs[doc], q storage.Query) [][]string {
	t.Helper()
	var all [][]string
	for {
		page := find(t, d, q)
		if first := len(all) == 0; first != (page.Previous == "") {
			t.Errorf("page %d: previous %q", len(all), page.Previous)
		}
		all = append(all, keys(page))
		if page.Next == "" {
			return all
		}
		q.Cursor = page.Next
	}
}

// lastCursor returns the Previous of the last page.
func lastCursor(t *testing.T, d storage.Docs[doc], q storage.Query) string {
	t.Helper()
	for {
		page := find(t, d, q)
		if page.Next == "" {
			return page.Previous
		}
		q.Cursor = page.Next
	}
}

// pagesBack follows Previous to the first page and returns the pages in the order of the list.
func pagesBack(t *testing.T, d storage.Docs[doc], q storage.Query) [][]string {
	t.Helper()
	var all [][]string
	for q.Cursor != "" {
		page := find(t, d, q)
		if page.Next == "" {
			t.Error("a page that was gone back to has no next")
		}
		all = append(all, keys(page))
		q.Cursor = page.Previous
	}
	slices.Reverse(all)
	return all
}

// comeAndGo deletes rows around the cursor, including the cursor's own, and adds others, before each page.
func comeAndGo(t *testing.T, opener Opener) {
	engine := open(t, opener, things())
	for name, descending := range map[string]bool{"ascending": false, "descending": true} {
		t.Run(name, func(t *testing.T) {
			d := storage.Open[doc](engine, name, things())
			q := storage.Query{Index: "by_num", Limit: 4, Descending: descending}
			stay, seen := comeAndGoForth(t, d, q)
			for _, key := range stay {
				if n := count(seen, key); n != 1 {
					t.Errorf("%s, which stayed, was seen %d times", key, n)
				}
			}
			for _, key := range seen {
				if count(seen, key) > 1 {
					t.Errorf("%s was seen twice", key)
				}
			}
		})
	}
}

func comeAndGoForth(t *testing.T, d storage.Docs[doc], q storage.Query) (stay, seen []string) {
	for i := range 40 {
		put(t, d, number(i), doc{"num": int64(i * 10)})
	}
	gone := map[string]bool{}
	for step := 0; ; step++ {
		page := find(t, d, q)
		seen = append(seen, keys(page)...)
		if page.Next == "" {
			break
		}
		last := page.Hits[len(page.Hits)-1]
		num := last.Head["num"].(int64)
		for _, near := range []int64{num, num + 20, num - 20} { // the cursor's own row, and one on either side
			if key := number(int(near / 10)); near >= 0 && near < 400 && !gone[key] {
				_, read := get(t, d, key)
				if err := d.Delete(t.Context(), key, read); err != nil {
					t.Fatalf("delete %s: %v", key, err)
				}
				gone[key] = true
			}
		}
		put(t, d, "new-a-"+number(step), doc{"num": num + 1})
		put(t, d, "new-b-"+number(step), doc{"num": num - 1})
		q.Cursor = page.Next
	}
	for i := range 40 {
		if !gone[number(i)] {
			stay = append(stay, number(i))
		}
	}
	return stay, seen
}

func count(all []string, key string) int {
	n := 0
	for _, k := range all {
		if k == key {
			n++
		}
	}
	return n
}

func backToNothing(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	all := fill(t, d, 6)
	q := storage.Query{Index: "by_num", Limit: 2}
	q.Cursor = find(t, d, q).Next
	second := find(t, d, q)
	same(t, "second page", all[2:4], keys(second))
	for _, key := range all[:2] {
		_, read := get(t, d, key)
		if err := d.Delete(t.Context(), key, read); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	q.Cursor = second.Previous
	page := find(t, d, q)
	same(t, "the first page now", all[2:4], keys(page))
	if page.Previous != "" || page.Next == "" {
		t.Errorf("previous %q, next %q", page.Previous, page.Next)
	}
}

func pageNothing(t *testing.T, opener Opener) {
	page := find(t, openThings(t, opener), storage.Query{Index: "by_num", Limit: 2})
	if len(page.Hits) != 0 || page.Next != "" || page.Previous != "" {
		t.Errorf("an empty list has a page %+v", page)
	}
}
