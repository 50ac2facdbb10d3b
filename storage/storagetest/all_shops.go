package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"postern/storage"
)

func allShopsChecks() []check {
	return []check{
		{"all shops/in order of the fields, then of shop and key", allShopsInOrder},
		{"all shops/page by page, both ways", allShopsPaging},
		{"all shops/a range, a prefix and equal values", allShopsQueries},
		{"all shops/a document of one shop names its own", allShopsApart},
		{"all shops/follow a replaced and a deleted document", allShopsFollow},
		{"all shops/an index added to filled shops", allShopsAdded},
	}
}

// tasks returns a collection with indexes over all shops and indexes per shop.
func tasks() storage.Collection {
	due := storage.Field{Path: "work.due", Kind: storage.Time}
	head := []string{"title"}
	return storage.Collection{Name: "task", Indexes: []storage.Index{
		{Name: "due", Fields: []storage.Field{due}, Head: head, AllShops: true},
		{Name: "state_due", Fields: []storage.Field{{Path: "state", Kind: storage.String}, due}, Head: head,
			AllShops: true},
		{Name: "todo", Fields: []storage.Field{{Path: "todo", Kind: storage.String, Multi: true}},
			AllShops: true},
		{Name: "own", Fields: []storage.Field{due}, Head: head},
	}}
}

func second(n int) time.Time { return time.Unix(int64(n), 0).UTC() }

// fillShops stores tasks of several shops with interleaved times, and returns "shop/key" in the order of
// the due index.
func fillShops(t *testing.T, engine storage.Engine, rounds int) []string {
	t.Helper()
	var want []string
	for n := range rounds {
		for _, shop := range []string{"A", "a", "a1", "b"} { // ids by bytes: "a/…" is before "a1/…"
			for _, key := range []string{"k", "k/2"} {
				key = fmt.Sprintf("%s-%d", key, n)
				put(t, storage.Open[doc](engine, shop, tasks()), key, doc{
					"title": shop + " " + key, "state": []string{"open", "done"}[n%2],
					"work": doc{"due": second(n)},
					"todo": []string{fmt.Sprintf("mail %d", n), "count"},
				})
				want = append(want, shop+"/"+key)
			}
		}
		put(t, storage.Open[doc](engine, "a", tasks()), fmt.Sprintf("idle-%d", n), doc{"title": "idle"})
	}
	return want
}

func findAll(t *testing.T, engine storage.Engine, q storage.Query) storage.Page[doc] {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = storage.MaxLimit
	}
	page, err := storage.FindAllShops[doc](t.Context(), engine, tasks(), q)
	if err != nil {
		t.Fatalf("find in all shops %+v: %v", q, err)
	}
	return page
}

func idsOf(p storage.Page[doc]) []string {
	ids := []string{}
	for _, hit := range p.Hits {
		ids = append(ids, hit.Shop+"/"+hit.Key)
	}
	return ids
}

func allShopsInOrder(t *testing.T, opener Opener) {
	engine := open(t, opener, tasks())
	want := fillShops(t, engine, 3)
	page := findAll(t, engine, storage.Query{Index: "due"})
	same(t, "ascending", want, idsOf(page))
	same(t, "descending", reversed(want),
		idsOf(findAll(t, engine, storage.Query{Index: "due", Descending: true})))
	first := storage.Hit[doc]{Shop: "A", Key: "k-0", Head: doc{"title": "A k-0"}}
	same(t, "shop, key and head", first, page.Hits[0])
}

func allShopsPaging(t *testing.T, opener Opener) {
	engine := open(t, opener, tasks())
	want := fillShops(t, engine, 3)
	for _, limit := range []int{1, 3, 8, len(want)} {
		for _, descending := range []bool{false, true} {
			q := storage.Query{Index: "due", Limit: limit, Descending: descending}
			var forth []string
			previous := ""
			for page := findAll(t, engine, q); ; page = findAll(t, engine, q) {
				forth, previous = append(forth, idsOf(page)...), page.Previous
				if q.Cursor = page.Next; q.Cursor == "" {
					break
				}
			}
			if descending {
				slices.Reverse(forth)
			}
			same(t, fmt.Sprintf("pages of %d, descending %v", limit, descending), want, forth)
			if (previous == "") != (limit == len(want)) {
				t.Errorf("pages of %d: the last one's previous is %q", limit, previous)
			}
		}
	}
}

