package mongodb

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

func TestProjection(t *testing.T) {
	t.Parallel()
	fields := []storage.Field{{Path: "kind", Kind: storage.String}, {Path: "total.value", Kind: storage.Int},
		{Path: "placed_at", Kind: storage.Time}}
	prefix := "x"
	for _, c := range []struct {
		name string
		scan storage.Scan
		want []string
	}{
		{"head and order", storage.Scan{Index: storage.Index{Fields: fields, Head: []string{"number"}},
			Equal: make([]storage.Value, 1)}, []string{"_id", "number", "placed_at", "total.value"}},
		{"a field within the head", storage.Scan{Index: storage.Index{Fields: fields,
			Head: []string{"total"}}, Equal: make([]storage.Value, 1)},
			[]string{"_id", "placed_at", "total"}},
		{"a field in the head", storage.Scan{Index: storage.Index{Fields: fields,
			Head: []string{"placed_at"}}, Equal: make([]storage.Value, 2)}, []string{"_id", "placed_at"}},
		{"the head alone", storage.Scan{Index: storage.Index{
			Fields: []storage.Field{{Path: "words", Kind: storage.String, Multi: true}}, Head: []string{"number"}},
			Prefix: &prefix}, []string{"_id", "number"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, e := range (part{Scan: c.scan}).projection() {
				got = append(got, e.Key)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnchored(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]string{"": "^", "a.b|c": `^a\.b\|c`,
		"a\x00b": `^a\x00b`, "é": "^é"} {
		if got := anchored(prefix); got != want {
			t.Errorf("%q becomes %q, want %q", prefix, got, want)
		}
	}
}

// TestPositionInSeveralFields reads rows that tie in one, two and all three fields, with every page size.
func TestPositionInSeveralFields(t *testing.T) {
	t.Parallel()
	c := storage.Collection{Name: "orders", Indexes: []storage.Index{{Name: "all", Fields: []storage.Field{
		{Path: "state.name", Kind: storage.String}, {Path: "paid", Kind: storage.Bool},
		{Path: "placed_at", Kind: storage.Time}}}}}
	orders := storage.Open[map[string]any](reach(t, withDatabase(serverURI(t)), c), "main", c)
	var want []string
	for i := range 16 {
		key := string(rune('a' + i))
		want = append(want, key)
		order := map[string]any{"state": bson.D{{Key: "name", Value: fmt.Sprint(i / 8)}}, "paid": i/4%2 == 1,
			"placed_at": time.UnixMilli(int64(i / 2 % 2))}
		if err := orders.Insert(t.Context(), key, order); err != nil {
			t.Fatal(err)
		}
	}
	for limit := 1; limit <= len(want); limit++ {
		var got []string
		for q := (storage.Query{Index: "all", Limit: limit}); ; {
			page, err := storage.Find[bson.D](t.Context(), orders, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, hit := range page.Hits {
				got = append(got, hit.Key)
			}
			if q.Cursor = page.Next; q.Cursor == "" || len(got) > len(want) {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages of %d (-want +got):\n%s", limit, diff)
		}
	}
}

// orders is a collection with a shop's usual lists.
func orders() storage.Collection {
	customer := storage.Field{Path: "customer", Kind: storage.String}
	return storage.Collection{Name: "orders", Indexes: []storage.Index{
		{Name: "customer", Fields: []storage.Field{customer, {Path: "placed_at", Kind: storage.Time}},
			Head: []string{"number"}},
		{Name: "search", Fields: []storage.Field{customer,
			{Path: "words", Kind: storage.String, Multi: true}}, Head: []string{"number"}},
		{Name: "todo", Fields: []storage.Field{{Path: "todo", Kind: storage.String, Multi: true},
			{Path: "paid", Kind: storage.Bool}, {Path: "placed_at", Kind: storage.Time}}},
		{Name: "due", AllShops: true, Fields: []storage.Field{{Path: "placed_at", Kind: storage.Time}},
			Head: []string{"number"}},
	}}
}

// TestPlans has the server explain the finds of some scans. Each must walk an index in order and read
// little more than it returns.
func TestPlans(t *testing.T) {
	t.Parallel()
	store := reach(t, withDatabase(serverURI(t)), orders())
	if !explains(t, store) {
		t.Skip("the server does not explain its plans")
	}
	const documents, limit = 3000, 20
	var docs []any
	day := func(i int) time.Time { return time.UnixMilli(int64(i) * 86400e3) }
	for i := range documents {
		docs = append(docs, bson.D{{Key: "_id", Value: fmt.Sprintf("main/%05d", i)},
			{Key: "shop", Value: "main"}, {Key: "number", Value: i},
			{Key: "customer", Value: fmt.Sprint("c", i%3)}, {Key: "placed_at", Value: day(i / 2)},
			{Key: "paid", Value: i%2 == 0},
			{Key: "words", Value: []string{fmt.Sprintf("w%04d", i), "order"}},
			{Key: "todo", Value: []string{"mail", fmt.Sprint("t", i)}}})
	}
	if _, err := store.db.Collection("orders").InsertMany(t.Context(), docs); err != nil {
		t.Fatal(err)
	}
	text := func(s string) storage.Value { return storage.Value{Kind: storage.String, Text: s} }
	at := func(i int) storage.Value { return storage.Value{Kind: storage.Time, Num: day(i).UnixMilli()} }
	paid, prefix, from, to := storage.Value{Kind: storage.Bool, Num: 1}, "w01", at(100), at(1400)
	indexes := orders().Indexes
	middle := storage.Position{Values: []storage.Value{at(700)}, ID: "main/01400"}
	for _, c := range []struct {
		name string
		scan storage.Scan
	}{
		{"first page", storage.Scan{Index: indexes[0], Equal: []storage.Value{text("c1")}, Descending: true}},
		{"later page", storage.Scan{Index: indexes[0], Equal: []storage.Value{text("c1")}, Descending: true,
			After: &middle}},
		{"later page of a range", storage.Scan{Index: indexes[0], Equal: []storage.Value{text("c1")},
			From: &from, To: &to, After: &middle}},
		{"of the whole shop", storage.Scan{Index: indexes[0],
			After: &storage.Position{Values: append([]storage.Value{text("c1")}, middle.Values...),
				ID: middle.ID}}},
		{"words that begin so", storage.Scan{Index: indexes[1], Equal: []storage.Value{text("c1")},
			Prefix: &prefix}},
		{"due in all shops", storage.Scan{Index: indexes[3], To: &to}},
		{"due in all shops, a later page", storage.Scan{Index: indexes[3], To: &to, After: &middle}},
		{"a job", storage.Scan{Index: indexes[2], Equal: []storage.Value{text("mail")}}},
		{"a later job", storage.Scan{Index: indexes[2], Equal: []storage.Value{text("mail")},
			After: &storage.Position{Values: []storage.Value{paid, at(700)}, ID: middle.ID}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.scan.Limit = limit; !c.scan.Index.AllShops {
				c.scan.Shop = "main"
			}
			for _, p := range parts(c.scan) {
				checkPlan(t, store, p, limit)
			}
		})
	}
}

func checkPlan(t *testing.T, store *Store, p part, limit int) {
	t.Helper()
	find := bson.D{{Key: "find", Value: "orders"}, {Key: "filter", Value: p.filter()},
		{Key: "projection", Value: p.projection()},
		{Key: "limit", Value: limit}, {Key: "hint", Value: pattern(p.Index)}}
	if p.Prefix == nil {
		find = append(find, bson.E{Key: "sort", Value: p.sort()})
	}
	raw, err := store.db.RunCommand(t.Context(),
		bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "executionStats"}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	plan := raw.Lookup("queryPlanner", "winningPlan").String()
	for stage, want := range map[string]bool{"IXSCAN": true, "COLLSCAN": false, "SORT": false} {
		if got := strings.Contains(plan, `"stage": "`+stage+`"`) || strings.Contains(plan,
			`"stage":"`+stage+`"`); got != want {
			t.Errorf("stage %s: %v\n%s", stage, got, plan)
		}
	}
	for _, total := range []string{"totalKeysExamined", "totalDocsExamined"} {
		if n, ok := raw.Lookup("executionStats", total).AsInt64OK(); !ok || n > int64(limit)+5 {
			t.Errorf("%s is %d for %d rows\n%s", total, n, limit, plan)
		}
	}
}
