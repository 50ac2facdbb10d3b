package storagetest

import (
	"slices"
	"strconv"
	"sync"
	"testing"

	"postern/storage"
)

func schemaChecks() []check {
	return []check{
		{"schemas/documents outlast the store's closing", outlast},
		{"schemas/an index added to a filled collection", addedIndex},
		{"schemas/an index declared otherwise", changedIndex},
		{"schemas/an index dropped and declared again", redeclaredIndex},
		{"schemas/other collections are left alone", otherCollections},
		{"schemas/a bad declaration is refused", badDeclaration},
	}
}

// pieces returns a collection with the given indexes, each over the fields in its name.
func pieces(indexes ...storage.Index) storage.Collection {
	return storage.Collection{Name: "piece", Indexes: indexes}
}

func byNum(head ...string) storage.Index {
	return storage.Index{Name: "listing",
		Fields: []storage.Field{{Path: "num", Kind: storage.Int}}, Head: head}
}

func byName(head ...string) storage.Index {
	return storage.Index{Name: "listing",
		Fields: []storage.Field{{Path: "name", Kind: storage.String}}, Head: head}
}

// visit opens the store with the collection, passes it to do, and closes it.
func visit(t *testing.T, opener Opener, c storage.Collection, do func(storage.Docs[doc])) {
	t.Helper()
	visitShop(t, opener, "shop", c, do)
}

func visitShop(t *testing.T, opener Opener, shop string, c storage.Collection, do func(storage.Docs[doc])) {
	t.Helper()
	engine, err := opener(c)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	do(storage.Open[doc](engine, shop, c))
	if err := engine.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func outlast(t *testing.T, opener Opener) {
	visit(t, opener, things(), func(d storage.Docs[doc]) { put(t, d, "k", doc{"num": int64(1)}) })
	visit(t, opener, things(), func(d storage.Docs[doc]) {
		v, _ := get(t, d, "k")
		same(t, "document", doc{"num": int64(1)}, v)
		same(t, "list", []string{"k"}, list(t, d, storage.Query{Index: "by_num"}))
	})
}

func addedIndex(t *testing.T, opener Opener) {
	const n = 1200 // more than an engine may read in one batch
	visit(t, opener, pieces(), func(d storage.Docs[doc]) { putMany(t, d, n) })
	visit(t, opener, pieces(byNum("name")), func(d storage.Docs[doc]) {
		all := walkAll(t, d, storage.Query{Index: "listing", Limit: 1000})
		if len(all) != n || !slices.IsSorted(all) {
			t.Errorf("%d rows, want %d in order", len(all), n)
		}
		page := find(t, d, storage.Query{Index: "listing", Limit: 1})
		same(t, "head", doc{"name": number(n)}, page.Hits[0].Head)
	})
}

// putMany stores n documents with descending names and ascending numbers.
func putMany(t *testing.T, d storage.Docs[doc], n int) {
	t.Helper()
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := worker; i < n; i += 8 {
				if err := d.Insert(t.Context(), number(i),
					doc{"num": int64(i), "name": number(n - i), "title": "t" + strconv.Itoa(i)}); err != nil {
					t.Errorf("insert: %v", err)
				}
			}
		})
	}
	group.Wait()
}

func changedIndex(t *testing.T, opener Opener) {
	first := storage.Query{Index: "listing", Limit: 1}
	steps := []struct {
		name  string
		index storage.Index
		want  storage.Hit[doc]
	}{
		{"as it was", byNum("name"), storage.Hit[doc]{Key: number(0), Head: doc{"name": number(9)}}},
		{"another head", byNum("title"), storage.Hit[doc]{Key: number(0), Head: doc{"title": "t0"}}},
		{"another field", byName("num"), storage.Hit[doc]{Key: number(8), Head: doc{"num": int64(8)}}},
		{"as it was again", byNum("name"), storage.Hit[doc]{Key: number(0), Head: doc{"name": number(9)}}},
	}
	visit(t, opener, pieces(byNum("name")), func(d storage.Docs[doc]) { putMany(t, d, 9) })
	for _, step := range steps {
		visit(t, opener, pieces(step.index), func(d storage.Docs[doc]) {
			same(t, step.name, []storage.Hit[doc]{step.want}, find(t, d, first).Hits)
		})
	}
}

func redeclaredIndex(t *testing.T, opener Opener) {
	visit(t, opener, pieces(byNum()), func(d storage.Docs[doc]) { putMany(t, d, 3) })
	visit(t, opener, pieces(), func(d storage.Docs[doc]) {
		_, read := get(t, d, number(0))
		if err := d.Replace(t.Context(), number(0), read, doc{"num": int64(100)}); err != nil {
			t.Fatalf("replace: %v", err)
		}
		_, read = get(t, d, number(1))
		if err := d.Delete(t.Context(), number(1), read); err != nil {
			t.Fatalf("delete: %v", err)
		}
	})
	visit(t, opener, pieces(byNum()), func(d storage.Docs[doc]) {
		same(t, "list", []string{number(2), number(0)}, list(t, d, storage.Query{Index: "listing"}))
	})
}

func otherCollections(t *testing.T, opener Opener) {
	visit(t, opener, things(), func(d storage.Docs[doc]) { put(t, d, "k", doc{"num": int64(1)}) })
	visit(t, opener, pieces(byNum()), func(d storage.Docs[doc]) { put(t, d, "p", doc{"num": int64(1)}) })
	visit(t, opener, things(), func(d storage.Docs[doc]) {
		same(t, "list", []string{"k"}, list(t, d, storage.Query{Index: "by_num"}))
	})
}

func badDeclaration(t *testing.T, opener Opener) {
	for name, index := range map[string]storage.Index{
		"a bad name":             {Name: "Bad Name", Fields: byNum().Fields},
		"no fields":              {Name: "listing"},
		"a field without a kind": {Name: "listing", Fields: []storage.Field{{Path: "num"}}},
		"two multi-valued fields": {Name: "listing",
			Fields: []storage.Field{{Path: "a", Kind: storage.Int, Multi: true},
				{Path: "b", Kind: storage.Int, Multi: true}}},
		"a name that ends the quote": {Name: `x" (`, Fields: byNum().Fields},
	} {
		if engine, err := opener(pieces(index)); err == nil {
			t.Errorf("a declaration with %s was accepted", name)
			_ = engine.Close()
		}
	}
}