func allShopsQueries(t *testing.T, opener Opener) {
	engine := open(t, opener, tasks())
	all := fillShops(t, engine, 4)
	mail := "mail "
	for _, c := range []struct {
		name string
		q    storage.Query
		want []string
	}{
		{"what is due", storage.Query{Index: "due", To: second(2)}, all[:16]},
		{"from one to another", storage.Query{Index: "due", From: second(1), To: second(3)}, all[8:24]},
		{"of a state, what is due", storage.Query{Index: "state_due", Equal: []any{"open"},
			To: second(2)}, all[:8]},
		{"of a state at a time", storage.Query{Index: "state_due",
			Equal: []any{"done", second(3)}}, all[24:]},
		{"with a word", storage.Query{Index: "todo", Equal: []any{"mail 1"}}, all[8:16]},
		{"with words that begin so", storage.Query{Index: "todo", Prefix: &mail}, sorted(all)},
	} {
		same(t, c.name, c.want, idsOf(findAll(t, engine, c.q)))
	}
}

// allShopsApart checks that an index over all shops gives a Docs no access to another shop, and is not read
// by mistake.
func allShopsApart(t *testing.T, opener Opener) {
	engine := open(t, opener, tasks())
	fillShops(t, engine, 2)
	own := storage.Open[doc](engine, "a", tasks())
	same(t, "its own", []string{"k-0", "k/2-0", "k-1", "k/2-1"}, list(t, own, storage.Query{Index: "own"}))
	if _, err := storage.Find[doc](t.Context(), own, storage.Query{Index: "due", Limit: 1}); err == nil {
		t.Error("a shop's own documents were listed by an index over all shops")
	}
	none := storage.Open[doc](engine, "", tasks())
	if _, err := storage.Find[doc](t.Context(), none, storage.Query{Index: "due", Limit: 1}); err == nil {
		t.Error("documents of no shop were listed by an index over all shops")
	}
	if _, err := storage.FindAllShops[doc](t.Context(), engine, tasks(),
		storage.Query{Index: "own", Limit: 1}); err == nil {
		t.Error("an index of each shop was read for all of them")
	}
	cursor := find(t, own, storage.Query{Index: "own", Limit: 1}).Next
	q := storage.Query{Index: "due", Limit: 1, Cursor: cursor}
	if _, err := storage.FindAllShops[doc](t.Context(), engine, tasks(), q); !errors.Is(err,
		storage.ErrCursor) {
		t.Errorf("a cursor of one shop's list: %v, want ErrCursor", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := storage.FindAllShops[doc](ended, engine, tasks(),
		storage.Query{Index: "due", Limit: 1}); err == nil {
		t.Error("a list with an ended context was made")
	}
}

func allShopsFollow(t *testing.T, opener Opener) {
	engine := open(t, opener, tasks())
	a, b := storage.Open[doc](engine, "a", tasks()), storage.Open[doc](engine, "b", tasks())
	for _, d := range []storage.Docs[doc]{a, b} { // the same key and time in both
		put(t, d, "k", doc{"work": doc{"due": second(5)}, "title": "old"})
	}
	_, read := get(t, a, "k")
	if err := a.Replace(t.Context(),
		"k", read, doc{"work": doc{"due": second(9)}, "title": "new"}); err != nil {
		t.Fatalf("replace: %v", err)
	}
	want := []storage.Hit[doc]{
		{Shop: "b", Key: "k", Head: doc{"title": "old"}},
		{Shop: "a", Key: "k", Head: doc{"title": "new"}},
	}
	same(t, "after a change", want, findAll(t, engine, storage.Query{Index: "due"}).Hits)
	_, read = get(t, b, "k")
	if err := b.Delete(t.Context(), "k", read); err != nil {
		t.Fatalf("delete: %v", err)
	}
	same(t, "after a deletion", want[1:], findAll(t, engine, storage.Query{Index: "due"}).Hits)
}

func allShopsAdded(t *testing.T, opener Opener) {
	index := byNum("name")
	for _, shop := range []string{"b", "a"} {
		visitShop(t, opener, shop, pieces(index), func(d storage.Docs[doc]) { putMany(t, d, 3) })
	}
	for _, over := range []bool{true, false, true} {
		index.AllShops = over
		visitShop(t, opener, "a", pieces(index), func(d storage.Docs[doc]) {
			if !over {
				same(t, "of one shop", []string{number(0), number(1), number(2)},
					list(t, d, storage.Query{Index: "listing"}))
			}
		})
	}
	engine := open(t, opener, pieces(index))
	page, err := storage.FindAllShops[doc](t.Context(), engine, pieces(index),
		storage.Query{Index: "listing", Limit: 3})
	if err != nil {
		t.Fatalf("find: %v", err)
	}
	same(t, "of all shops", []string{"a/0000", "b/0000", "a/0001"}, idsOf(page))
}
