package mongodb

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"postern/storage"
)

// Tests find out what the server can do by sending it a command, never by its name or version.

// Place returns a function that opens a new database, which is dropped at the end of the test.
func Place(t *testing.T) func(...storage.Collection) (storage.Engine, error) {
	uri := withDatabase(serverURI(t))
	reach(t, uri)
	return func(collections ...storage.Collection) (storage.Engine, error) {
		return Open(t.Context(), uri, collections...)
	}
}

// CountingPlaces returns places whose stores count with update pipelines and in steps, for each way that
// the server supports.
func CountingPlaces(t *testing.T) map[string]func(*testing.T) func(...storage.Collection) (storage.Engine,
	error) {
	asked := reach(t, withDatabase(serverURI(t)))
	takes := map[string]bool{"pipelines": takesPipelines(t, asked), "steps": answersDuplicates(t, asked)}
	places := map[string]func(*testing.T) func(...storage.Collection) (storage.Engine, error){}
	for way, taken := range takes {
		if !taken {
			t.Logf("the server cannot count with %s", way)
			continue
		}
		places[way] = func(t *testing.T) func(...storage.Collection) (storage.Engine, error) {
			open := Place(t)
			return func(collections ...storage.Collection) (storage.Engine, error) {
				engine, err := open(collections...)
				if err == nil {
					engine.(*Store).pipelines = way == "pipelines"
				}
				return engine, err
			}
		}
	}
	return places
}

// Stores reports whether the server accepts every document: some accept no nested arrays or no symbols.
func Stores(t *testing.T) (all bool) {
	t.Helper()
	return insert(t, reach(t, withDatabase(serverURI(t))), bson.D{
		{Key: "_id", Value: "a"}, {Key: "nested", Value: bson.A{bson.A{"x"}}},
		{Key: "symbol", Value: bson.Symbol("x")}, {Key: "$d", Value: 1},
	}) == nil
}

// ScansInOrder reports whether a find by an index returns the documents in its order.
func ScansInOrder(t *testing.T) bool {
	t.Helper()
	s := reach(t, withDatabase(serverURI(t)))
	model := mongo.IndexModel{Keys: inc(1, "n")}
	if _, err := s.db.Collection("asked").Indexes().CreateOne(t.Context(), model); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := insert(t, s, bson.D{{Key: "_id", Value: i}, {Key: "n", Value: -i}}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := s.db.Collection("asked").Find(t.Context(), bson.D{{Key: "n", Value: bson.D{{Key: "$lt", Value: 1}}}},
		options.Find().SetHint(inc(1, "n")))
	if err != nil {
		t.Fatal(err)
	}
	var docs []bson.M
	if err := found.All(t.Context(), &docs); err != nil {
		t.Fatal(err)
	}
	return len(docs) == 3 && docs[0]["_id"] == int32(2)
}

func insert(t *testing.T, s *Store, document bson.D) error {
	t.Helper()
	_, err := s.db.Collection("asked").InsertOne(t.Context(), document)
	return err
}

// OneConnection reports whether the address allows only one connection, as for a server that is not atomic
// between connections.
func OneConnection(t *testing.T) bool {
	t.Helper()
	opts, err := clientOptions(serverURI(t))
	if err != nil {
		t.Fatal(err)
	}
	return opts.MaxPoolSize != nil && *opts.MaxPoolSize == 1
}

// explains reports whether the server can explain a find, including how much it read.
func explains(t *testing.T, store *Store) bool {
	t.Helper()
	find := bson.D{{Key: "find", Value: "orders"}, {Key: "filter", Value: bson.D{{Key: "_id", Value: "x"}}}}
	command := bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "executionStats"}}
	raw, err := store.db.RunCommand(t.Context(), command).Raw()
	if err != nil {
		return false
	}
	_, plan := raw.LookupErr("queryPlanner", "winningPlan")
	_, read := raw.LookupErr("executionStats", "totalKeysExamined")
	return plan == nil && read == nil
}

// expires reports whether the server accepts an index that removes documents and lists it as such.
func expires(t *testing.T, store *Store) bool {
	t.Helper()
	_, err := store.db.Collection("expiring").Indexes().CreateOne(t.Context(), mongo.IndexModel{
		Keys: inc(1, "at"), Options: options.Index().SetName("expiring").SetExpireAfterSeconds(60),
	})
	return err == nil && expiryOf(t, store, "expiring", "expiring") == 60
}

// expiryOf returns the number of seconds after which an index removes documents, or -1 for never.
func expiryOf(t *testing.T, store *Store, collection, name string) int64 {
	t.Helper()
	list, err := store.db.Collection(collection).Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range list {
		if index.Name == name && index.ExpireAfterSeconds != nil {
			return int64(*index.ExpireAfterSeconds)
		}
	}
	return -1
}

// answersDuplicates reports whether the server keeps ids unique and returns a duplicate-key error to an
// upsert of an existing id.
func answersDuplicates(t *testing.T, store *Store) bool {
	t.Helper()
	document := bson.D{{Key: "_id", Value: "twice"}, {Key: "n", Value: 1}}
	if err := insert(t, store, document); err != nil {
		t.Fatal(err)
	}
	if err := insert(t, store, document); !mongo.IsDuplicateKeyError(err) {
		t.Fatalf("the server took one id twice: %v", err)
	}
	other := bson.D{{Key: "_id", Value: "twice"}, {Key: "n", Value: 2}}
	update := bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: 1}}}}
	upsert := options.FindOneAndUpdate().SetUpsert(true)
	return mongo.IsDuplicateKeyError(store.db.Collection("asked").FindOneAndUpdate(t.Context(), other,
		update, upsert).Err())
}

