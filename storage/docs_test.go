package storage_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/storage"
	"postern/storage/storagetest"
)

type note struct {
	Title string `bson:"title"`
	Num   int64  `bson:"num"`
}

func notes() storage.Collection {
	return storage.Collection{Name: "note", Indexes: []storage.Index{
		{Name: "by_num", Fields: []storage.Field{{Path: "num", Kind: storage.Int}}, Head: []string{"title"}},
		{Name: "by_title_num", Fields: []storage.Field{{Path: "title", Kind: storage.String},
			{Path: "num", Kind: storage.Int}}},
		{Name: "by_tag", Fields: []storage.Field{{Path: "tags", Kind: storage.String, Multi: true}}},
	}}
}

func openNotes(t *testing.T) storage.Docs[note] {
	return storage.Open[note](storagetest.Open(t, notes()), "shop", notes())
}

func stored(t *testing.T, d storage.Docs[note], key string) (note, storage.Version) {
	t.Helper()
	n, version, err := d.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return n, version
}

func TestChange(t *testing.T) {
	t.Parallel()
	failure := errors.New("failure")
	for _, c := range []struct {
		name   string
		key    string
		change func(*note) error
		want   error
		stored note
		writes int64
	}{
		{"writes what was changed", "k", func(n *note) error { n.Num++; return nil }, nil, note{"t", 2}, 1},
		{"returns the function's error", "k", func(n *note) error { n.Num++; return failure }, failure,
			note{"t", 1}, 0},
		{"writes nothing when told so", "k", func(n *note) error { n.Num++; return storage.ErrUnchanged },
			nil, note{"t", 1}, 0},
		{"needs a document", "x", func(n *note) error { return nil }, storage.ErrNotFound, note{"t", 1}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := openNotes(t)
			if err := d.Insert(t.Context(), "k", note{"t", 1}); err != nil {
				t.Fatal(err)
			}
			_, before := stored(t, d, "k")
			if _, err := d.Change(t.Context(), c.key, c.change); !errors.Is(err, c.want) {
				t.Errorf("change: %v, want %v unaltered", err, c.want)
			}
			got, after := stored(t, d, "k")
			if diff := cmp.Diff(c.stored, got); diff != "" || after.N-before.N != c.writes {
				t.Errorf("%d writes, document (-want +got):\n%s", after.N-before.N, diff)
			}
		})
	}
}

func TestChangeBeginsAgainAfterAConflict(t *testing.T) {
	t.Parallel()
	d := openNotes(t)
	if err := d.Insert(t.Context(), "k", note{"t", 1}); err != nil {
		t.Fatal(err)
	}
	calls := 0
	got, err := d.Change(t.Context(), "k", func(n *note) error {
		if calls++; calls <= 3 {
			read, version := stored(t, d, "k")
			read.Num *= 10
			if err := d.Replace(t.Context(), "k", version, read); err != nil {
				t.Fatal(err)
			}
		}
		n.Num++
		return nil
	})
	if err != nil || calls != 4 || got.Num != 1001 {
		t.Errorf("%d calls, %v, %v", calls, got, err)
	}
	if n, _ := stored(t, d, "k"); n != got {
		t.Errorf("stored %v, returned %v", n, got)
	}
}

func TestPut(t *testing.T) {
	t.Parallel()
	d := openNotes(t)
	for i, wantFound := range []bool{false, true} {
		got, err := d.Put(t.Context(), "k", func(n *note, found bool) error {
			if found != wantFound {
				t.Errorf("call %d: found is %v", i, found)
			}
			n.Num++
			return nil
		})
		if err != nil || got.Num != int64(i+1) {
			t.Errorf("put %d: %v, %v", i, got, err)
		}
	}
	_, err := d.Put(t.Context(), "other", func(*note, bool) error { return storage.ErrUnchanged })
	if _, _, getErr := d.Get(t.Context(), "other"); err != nil || !errors.Is(getErr, storage.ErrNotFound) {
		t.Errorf("put of nothing: %v, then get: %v", err, getErr)
	}
}

