// Package storagetest is for tests: it provides a fresh store and a clock for any test, and the conformance
// suite that pins the common behaviour of every storage.Engine. It uses the engines only to open them.
package storagetest

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"postern/storage"
	"postern/storage/mongodb"
	"postern/storage/sqlite"
)

const dropTimeout = 30 * time.Second

// Open returns a fresh, empty store with the collections, which is closed and deleted at the end of the
// test. It is an SQLite store that flushes nothing to disk or, with PORTAL_TEST_STORE=mongodb, a new
// database on the server at PORTAL_TEST_MONGODB_URI.
func Open(t testing.TB, collections ...storage.Collection) storage.Engine {
	t.Helper()
	switch engine := os.Getenv("PORTAL_TEST_STORE"); engine {
	case "", "sqlite":
		return openSQLite(t, collections)
	case "mongodb":
		return openMongoDB(t, collections)
	default:
		t.Fatalf("PORTAL_TEST_STORE is %q: it can be sqlite or mongodb", engine)
		return nil
	}
}

func openSQLite(t testing.TB, collections []storage.Collection) storage.Engine {
	t.Helper()
	store, err := sqlite.OpenUnsynced(t.Context(), t.TempDir(), collections...)
	if err != nil {
		t.Fatalf("open a store: %v", err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return store
}

func openMongoDB(t testing.TB, collections []storage.Collection) storage.Engine {
	t.Helper()
	uri := os.Getenv("PORTAL_TEST_MONGODB_URI")
	if uri == "" {
		t.Fatal("PORTAL_TEST_STORE=mongodb needs the address of a server in PORTAL_TEST_MONGODB_URI")
	}
	store, err := mongodb.Open(t.Context(), freshDatabase(uri), collections...)
	if err != nil {
		t.Fatalf("open a store: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
		defer cancel()
		if err := store.Drop(ctx); err != nil {
			t.Errorf("drop the database: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return store
}

// freshDatabase returns the address with a new database name; authentication still uses the database named
// before.
func freshDatabase(uri string) string {
	base, query, _ := strings.Cut(uri, "?")
	scheme, rest, _ := strings.Cut(base, "://")
	hosts, old, _ := strings.Cut(rest, "/")
	if old != "" && strings.Contains(hosts, "@") && !strings.Contains(query, "authSource=") {
		query = strings.TrimPrefix(query+"&authSource="+old, "&")
	}
	return scheme + "://" + hosts + "/postern_test_" + strings.ToLower(rand.Text()) + "?" + query
}
