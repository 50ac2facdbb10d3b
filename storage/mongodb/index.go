package mongodb

import (
	"context"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"postern/storage"
)

// indexPrefix begins the names of the indexes that are ours to drop.
const indexPrefix = "postern_"

// index brings the indexes of the collection to their declared state. Two declared indexes over the same fields are one
// here, and one that the owner of the database made over them serves as well: the server takes no second.
func (s *Store) index(ctx context.Context, c storage.Collection) error {
	wanted := map[string]bool{}
	for _, index := range c.Indexes {
		wanted[signature(pattern(index))] = true
	}
	there, err := s.dropStale(ctx, c.Name, wanted)
	if err != nil {
		return err
	}
	var missing []mongo.IndexModel
	for _, index := range c.Indexes {
		keys := pattern(index)
		if !there[signature(keys)] {
			missing = append(missing, mongo.IndexModel{Keys: keys, Options: options.Index().SetName(indexPrefix + index.Name)})
		}
		there[signature(keys)] = true
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = s.db.Collection(c.Name).Indexes().CreateMany(ctx, missing)
	return err
}

// dropStale drops the indexes of ours that are not wanted, and returns the signatures of those that stay.
func (s *Store) dropStale(ctx context.Context, collection string, wanted map[string]bool) (map[string]bool, error) {
	indexes := s.db.Collection(collection).Indexes()
	cursor, err := indexes.List(ctx)
	if err != nil {
		return nil, err
	}
	var found []bson.D
	if err := cursor.All(ctx, &found); err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, index := range found {
		name, signature := stored(index)
		if !strings.HasPrefix(name, indexPrefix) || wanted[signature] {
			there[signature] = true
			continue
		}
		_, err := indexes.DropOne(ctx, name)
		if err != nil && !hasCode(err, codeIndexNotFound) { // another process was quicker
			return nil, err
		}
	}
	return there, nil
}

// stored is the name of an index that the server lists, and its signature: "" for one with options, which may leave documents
// out or order them otherwise.
func stored(index bson.D) (name, sign string) {
	plain := true
	for _, e := range index {
		switch e.Key {
		case "name":
			name, _ = e.Value.(string)
		case "key":
			keys, _ := e.Value.(bson.D)
			sign = signature(keys)
		case "v", "ns", "background":
		default:
			plain = false
		}
	}
	if !plain {
		sign = ""
	}
	return name, sign
}

// pattern is the key of the index: the shop, its fields and, to break ties, the id.
func pattern(index storage.Index) bson.D {
	paths := []string{"shop"}
	for _, field := range index.Fields {
		paths = append(paths, field.Path)
	}
	return inc(1, append(paths, "_id")...)
}

// signature prints a key alike whichever type of number the server lists it with.
func signature(keys bson.D) string {
	var b strings.Builder
	for _, e := range keys {
		fmt.Fprintf(&b, "%q:%v ", e.Key, e.Value)
	}
	return b.String()
}
