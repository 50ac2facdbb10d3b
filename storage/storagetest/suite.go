package storagetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

// Opener opens one store with the collections; after Close it opens the same store again.
type Opener func(collections ...storage.Collection) (storage.Engine, error)

// Place sets up a fresh, empty store, which is deleted at the end of the test, and returns its Opener.
type Place func(t *testing.T) Opener

// check is one test of the suite.
type check struct {
	name string
	run  func(*testing.T, Opener)
}

// Run is the conformance suite: every engine passes it.
func Run(t *testing.T, place Place) {
	run(t, place, documentChecks())
	run(t, place, indexChecks())
	run(t, place, orderChecks())
	run(t, place, pagingChecks())
	run(t, place, cursorChecks())
	run(t, place, prefixChecks())
	run(t, place, conditionChecks())
	run(t, place, allShopsChecks())
	run(t, place, schemaChecks())
	run(t, place, counterChecks())
	run(t, place, contextChecks())
	run(t, place, walkChecks())
	run(t, place, copyChecks())
}

// RunCounters is the part of the suite about counters, for an engine that can count in several ways. With
// races it includes the race of Increment.
func RunCounters(t *testing.T, place Place, races bool) {
	checks := counterChecks()
	if races {
		checks = append(checks, check{"counters/races count exactly", raceIncrement})
	}
	run(t, place, checks)
}

func run(t *testing.T, place Place, checks []check) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.run(t, place(t)) })
	}
}

// doc is a document of the suite; it is a map so that fields can be missing or of the wrong type.
type doc = bson.M

// things returns the suite's collection: an index for each kind of field and each combination that engines
// tend to get wrong.
func things() storage.Collection {
	field := func(path string, kind storage.Kind) storage.Field {
		return storage.Field{Path: path,
			Kind: kind}
	}
	tags := storage.Field{Path: "tags", Kind: storage.String, Multi: true}
	index := func(name string, fields ...storage.Field) storage.Index {
		return storage.Index{Name: name, Fields: fields, Head: []string{"title", "num"}}
	}
	return storage.Collection{Name: "thing", Indexes: []storage.Index{
		index("by_name", field("name", storage.String)),
		index("by_num", field("num", storage.Int)),
		index("by_time", field("at", storage.Time)),
		index("by_flag", field("flag", storage.Bool)),
		index("by_kind_num", field("kind", storage.String), field("num", storage.Int)),
		index("by_kind_num_time", field("kind", storage.String), field("num", storage.Int),
			field("at", storage.Time)),
		index("by_kind_name", field("kind", storage.String), field("name", storage.String)),
		index("by_city", field("inner.city", storage.String)),
		index("by_tag", tags),
		index("by_tag_num", tags, field("num", storage.Int)),
		index("by_kind_tag", field("kind", storage.String), tags),
		index("by_score", storage.Field{Path: "scores", Kind: storage.Int, Multi: true}),
	}}
}

// open opens a store that is closed at the end of the test.
func open(t *testing.T, opener Opener, collections ...storage.Collection) storage.Engine {
	t.Helper()
	engine, err := opener(collections...)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return engine
}

// openThings opens the suite's collection in the shop "shop".
func openThings(t *testing.T, opener Opener) storage.Docs[doc] {
	t.Helper()
	return storage.Open[doc](open(t, opener, things()), "shop", things())
}

func put(t *testing.T, d storage.Docs[doc], key string, v doc) {
	t.Helper()
	if err := d.Insert(t.Context(), key, v); err != nil {
		t.Fatalf("insert %q: %v", key, err)
	}
}

func get(t *testing.T, d storage.Docs[doc], key string) (doc, storage.Version) {
	t.Helper()
	v, version, err := d.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	return v, version
}

func find(t *testing.T, d storage.Docs[doc], q storage.Query) storage.Page[doc] {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = storage.MaxLimit
	}
	page, err := storage.Find[doc](t.Context(), d, q)
	if err != nil {
		t.Fatalf("find %+v: %v", q, err)
	}
	return page
}

// list returns the keys of one page.
func list(t *testing.T, d storage.Docs[doc], q storage.Query) []string {
	t.Helper()
	return keys(find(t, d, q))
}

func keys(p storage.Page[doc]) []string {
	names := []string{}
	for _, hit := range p.Hits {
		names = append(names, hit.Key)
	}
	return names
}

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func number(i int) string { return fmt.Sprintf("%04d", i) }

func pointer(s string) *string { return &s }
