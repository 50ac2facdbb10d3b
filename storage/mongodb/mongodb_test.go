package mongodb

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

const howTo = "PORTAL_TEST_MONGODB_URI is not set: give it the address of a MongoDB server to test with, " +
	"or the one that the program in storage/mongodb/ferretdb prints (go run .)"

// serverURI is the address of the server to test with.
func serverURI(t *testing.T) string {
	t.Helper()
	uri := os.Getenv("PORTAL_TEST_MONGODB_URI")
	switch {
	case uri != "":
	case os.Getenv("PORTAL_TEST_REQUIRE") != "":
		t.Fatal(howTo)
	default:
		t.Skip(howTo)
	}
	return uri
}

// withDatabase is the address with a new database as its path; it keeps signing in where it was.
func withDatabase(uri string) string {
	base, query, _ := strings.Cut(uri, "?")
	scheme, rest, _ := strings.Cut(base, "://")
	hosts, path, _ := strings.Cut(rest, "/")
	if path != "" && strings.Contains(hosts, "@") && !strings.Contains(query, "authSource=") {
		query = strings.TrimPrefix(query+"&authSource="+path, "&")
	}
	return scheme + "://" + hosts + "/postern_test_" + strings.ToLower(rand.Text()) + "?" + query
}

// reach opens the store at the address and drops it at the end.
func reach(t *testing.T, uri string, collections ...storage.Collection) *Store {
	t.Helper()
	store, err := Open(t.Context(), uri, collections...)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := store.Drop(ctx); err != nil {
			t.Errorf("drop: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return store
}

// Place is a database of its own, dropped at the end of the test, and the way to open it.
func Place(t *testing.T) func(...storage.Collection) (storage.Engine, error) {
	uri := withDatabase(serverURI(t))
	reach(t, uri)
	return func(collections ...storage.Collection) (storage.Engine, error) {
		return Open(t.Context(), uri, collections...)
	}
}

// Stores asks the server whether it takes every document: some take no arrays within arrays, or no symbols.
func Stores(t *testing.T) (all bool) {
	t.Helper()
	store := reach(t, withDatabase(serverURI(t)))
	_, err := store.db.Collection("asked").InsertOne(t.Context(), bson.D{
		{Key: "_id", Value: "a"}, {Key: "nested", Value: bson.A{bson.A{"x"}}}, {Key: "symbol", Value: bson.Symbol("x")}, {Key: "$d", Value: 1},
	})
	return err == nil
}

// OneConnection asks the address whether it allows the driver one connection only, as the address of a server that is not atomic
// between connections does.
func OneConnection(t *testing.T) bool {
	t.Helper()
	opts, err := clientOptions(serverURI(t))
	if err != nil {
		t.Fatal(err)
	}
	return opts.MaxPoolSize != nil && *opts.MaxPoolSize == 1
}

// explains asks the server whether it can show how it would find something, and how much it read.
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
