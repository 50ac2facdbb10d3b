package mongodb

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"postern/storage"
)

const howTo = "PORTAL_TEST_MONGODB_URI is not set: give it the address of a MongoDB server to test with, " +
	"or the one that the program in storage/mongodb/ferretdb prints (go run .)"

// serverURI returns the address of the test server.
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

// withDatabase returns the address with a new database as its path; the authentication database stays the
// same.
func withDatabase(uri string) string {
	base, query, _ := strings.Cut(uri, "?")
	scheme, rest, _ := strings.Cut(base, "://")
	hosts, path, _ := strings.Cut(rest, "/")
	if path != "" && strings.Contains(hosts, "@") && !strings.Contains(query, "authSource=") {
		query = strings.TrimPrefix(query+"&authSource="+path, "&")
	}
	return scheme + "://" + hosts + "/postern_test_" + strings.ToLower(rand.Text()) + "?" + query
}

// reach opens the store at the address and drops its database at the end.
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