// takesPipelines reports whether the server accepts an update pipeline with the expressions that counting
// needs.
func takesPipelines(t *testing.T, store *Store) bool {
	t.Helper()
	c := storage.Count{Key: "asked", By: 1, Expires: time.Now().Add(time.Minute)}
	upsert := options.UpdateOne().SetUpsert(true)
	_, err := store.db.Collection("asked").UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "p"}},
		countPipeline(time.Now(), c), upsert)
	return err == nil
}

// TestOpenFindsOutHowToCount compares what Open found out with another command that asks the same.
func TestOpenFindsOutHowToCount(t *testing.T) {
	t.Parallel()
	store := reach(t, withDatabase(serverURI(t)))
	if takes := takesPipelines(t, store); store.pipelines != takes {
		t.Errorf("counts with pipelines: %v; the server takes them: %v", store.pipelines, takes)
	}
	if n, err := store.db.Collection(counters).CountDocuments(t.Context(), bson.D{}); err != nil || n != 0 {
		t.Errorf("%d counters left by the questions, %v", n, err)
	}
}

// TestOpenRefusesAServerThatCannotCount replaces every duplicate-key error with another error. A server
// without pipelines cannot keep counters then, and no limit would work.
func TestOpenRefusesAServerThatCannotCount(t *testing.T) {
	t.Parallel()
	uri := withDatabase(serverURI(t))
	pipelines := takesPipelines(t, reach(t, uri))
	proxy, through := throughBreaker(t, uri)
	proxy.alter = func(answer string) string {
		return strings.ReplaceAll(answer, "\x10code\x00\xf8\x2a\x00\x00", "\x10code\x00\x60\x00\x00\x00") // 11000 becomes 96, OperationFailed
	}
	store, err := Open(t.Context(), through)
	if err == nil {
		store.Close()
	}
	if (err == nil) != pipelines {
		t.Fatalf("opened: %v; the server takes pipelines: %v", err, pipelines)
	}
	if err != nil {
		wantFault(t, err, "mongodb: the server cannot keep counters: ")
	}
}

// removalTime is how long a server may take to remove expired documents: its monitor runs once a minute.
const removalTime = 3 * time.Minute

// TestServerRemovesExpiredCounters checks that the server removes expired counters if it can. Otherwise
// they stay, but no longer count.
func TestServerRemovesExpiredCounters(t *testing.T) {
	t.Parallel()
	store := reach(t, withDatabase(serverURI(t)))
	now := time.Now()
	over, live := now.Add(-counterGrace-time.Minute), now.Add(time.Hour)
	for key, at := range map[string]time.Time{"over": over, "live": live} {
		if _, err := store.db.Collection(counters).InsertOne(t.Context(),
			counter{Key: key, N: 1, Expires: at, RemoveAt: at}); err != nil {
			t.Fatal(err)
		}
	}
	want, can := int64(-1), expires(t, store)
	if can {
		want = int64(counterGrace.Seconds())
	}
	if got := expiryOf(t, store, counters, indexPrefix+"remove_at"); got != want {
		t.Errorf("the server removes counters after %d seconds, want %d", got, want)
	}
	if !can || testing.Short() {
		t.Skip("the server has no indexes that remove documents, or this is a short run")
	}
	waitUntilRemoved(t, store, "over")
	if err := store.db.Collection(counters).FindOne(t.Context(),
		bson.D{{Key: "_id", Value: "live"}}).Err(); err != nil {
		t.Errorf("the live one: %v", err)
	}
}

func waitUntilRemoved(t *testing.T, store *Store, key string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), removalTime)
	defer cancel()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for store.db.Collection(counters).FindOne(ctx, bson.D{{Key: "_id", Value: key}}).Err() == nil {
		select {
		case <-look.C:
		case <-ctx.Done():
			t.Fatalf("%s is there after %s", key, removalTime)
		}
	}
}

// TestStableAPI checks what is declared to a server that supports it: commands outside the Stable API, and
// deprecated ones, are then errors.
func TestStableAPI(t *testing.T) {
	t.Parallel()
	api := stableAPI()
	if api.ServerAPIVersion != options.ServerAPIVersion1 || !*api.Strict || !*api.DeprecationErrors {
		t.Errorf("%+v", api)
	}
}

// TestOneDocumentIsSelectedByTheShortestPath checks that a plain server gets nothing but the id, and a
// cluster, which a mongos answers for, the shop as well.
func TestOneDocumentIsSelectedByTheShortestPath(t *testing.T) {
	t.Parallel()
	for msg, want := range map[string]bson.D{
		"": {{Key: "_id", Value: "main/1"}}, "isdbgrid": {{Key: "_id", Value: "main/1"}, {Key: "shop", Value: "main"}},
	} {
		s := &Store{sharded: greeting{Msg: msg}.sharded()}
		if diff := cmp.Diff(want, s.byID("main/1")); diff != "" {
			t.Errorf("%q: %s", msg, diff)
		}
	}
}
