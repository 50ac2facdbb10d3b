package storage_test

import (
	"strings"
	"testing"

	"postern/storage"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	num := storage.Field{Path: "num", Kind: storage.Int}
	tags := storage.Field{Path: "tags", Kind: storage.String, Multi: true}
	index := func(name string, fields ...storage.Field) []storage.Index {
		return []storage.Index{{Name: name, Fields: fields}}
	}
	for _, c := range []struct {
		name       string
		collection storage.Collection
		want       string // "" if valid
	}{
		{"right", storage.Collection{Name: "order_line2", Indexes: index("by_num", tags, num)}, ""},
		{"without indexes", storage.Collection{Name: "order"}, ""},
		{"no name", storage.Collection{}, "plain word"},
		{"upper case", storage.Collection{Name: "Order"}, "plain word"},
		{"a quote", storage.Collection{Name: `a"b`}, "plain word"},
		{"a name too long", storage.Collection{Name: strings.Repeat("a", 32)}, "plain word"},
		{"an index without a name", storage.Collection{Name: "a", Indexes: index("", num)}, "plain word"},
		{"an index without fields", storage.Collection{Name: "a", Indexes: index("b")}, "no field"},
		{"a field without a kind", storage.Collection{Name: "a",
			Indexes: index("b", storage.Field{Path: "x"})}, "no kind"},
		{"a kind that there is not", storage.Collection{Name: "a",
			Indexes: index("b", storage.Field{Path: "x", Kind: 9})}, "no kind"},
		{"two multi-valued fields", storage.Collection{Name: "a", Indexes: index("b", tags, tags)},
			"more than one"},
		{"an index twice", storage.Collection{Name: "a",
			Indexes: append(index("b", num), index("b", tags)...)}, "twice"},
		{"a field without a name", storage.Collection{Name: "a",
			Indexes: index("b", storage.Field{Kind: storage.Int})}, "no name"},
	} {
		err := c.collection.Check()
		if c.want == "" && err != nil || c.want != "" &&
			(err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
