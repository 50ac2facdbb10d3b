// Package storagetest is for tests: it provides a fresh store and a clock for any test, and the conformance
// suite that pins the common behaviour of every storage.Engine. It uses the engines only to open them.
package storagetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
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
	dir := t.TempDir()
	if err := copyEmpty(dir, collections); err != nil {
		t.Fatalf("make an empty store: %v", err)
	}
	store, err := sqlite.OpenUnsynced(t.Context(), dir, collections...)
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

// empty has the files of an empty store, by the collections it has: a func() (map[string][]byte, error).
// Creating the tables takes several times as long as copying them.
var empty sync.Map

// copyEmpty writes an empty SQLite store with the collections into a folder.
func copyEmpty(dir string, collections []storage.Collection) error {
	made, _ := empty.LoadOrStore(fmt.Sprintf("%+v", collections),
		sync.OnceValues(func() (map[string][]byte, error) {
			return makeEmpty(collections)
		}))
	files, err := made.(func() (map[string][]byte, error))()
	if err != nil {
		return err
	}
	for name, data := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	return err
}

func makeEmpty(collections []storage.Collection) (files map[string][]byte, err error) {
	dir, err := os.MkdirTemp("", "postern-empty-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	store, err := sqlite.OpenUnsynced(context.Background(), dir, collections...)
	if err != nil {
		return nil, err
	}
	if err := store.Close(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	files = map[string][]byte{}
	for _, entry := range entries {
		data, readErr := os.ReadFile(filepath.Join(dir, entry.Name()))
		err = errors.Join(err, readErr)
		files[entry.Name()] = data
	}
	return files, err
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
