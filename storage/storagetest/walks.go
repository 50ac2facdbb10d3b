package storagetest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/storage"
)

func walkChecks() []check {
	return []check{
		{"walks/go through every shop in the order of ids", walkShops},
		{"walks/end early when documents are large", walkLarge},
		{"clock/is that of the store", clock},
	}
}

// operable is an engine with the methods that copying and checking need.
type operable interface {
	storage.Engine
	storage.Walker
}

func openOperable(t *testing.T, opener Opener, collections ...storage.Collection) operable {
	t.Helper()
	engine, ok := open(t, opener, collections...).(operable)
	if !ok {
		t.Fatal("the engine cannot be walked through")
	}
	return engine
}

// walk returns the whole collection, read in steps of at most limit entries.
func walk(t *testing.T, w storage.Walker, collection string, limit int) []storage.Entry {
	t.Helper()
	var all []storage.Entry
	for after := ""; ; after = all[len(all)-1].ID {
		page, err := w.Walk(t.Context(), collection, storage.Walk{After: after, Limit: limit, Bodies: true})
		if err != nil {
			t.Fatalf("walk: %v", err)
		}
		if len(page) == 0 {
			return all
		}
		if len(page) > limit {
			t.Fatalf("a stretch of %d for a limit of %d", len(page), limit)
		}
		all = append(all, page...)
	}
}

func walkShops(t *testing.T, opener Opener) {
	engine := openOperable(t, opener, things())
	var want []string
	for _, shop := range []string{"b", "a", "a1", "B", "á"} {
		d := storage.Open[doc](engine, shop, things())
		for _, key := range []string{"k", "K", "k/2", "é", "-"} {
			put(t, d, key, doc{"title": shop + key})
			want = append(want, shop+"/"+key)
		}
	}
	slices.Sort(want)
	for _, limit := range []int{1, 4, 25, 1000} {
		var ids []string
		for _, e := range walk(t, engine, "thing", limit) {
			ids = append(ids, e.ID)
			raw, err := engine.Get(t.Context(), "thing", e.ID)
			if err != nil || string(raw) != string(e.Doc) || e.Version != storage.VersionOf(raw) ||
				e.Version.N != 1 {
				t.Errorf("%s comes as %v, and is %v, %v", e.ID, e, raw, err)
			}
		}
		same(t, "ids", want, ids)
	}
	page, err := engine.Walk(t.Context(), "thing", storage.Walk{After: "b", Limit: 2})
	if err != nil || len(page) != 2 || page[0].ID != "b/-" || page[0].Doc != nil ||
		page[0].Version.Mark == "" {
		t.Errorf("versions behind %q: %v, %v", "b", page, err)
	}
	if n, err := engine.Count(t.Context(), "thing"); err != nil || n != int64(len(want)) {
		t.Errorf("count %d, %v", n, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.Walk(ended, "thing", storage.Walk{Limit: 1}); err == nil {
		t.Error("a walk with an ended context went on")
	}
	if _, err := engine.Walk(t.Context(), "other", storage.Walk{Limit: 1}); err == nil {
		t.Error("a collection that was not declared was walked through")
	}
}

func walkLarge(t *testing.T, opener Opener) {
	engine := openOperable(t, opener, things())
	d := storage.Open[doc](engine, "shop", things())
	body := strings.Repeat("x", 6<<20)
	for i := range 4 {
		put(t, d, number(i), doc{"body": body})
	}
	page, err := engine.Walk(t.Context(), "thing", storage.Walk{Limit: 4, Bodies: true})
	if err != nil || len(page) != 3 {
		t.Errorf("%d documents of 6 MiB in a stretch, %v; want 3", len(page), err)
	}
}

func clock(t *testing.T, opener Opener) {
	engine, ok := open(t, opener, things()).(storage.Clock)
	if !ok {
		t.Fatal("the engine has no clock")
	}
	now, err := engine.Clock(t.Context())
	if off := time.Since(now).Abs(); err != nil || off > time.Minute {
		t.Errorf("the store's clock says %v, %v off ours, %v", now, off, err)
	}
}