func TestPutMeetsAnInsert(t *testing.T) {
	t.Parallel()
	d := openNotes(t)
	got, err := d.Put(t.Context(), "k", func(n *note, found bool) error {
		if !found {
			if err := d.Insert(t.Context(), "k", note{"other", 5}); err != nil {
				t.Fatal(err)
			}
		}
		n.Num++
		return nil
	})
	if diff := cmp.Diff(note{"other", 6}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestPutAfterAnOutdatedRead checks that a read from before another write is only a first attempt: for a
// document that was inserted, changed or deleted since.
func TestPutAfterAnOutdatedRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, since func(storage.Docs[note]) error
		wantFound     []bool
		want          note
	}{
		"nothing since": {
			before: func(d storage.Docs[note]) error { return d.Insert(t.Context(), "k", note{"t", 1}) },
			since:  func(storage.Docs[note]) error { return nil }, wantFound: []bool{true}, want: note{"t", 2},
		},
		"inserted": {
			before:    func(storage.Docs[note]) error { return nil },
			since:     func(d storage.Docs[note]) error { return d.Insert(t.Context(), "k", note{"t", 5}) },
			wantFound: []bool{false, true}, want: note{"t", 6},
		},
		"changed": {
			before: func(d storage.Docs[note]) error { return d.Insert(t.Context(), "k", note{"t", 1}) },
			since: func(d storage.Docs[note]) error {
				_, err := d.Change(t.Context(), "k", func(n *note) error { n.Num = 7; return nil })
				return err
			},
			wantFound: []bool{true, true}, want: note{"t", 8},
		},
		"deleted": {
			before: func(d storage.Docs[note]) error { return d.Insert(t.Context(), "k", note{"t", 1}) },
			since: func(d storage.Docs[note]) error {
				_, version, err := d.Get(t.Context(), "k")
				return errors.Join(err, d.Delete(t.Context(), "k", version))
			},
			wantFound: []bool{true, false}, want: note{"", 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := openNotes(t)
			err := c.before(d)
			read, readErr := d.Read(t.Context(), "k")
			if err = errors.Join(err, readErr, c.since(d)); err != nil {
				t.Fatal(err)
			}
			var found []bool
			got, err := d.PutAfter(t.Context(), "k", read, func(n *note, is bool) error {
				found = append(found, is)
				n.Num++
				return nil
			})
			now, _ := stored(t, d, "k")
			if err != nil || got != c.want || now != c.want || !cmp.Equal(found, c.wantFound) {
				t.Errorf("returned %v, stored %v, found %v, %v", got, now, found, err)
			}
		})
	}
}

func TestWhatIsTooLargeIsRefused(t *testing.T) {
	t.Parallel()
	d := openNotes(t)
	if err := d.Insert(t.Context(), "k", note{Title: strings.Repeat("x", storage.MaxDocument)}); err == nil {
		t.Error("a document over the limit was accepted")
	}
	if err := d.Insert(t.Context(),
		"k", note{Title: strings.Repeat("x", storage.MaxDocument-500)}); err != nil {
		t.Errorf("a document under the limit: %v", err)
	}
}

func TestNamesThatAreNoShop(t *testing.T) {
	t.Parallel()
	engine := storagetest.Open(t, notes())
	victim := storage.Open[note](engine, "a", notes())
	if err := victim.Insert(t.Context(), "x/k", note{Title: "secret"}); err != nil {
		t.Fatal(err)
	}
	for _, shop := range []string{"", "a/x", "/", "a\x00", "\xff"} {
		d := storage.Open[note](engine, shop, notes())
		if _, _, err := d.Get(t.Context(), "k"); err == nil {
			t.Errorf("shop %q reads another's document", shop)
		}
		if err := d.Insert(t.Context(), "new", note{}); err == nil {
			t.Errorf("shop %q writes", shop)
		}
		if err := d.Delete(t.Context(), "new", storage.Version{}); err == nil || errors.Is(err,
			storage.ErrConflict) {
			t.Errorf("shop %q deletes: %v", shop, err)
		}
		if _, err := storage.Find[note](t.Context(), d,
			storage.Query{Index: "by_num", Limit: 1}); err == nil {
			t.Errorf("shop %q lists", shop)
		}
	}
}

func TestErrorsNameTheCollectionNotTheDocument(t *testing.T) {
	t.Parallel()
	d := openNotes(t)
	_, _, err := d.Get(t.Context(), "jan@example.com")
	if text := fmt.Sprint(err); !strings.Contains(text, "note") || strings.Contains(text, "jan") {
		t.Errorf("error %q", text)
	}
}

// TestReadAllKeepsTheSequence reads documents, of which one does not exist, as a type with some of their
// fields.
func TestReadAllKeepsTheSequence(t *testing.T) {
	t.Parallel()
	d := openNotes(t)
	for i, key := range []string{"a", "b", "c"} {
		if err := d.Insert(t.Context(), key, note{Title: "note " + key, Num: int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	type title struct{ Title string }
	got, err := storage.ReadAll[title](t.Context(), d, []string{"c", "none", "a", "a"})
	if err != nil {
		t.Fatal(err)
	}
	want := []storage.Hit[title]{{Key: "c", Head: title{"note c"}}, {Key: "a", Head: title{"note a"}},
		{Key: "a", Head: title{"note a"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := storage.ReadAll[title](ctx, d, []string{"a"}); err == nil {
		t.Error("reads after the end of the context")
	}
}
