package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"postern/storage"
)

// fuse is a context that ends after it has been checked a number of times.
type fuse struct {
	context.Context
	left int
}

func (f *fuse) Err() error {
	if f.left--; f.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestABuildThatEndsInTheMiddleLeavesNothing(t *testing.T) {
	t.Parallel()
	dir, bare := t.TempDir(), storage.Collection{Name: "order"}
	s, err := Open(t.Context(), dir, bare)
	if err != nil {
		t.Fatal(err)
	}
	docs := storage.Open[sheet](s, "s", bare)
	const n = 3 * buildBatch
	done := make(chan error, n)
	for i := range n {
		go func() { done <- docs.Insert(t.Context(), fmt.Sprint(i), sheet{"tags": []string{"a"}}) }()
	}
	for range n {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(&fuse{Context: t.Context(), left: 2}, dir, sample()); !errors.Is(err,
		context.Canceled) {
		t.Fatalf("open with a context that ends: %v", err)
	}
	again, err := Open(t.Context(), dir, sample())
	if err != nil {
		t.Fatalf("open again: %v", err)
	}
	defer again.Close()
	rows, err := again.Scan(t.Context(),
		"order", storage.Scan{Index: sample().Indexes[1], Shop: "s",
			Equal: []storage.Value{text("a")}, Limit: 2 * n})
	if err != nil || len(rows) != n {
		t.Errorf("%d rows, error %v, want %d rows", len(rows), err, n)
	}
}

func TestTheIndexesOfAServedStoreStay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	older, err := Open(t.Context(), dir, sample())
	if err != nil {
		t.Fatal(err)
	}
	defer older.Close()
	if err := older.Lock(); err != nil {
		t.Fatal(err)
	}
	changed, fewer, more := sample(), sample(), sample()
	changed.Indexes[0].Head = []string{"other"}
	fewer.Indexes = fewer.Indexes[1:]
	more.Indexes = append(more.Indexes,
		storage.Index{Name: "more", Fields: []storage.Field{{Path: "a", Kind: storage.String}}})
	others := map[string]storage.Collection{"another head": changed, "an index less": fewer,
		"an index more": more}
	for name, other := range others {
		if _, err := Open(t.Context(), dir, other); err == nil || !strings.Contains(err.Error(),
			fmt.Sprintf("serves this store (process %d)", os.Getpid())) {
			t.Errorf("open with %s: %v", name, err)
		}
	}
	beside, err := Open(t.Context(), dir, sample(), storage.Collection{Name: "other"})
	if err != nil {
		t.Fatalf("open with another collection: %v", err)
	}
	if err := beside.Close(); err != nil {
		t.Fatal(err)
	}
	if err := storage.Open[sheet](older, "s", sample()).Insert(t.Context(), "a", sheet{}); err != nil {
		t.Errorf("insert by the server: %v", err)
	}
	if err := older.Close(); err != nil {
		t.Fatal(err)
	}
	for name, other := range others {
		s, err := Open(t.Context(), dir, other)
		if err != nil {
			t.Fatalf("open with %s when nobody serves it: %v", name, err)
		}
		if err := errors.Join(s.Lock(), s.Close()); err != nil {
			t.Errorf("serve with %s: %v", name, err)
		}
	}
}

// TestLockSeesAChange changes the indexes after a server has opened the store and before that server locks
// it.
func TestLockSeesAChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	older, err := Open(t.Context(), dir, sample())
	if err != nil {
		t.Fatal(err)
	}
	defer older.Close()
	changed := sample()
	changed.Indexes[0].Head = []string{"other"}
	newer, err := Open(t.Context(), dir, changed)
	if err != nil {
		t.Fatal(err)
	}
	defer newer.Close()
	if err := older.Lock(); !errors.Is(err, errLayout) {
		t.Errorf("lock: %v, want errLayout", err)
	}
	if err := newer.Lock(); err != nil {
		t.Errorf("lock by the newer: %v", err)
	}
}

func TestAStoreWhoseIndexesAnotherProcessChangedRefusesToWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	older, err := Open(t.Context(), dir, sample())
	if err != nil {
		t.Fatal(err)
	}
	defer older.Close()
	docs := storage.Open[sheet](older, "s", sample())
	beside, err := Open(t.Context(), dir, sample(), storage.Collection{Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	if err := docs.Insert(t.Context(), "a", sheet{}); err != nil {
		t.Errorf("insert when another collection was added: %v", err)
	}
	changed := sample()
	changed.Indexes[0].Head = []string{"other"}
	newer, err := Open(t.Context(), dir, changed)
	if err != nil {
		t.Fatal(err)
	}
	defer newer.Close()
	if err := docs.Insert(t.Context(), "b", sheet{}); !errors.Is(err, errLayout) {
		t.Errorf("insert by the older program: %v, want errLayout", err)
	}
	if err := storage.Open[sheet](newer, "s", changed).Insert(t.Context(), "b", sheet{}); err != nil {
		t.Errorf("insert by the newer program: %v", err)
	}
}

// TestTheMarkOfRootIsTheOwners checks that a lock file created by root belongs to the store's owner.
func TestTheMarkOfRootIsTheOwners(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	const nobody = 65534
	dir := filledDir(t, 1)
	if err := os.Chown(filepath.Join(dir, fileName), nobody, nobody); err != nil {
		t.Fatal(err)
	}
	lock, err := takeLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	info, err := lock.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); !ok || owner.Uid != nobody || owner.Gid != nobody {
		t.Errorf("it belongs to %+v", info.Sys())
	}
}
