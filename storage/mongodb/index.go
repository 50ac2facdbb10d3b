package mongodb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"postern/storage"
)

// indexPrefix is the prefix of our index names.
const indexPrefix = "postern_"

// index creates the declared indexes that the collection lacks. Two declared indexes over the same fields
// are one here, and an index over them created by the database's owner serves as well, since the server
// accepts no second one. Indexes that are no longer declared are kept: another version of the program may
// be running and its lists need them.
func (s *Store) index(ctx context.Context, c storage.Collection) error {
	names, there, err := s.indexes(ctx, c.Name)
	if err != nil {
		return err
	}
	var missing []mongo.IndexModel
	for _, index := range c.Indexes {
		keys := pattern(index)
		sign := signature(keys)
		if there[sign] {
			continue
		}
		there[sign] = true
		name := indexPrefix + index.Name
		if names[name] { // over other fields, from another version
			hash := sha256.Sum256([]byte(sign))
			name += "_" + hex.EncodeToString(hash[:4])
		}
		missing = append(missing, mongo.IndexModel{Keys: keys, Options: options.Index().SetName(name)})
	}
	if len(missing) == 0 {
		return nil
	}
	defer s.sayWaiting(fmt.Sprintf("The server builds %d indexes of %s; waiting for it. With many documents this takes minutes.",
		len(missing), c.Name))()
	_, err = s.db.Collection(c.Name).Indexes().CreateMany(ctx, missing)
	return err
}

// buildNotice is the interval between two messages about a slow build.
const buildNotice = 5 * time.Second

// sayWaiting repeats the message, after an initial wait, until the function it returns is called.
func (s *Store) sayWaiting(line string) (stop func()) {
	done := make(chan struct{})
	beat := time.NewTicker(s.sayAfter)
	go func() {
		defer beat.Stop()
		for wait := s.sayAfter; ; {
			select {
			case <-done:
				return
			case <-beat.C:
				s.say(line)
				wait = min(2*wait, time.Minute)
				beat.Reset(wait)
			}
		}
	}()
	return sync.OnceFunc(func() { close(done) })
}

// indexes returns the names and signatures of the collection's indexes.
func (s *Store) indexes(ctx context.Context, collection string) (names,
	signatures map[string]bool, err error) {
	cursor, err := s.db.Collection(collection).Indexes().List(ctx)
	if err != nil {
		return nil, nil, err
	}
	var found []bson.D
	if err := cursor.All(ctx, &found); err != nil {
		return nil, nil, err
	}
	names, signatures = map[string]bool{}, map[string]bool{}
	for _, index := range found {
		name, sign := stored(index)
		names[name], signatures[sign] = true, true
	}
	return names, signatures, nil
}

// stored returns the name and signature of an index that the server lists. The signature is "" for an index
// with options, which may leave out documents or order them differently.
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

// pattern returns the key of the index: the shop (unless the index covers all shops), its fields and, to
// break ties, the id. On a sharded cluster a find by an index over all shops asks every shard.
func pattern(index storage.Index) bson.D {
	var paths []string
	if !index.AllShops {
		paths = []string{"shop"}
	}
	for _, field := range index.Fields {
		paths = append(paths, field.Path)
	}
	return inc(1, append(paths, "_id")...)
}

// signature prints a key the same way whichever numeric type the server lists it with.
func signature(keys bson.D) string {
	var b strings.Builder
	for _, e := range keys {
		fmt.Fprintf(&b, "%q:%v ", e.Key, e.Value)
	}
	return b.String()
}
