package mongodb

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"postern/storage"
)

// indexes returns the names and keys of the server's indexes.
func indexes(t *testing.T, s *Store, collection string) map[string]string {
	t.Helper()
	cursor, err := s.db.Collection(collection).Indexes().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var found []bson.D
	if err := cursor.All(t.Context(), &found); err != nil {
		t.Fatal(err)
	}
	list := map[string]string{}
	for _, index := range found {
		name, sign := stored(index)
		list[name] = sign
	}
	return list
}

// TestIndexesAreAdded opens a store with two declarations in turn: the first one's indexes stay when the
// second one's are added.
func TestIndexesAreAdded(t *testing.T) {
	t.Parallel()
	uri := withDatabase(serverURI(t))
	byDate := storage.Field{Path: "placed_at", Kind: storage.Time}
	byTown := storage.Field{Path: "address.town", Kind: storage.String}
	first := reach(t, uri, storage.Collection{Name: "orders", Indexes: []storage.Index{
		{Name: "recent", Fields: []storage.Field{byDate}},
		{Name: "same", Fields: []storage.Field{byDate}, Head: []string{"state"}},
		{Name: "town", Fields: []storage.Field{byTown}},
		{Name: "gone", Fields: []storage.Field{byTown, byDate}},
	}})
	id := `"_id":1 `
	want := map[string]string{
		"_id_":           id,
		"postern_recent": `"shop":1 "placed_at":1 ` + id,
		"postern_town":   `"shop":1 "address.town":1 ` + id,
		"postern_gone":   `"shop":1 "address.town":1 "placed_at":1 ` + id,
	}
	if diff := cmp.Diff(want, indexes(t, first, "orders")); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	foreign := mongo.IndexModel{Keys: inc(1, "note"), Options: options.Index().SetName("theirs")}
	if _, err := first.db.Collection("orders").Indexes().CreateOne(t.Context(), foreign); err != nil {
		t.Fatal(err)
	}
	declared := storage.Collection{Name: "orders", Indexes: []storage.Index{
		{Name: "recent", Fields: []storage.Field{byDate}},
		{Name: "town", Fields: []storage.Field{byTown, {Path: "state", Kind: storage.String}}},
		{Name: "again", Fields: []storage.Field{byDate}, Head: []string{"state"}},
	}}
	second := reach(t, uri, declared)
	want["postern_town_88a10294"] = `"shop":1 "address.town":1 "state":1 ` + id
	want["theirs"] = `"note":1 `
	if diff := cmp.Diff(want, indexes(t, second, "orders")); diff != "" {
		t.Errorf("after the change (-want +got):\n%s", diff)
	}
	if err := second.index(t.Context(), declared); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, indexes(t, second, "orders")); diff != "" {
		t.Errorf("opened again (-want +got):\n%s", diff)
	}
}

// TestANewerFormat checks that a store written by a newer program is refused before anything is changed.
func TestANewerFormat(t *testing.T) {
	t.Parallel()
	uri := withDatabase(serverURI(t))
	s := reach(t, uri)
	if recorded, err := storage.RecordFormat(t.Context(), s, format+1); err != nil || recorded != format {
		t.Fatalf("recorded %d, %v", recorded, err)
	}
	type stored struct {
		Format int `bson:"format"`
	}
	if _, err := storage.Metadata[stored](s).Change(t.Context(), "format",
		func(v *stored) error { v.Format++; return nil }); err != nil {
		t.Fatal(err)
	}
	newer := storage.Collection{Name: "orders",
		Indexes: []storage.Index{{Name: "town",
			Fields: []storage.Field{{Path: "town", Kind: storage.String}}}}}
	if opened, err := Open(t.Context(), uri, newer); err == nil {
		_ = opened.Close()
		t.Error("opened")
	} else {
		wantFault(t, err, "newer version of the program (format 2, known is 1)")
	}
	if made := indexes(t, s, "orders"); len(made) > 0 {
		t.Errorf("indexes: %v", made)
	}
}

func TestIndexWithOptionsIsNoneOfOurs(t *testing.T) {
	t.Parallel()
	index := bson.D{{Key: "name", Value: "x"}, {Key: "key", Value: inc(1, "shop")},
		{Key: "sparse", Value: true}}
	if name, sign := stored(index); name != "x" || sign != "" {
		t.Errorf("got %q, %q", name, sign)
	}
}
