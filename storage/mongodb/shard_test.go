package mongodb

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
)

// sent is a filter sent to the server and its command.
type sent struct {
	command string
	filter  bson.Raw
}

// filtersIn reads the filters in a request of the wire protocol (OP_MSG): the command's own and those in
// its sequences.
func filtersIn(message []byte) (all []sent) {
	for rest := message[20:]; len(rest) > 4; {
		kind, size := rest[0], int(binary.LittleEndian.Uint32(rest[1:]))
		body := rest[1 : 1+size]
		rest = rest[1+size:]
		if kind == 0 {
			all = append(all, filterOf(body)...)
			continue
		}
		name, documents, _ := bytes.Cut(body[4:], []byte{0})
		for len(documents) > 4 {
			one := bson.Raw(documents[:binary.LittleEndian.Uint32(documents)])
			documents = documents[len(one):]
			if filter, ok := one.Lookup("q").DocumentOK(); ok {
				all = append(all, sent{string(name), filter})
			}
		}
	}
	return all
}

func filterOf(command bson.Raw) []sent {
	elements, err := command.Elements()
	if err != nil || len(elements) == 0 {
		return nil
	}
	for _, name := range []string{"filter", "query"} {
		if filter, ok := command.Lookup(name).DocumentOK(); ok {
			return []sent{{elements[0].Key(), filter}}
		}
	}
	return nil
}

// TestFiltersOnAShardedCluster checks what is sent to the server: filters for one document contain its shop
// and id, those for lists the shop, and those for counters only the id, so that only lists query more than
// one shard.
func TestFiltersOnAShardedCluster(t *testing.T) {
	t.Parallel()
	proxy, through := throughBreaker(t, withDatabase(serverURI(t)))
	store := reach(t, through, orders())
	store.sharded = true
	var mu sync.Mutex
	var seen []sent
	proxy.watch(func(request []byte) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, filtersIn(request)...)
	})
	first, second := record(t, 1, "first"), record(t, 2, "second")
	count := []storage.Count{{Key: "k", By: 1, Expires: time.Now().Add(time.Hour)}}
	for _, do := range []struct {
		name string
		do   func() error
		want []string // field names in each filter
	}{
		{"insert", func() error { return store.Insert(t.Context(), "orders", first) }, nil},
		{"insert again", func() error { return store.Insert(t.Context(), "orders", first) },
			[]string{"_id", "shop"}},
		{"get", func() error { _, err := store.Get(t.Context(), "orders", first.ID); return err },
			[]string{"_id", "shop"}},
		{"replace", func() error { return store.Replace(t.Context(), "orders", second, first.Version) },
			[]string{"_id", "mark", "shop", "v"}},
		{"list", func() error {
			_, err := store.Scan(t.Context(), "orders",
				storage.Scan{Index: orders().Indexes[0], Shop: "main", Limit: 5})
			return err
		}, []string{"$and", "shop"}},
		{"delete", func() error { return store.Delete(t.Context(), "orders", first.ID, second.Version) },
			[]string{"_id", "mark", "shop", "v"}},
		{"look at a counter", func() error {
			_, err := store.Increment(t.Context(), time.Now(),
				[]storage.Count{{Key: "k", Expires: count[0].Expires}})
			return err
		}, []string{"_id", "expires"}},
	} {
		t.Run(do.name, func(t *testing.T) {
			mu.Lock()
			seen = nil
			mu.Unlock()
			if err := do.do(); err != nil {
				t.Fatal(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if (len(seen) > 0) != (do.want != nil) {
				t.Errorf("%d filters", len(seen))
			}
			for _, s := range seen {
				wantNames(t, s, do.want)
			}
		})
	}
}

func wantNames(t *testing.T, s sent, want []string) {
	t.Helper()
	var names []string
	elements, err := s.filter.Elements()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range elements {
		names = append(names, e.Key())
	}
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Errorf("%s by %v, want %v", s.command, names, want)
	}
	if shop, ok := s.filter.Lookup("shop").StringValueOK(); slices.Contains(want, "shop") &&
		(!ok || shop != "main") {
		t.Errorf("%s of the shop %v", s.command, s.filter.Lookup("shop"))
	}
}
