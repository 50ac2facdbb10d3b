package storagetest

import (
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

func indexChecks() []check {
	return []check{
		{"indexes/only values of the kind stand in them", kinds},
		{"indexes/every field must have a value", everyField},
		{"indexes/follow a replaced document", followReplace},
		{"indexes/multi-valued fields", multiValued},
		{"indexes/heads hold the declared fields", heads},
	}
}

// kindCase puts documents that differ in one field into an index and lists which of them it contains.
type kindCase struct {
	index, field string
	probe        any // a value to ask for with Equal
	in, matching map[string]any
	out          map[string]any
}

func kindCases() []kindCase {
	at := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	return []kindCase{
		{
			index: "by_num", field: "num", probe: int64(5),
			in:       map[string]any{"int64": int64(5), "int32": int32(5), "negative": int64(-5)},
			matching: map[string]any{"int64": nil, "int32": nil},
			out: map[string]any{"null": nil, "string": "5", "double": 5.0, "bool": true,
				"array": []int64{5}, "time": at, "doc": doc{"a": 5}},
		},
		{
			index: "by_name", field: "name", probe: "x",
			in:       map[string]any{"string": "x", "empty": ""},
			matching: map[string]any{"string": nil},
			out: map[string]any{"null": nil, "number": int64(1), "array": []string{"x"},
				"symbol": bson.Symbol("x"), "bytes": []byte("x"), "doc": doc{"x": "x"}},
		},
		{
			index: "by_time", field: "at", probe: at,
			in:       map[string]any{"time": at, "zone": at.In(time.FixedZone("", 3600))},
			matching: map[string]any{"time": nil, "zone": nil},
			out: map[string]any{"null": nil, "number": at.UnixMilli(), "array": []time.Time{at},
				"stamp": bson.Timestamp{T: uint32(at.Unix())}, "text": at.Format(time.RFC3339)},
		},
		{
			index: "by_flag", field: "flag", probe: true,
			in:       map[string]any{"true": true, "false": false},
			matching: map[string]any{"true": nil},
			out:      map[string]any{"null": nil, "one": int64(1), "array": []bool{true}, "text": "true"},
		},
		{
			index: "by_city", field: "inner", probe: "x",
			in:       map[string]any{"document": doc{"city": "x"}, "beside": doc{"city": "y", "a": 1}},
			matching: map[string]any{"document": nil},
			out: map[string]any{"null": nil, "text": "x", "without": doc{"town": "x"},
				"array": bson.A{doc{"city": "x"}}, "deeper": doc{"city": doc{"city": "x"}},
				"null inside": doc{"city": nil}, "array inside": doc{"city": []string{"x"}}},
		},
		{
			index: "by_tag", field: "tags", probe: "x",
			in: map[string]any{"array": []string{"x", "y"}, "mixed": bson.A{1, nil, "x"},
				"other": []string{"y"}},
			matching: map[string]any{"array": nil, "mixed": nil},
			out: map[string]any{"null": nil, "empty": []string{}, "text": "x", "numbers": []int64{1},
				"nested": bson.A{bson.A{"x"}}, "doc": doc{"0": "x"}},
		},
	}
}

func kinds(t *testing.T, opener Opener) {
	engine := open(t, opener, things())
	for _, c := range kindCases() {
		t.Run(c.index, func(t *testing.T) { c.check(t, storage.Open[doc](engine, c.index, things())) })
	}
}

func (c kindCase) check(t *testing.T, d storage.Docs[doc]) {
	put(t, d, "missing", doc{"title": "missing"})
	for _, group := range []map[string]any{c.in, c.out} {
		for key, value := range group {
			put(t, d, key, doc{c.field: value})
		}
	}
	all := storage.Query{Index: c.index}
	if c.field == "tags" {
		all.Prefix = pointer("")
	}
	same(t, "those in the index", sorted(keysOf(c.in)), sorted(list(t, d, all)))
	got := list(t, d, storage.Query{Index: c.index, Equal: []any{c.probe}})
	same(t, "those that match", sorted(keysOf(c.matching)), sorted(got))
}

func everyField(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	at := time.UnixMilli(0)
	put(t, d, "all", doc{"kind": "a", "num": int64(1), "at": at})
	put(t, d, "no kind", doc{"num": int64(1), "at": at})
	put(t, d, "no num", doc{"kind": "a", "at": at})
	put(t, d, "no time", doc{"kind": "a", "num": int64(1)})
	put(t, d, "null time", doc{"kind": "a", "num": int64(1), "at": nil})
	put(t, d, "text as time", doc{"kind": "a", "num": int64(1), "at": "1970"})
	for what, equal := range map[string][]any{
		"no value": nil, "one value": {"a"}, "two values": {"a", int64(1)},
		"three values": {"a", int64(1), at},
	} {
		same(t, what, []string{"all"}, list(t, d, storage.Query{Index: "by_kind_num_time", Equal: equal}))
	}
	same(t, "descending", []string{"all"},
		list(t, d, storage.Query{Index: "by_kind_num_time", Equal: []any{"a"}, Descending: true}))
	same(t, "in a range", []string{"all"},
		list(t, d, storage.Query{Index: "by_kind_num_time", Equal: []any{"a"}, From: int64(0)}))
}

func followReplace(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	put(t, d, "k", doc{"num": int64(1), "title": "one", "tags": []string{"a", "b"}})
	change := func(next doc) {
		_, read := get(t, d, "k")
		if err := d.Replace(t.Context(), "k", read, next); err != nil {
			t.Fatalf("replace: %v", err)
		}
	}
	change(doc{"num": int64(2), "title": "two", "tags": []string{"b", "c"}})
	for tag, want := range map[string][]string{"a": {}, "b": {"k"}, "c": {"k"}} {
		same(t, "tag "+tag, want, list(t, d, storage.Query{Index: "by_tag", Equal: []any{tag}}))
	}
	page := find(t, d, storage.Query{Index: "by_tag", Equal: []any{"b"}})
	same(t, "head of a row that stayed", doc{"num": int64(2), "title": "two"}, page.Hits[0].Head)
	same(t, "old number", []string{}, list(t, d, storage.Query{Index: "by_num", To: int64(2)}))
	same(t, "new number", []string{"k"}, list(t, d, storage.Query{Index: "by_num", From: int64(2)}))
	change(doc{"title": "none"})
	same(t, "after the fields went", []string{}, list(t, d, storage.Query{Index: "by_num"}))
	same(t, "after the tags went",
		[]string{}, list(t, d, storage.Query{Index: "by_tag", Prefix: pointer("")}))
}

func multiValued(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	put(t, d, "ac", doc{"tags": []string{"a", "c"}, "num": int64(3), "scores": []int64{1, 9}})
	put(t, d, "aa", doc{"tags": []string{"a", "a"}, "num": int64(1), "scores": []int64{9, 9}})
	put(t, d, "b", doc{"tags": []string{"b"}, "num": int64(2), "scores": []int64{5}})
	for _, c := range []struct {
		name string
		q    storage.Query
		want []string
	}{
		{"by an element, in order of the next field", storage.Query{Index: "by_tag_num", Equal: []any{"a"}},
			[]string{"aa", "ac"}},
		{"descending", storage.Query{Index: "by_tag_num", Equal: []any{"a"}, Descending: true},
			[]string{"ac", "aa"}},
		{"with a range on the next field",
			storage.Query{Index: "by_tag_num", Equal: []any{"a"}, From: int64(2), To: int64(4)},
			[]string{"ac"}},
		{"an element twice", storage.Query{Index: "by_tag", Equal: []any{"a"}}, []string{"aa", "ac"}},
		{"numbers", storage.Query{Index: "by_score", Equal: []any{int64(9)}}, []string{"aa", "ac"}},
		{"a number between two elements",
			storage.Query{Index: "by_score", Equal: []any{int64(4)}}, []string{}},
	} {
		same(t, c.name, c.want, list(t, d, c.q))
	}
}

func heads(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	nested := bson.D{{Key: "en", Value: "x"}, {Key: "cs", Value: bson.A{"y"}}}
	put(t, d, "full", doc{"name": "a", "num": int64(1), "title": nested, "body": "secret"})
	put(t, d, "less", doc{"name": "b", "body": "secret"})
	put(t, d, "null", doc{"name": "c", "title": nil})
	want := []storage.Hit[doc]{
		{Key: "full", Head: doc{"num": int64(1), "title": nested}},
		{Key: "less", Head: doc{}},
		{Key: "null", Head: doc{"title": nil}},
	}
	same(t, "hits", want, find(t, d, storage.Query{Index: "by_name"}).Hits)
}
