package storagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"postern/storage"
	"postern/storage/sqlite"
	"postern/storage/transfer"
)

// copyChecks returns checks that copy between the engine and an embedded store, in both directions.
func copyChecks() []check {
	var checks []check
	for name, run := range map[string]func(*testing.T, pair){
		"make the target equal, again and again":          copyAgain,
		"refuse a target that others wrote to":            copyRefused,
		"refuse a target of another source":               copyElsewhere,
		"go on wherever they were broken off":             copyBroken,
		"broken off, refuse what others wrote since":      copyBrokenRefused,
		"leave what changes meanwhile to the next":        copyBehind,
		"do not mix with another copy":                    copyTwice,
		"of much take several batches and tell how it is": copyMuch,
	} {
		checks = append(checks,
			check{"copies/" + name + "/to an embedded store", func(t *testing.T, opener Opener) {
				run(t, pair{from: openOperable(t, opener, things(), bare()), to: embedded(t)})
			}},
			check{"copies/" + name + "/from an embedded store", func(t *testing.T, opener Opener) {
				to := openOperable(t, opener, things(), bare())
				if _, both := to.(*sqlite.Store); !both { // otherwise the same as the other direction
					run(t, pair{from: embedded(t), to: to})
				}
			}})
	}
	return checks
}

// pair is the two ends of a copy.
type pair struct{ from, to operable }

// bare is a second collection, without indexes.
func bare() storage.Collection { return storage.Collection{Name: "bare"} }

func embedded(t *testing.T) operable {
	t.Helper()
	return openSQLite(t, []storage.Collection{things(), bare()}).(operable)
}

func (p pair) copy(ctx context.Context) (transfer.Report, error) {
	return transfer.Copy(ctx, p.from, p.to, []storage.Collection{things(), bare()}, nil)
}

func (p pair) copied(t *testing.T) transfer.Report {
	t.Helper()
	report, err := p.copy(t.Context())
	if err != nil {
		t.Fatalf("copy: %v", err)
	}
	return report
}

// equal checks that both ends hold the same bytes.
func (p pair) equal(t *testing.T) {
	t.Helper()
	for _, c := range []storage.Collection{things(), bare()} {
		same(t, "documents of "+c.Name, walk(t, p.from, c.Name, 1000), walk(t, p.to, c.Name, 1000))
	}
}

func source(p pair, shop string) storage.Docs[doc] { return storage.Open[doc](p.from, shop, things()) }
func target(p pair, shop string) storage.Docs[doc] { return storage.Open[doc](p.to, shop, things()) }

// few puts documents into two shops of the source.
func (p pair) few(t *testing.T) {
	t.Helper()
	together(6, func(i int) {
		err := errors.Join(
			source(p, "a").Insert(t.Context(), number(i),
				doc{"num": int64(i), "tags": []string{"x", number(i)}}),
			source(p, "b").Insert(t.Context(), number(i), doc{"num": int64(-i)}),
		)
		if err != nil {
			t.Errorf("insert: %v", err)
		}
	})
	put(t, storage.Open[doc](p.from, "a", bare()), "k", doc{"title": "bare"})
}

func change(t *testing.T, d storage.Docs[doc], key string) {
	t.Helper()
	_, err := d.Put(t.Context(), key, func(v *doc, found bool) error {
		if !found {
			*v = doc{}
		}
		(*v)["title"] = "changed"
		return nil
	})
	if err != nil {
		t.Fatalf("change %s: %v", key, err)
	}
}

func remove(t *testing.T, d storage.Docs[doc], key string) {
	t.Helper()
	_, read := get(t, d, key)
	if err := d.Delete(t.Context(), key, read); err != nil {
		t.Fatalf("delete %s: %v", key, err)
	}
}

func copyAgain(t *testing.T, p pair) {
	same(t, "report of nothing", transfer.Report{}, p.copied(t))
	p.few(t)
	same(t, "first report", transfer.Report{Inserted: 13}, p.copied(t))
	p.equal(t)
	same(t, "report without changes", transfer.Report{Unchanged: 13}, p.copied(t))
	change(t, source(p, "a"), number(0))
	change(t, source(p, "b"), number(5))
	remove(t, source(p, "a"), number(1))
	remove(t, source(p, "b"), number(0))
	remove(t, source(p, "a"), number(2)) // inserted again, with a lower version than a changed one
	put(t, source(p, "a"), number(2), doc{"num": int64(22)})
	put(t, source(p, "c"), "new", doc{"num": int64(1)})
	same(t, "second report", transfer.Report{Inserted: 1, Replaced: 3, Deleted: 2, Unchanged: 8}, p.copied(t))
	p.equal(t)
	same(t, "list in the target", []string{number(0), number(3), number(4), number(5), number(2)},
		list(t, target(p, "a"), storage.Query{Index: "by_num"}))
	same(t, "tags in the target", []string{number(0), number(3), number(4), number(5)},
		list(t, target(p, "a"), storage.Query{Index: "by_tag", Equal: []any{"x"}}))
	same(t, "report without changes", transfer.Report{Unchanged: 12}, p.copied(t))
}

// intrusions returns writes to the target by others, each of which must be detected.
func intrusions() map[string]func(*testing.T, pair) {
	return map[string]func(*testing.T, pair){
		"a document more":    func(t *testing.T, p pair) { put(t, target(p, "a"), "other", doc{}) },
		"a document changed": func(t *testing.T, p pair) { change(t, target(p, "a"), number(3)) },
		"a document less":    func(t *testing.T, p pair) { remove(t, target(p, "b"), number(3)) },
		"a document anew": func(t *testing.T, p pair) {
			remove(t, target(p, "b"), number(3))
			put(t, target(p, "b"), number(3), doc{"num": int64(-3)})
		},
		"one that is gone from the source": func(t *testing.T, p pair) {
			remove(t, source(p, "a"), number(4))
			change(t, target(p, "a"), number(4))
		},
		"the last collection": func(t *testing.T,
			p pair) {
			change(t, storage.Open[doc](p.to, "a", bare()), "k")
		},
		"the last collection's only document": func(t *testing.T,
			p pair) {
			remove(t, storage.Open[doc](p.to, "a", bare()), "k")
		},
	}
}

func copyRefused(t *testing.T, p pair) {
	p.few(t)
	put(t, target(p, "a"), "own", doc{})
	p.refused(t, "a store of its own")
	remove(t, target(p, "a"), "own")
	p.copied(t)
	for name, intrude := range intrusions() {
		intrude(t, p)
		change(t, source(p, "a"), number(0)) // so that there is something to copy
		p.refused(t, name)
		p.restored(t)
	}
}

// refused checks that the copy is refused and leaves the target alone.
func (p pair) refused(t *testing.T, what string) {
	t.Helper()
	before := walk(t, p.to, "thing", 1000)
	if report, err := p.copy(t.Context()); !errors.Is(err, transfer.ErrTarget) ||
		report != (transfer.Report{}) {
		t.Errorf("%s: %v, %v; want ErrTarget", what, report, err)
	}
	same(t, "target after the refusal of "+what, before, walk(t, p.to, "thing", 1000))
}

// restored restores the target: emptied, without a copy state, and then copied to.
func (p pair) restored(t *testing.T) {
	t.Helper()
	for _, c := range []storage.Collection{things(), bare(), storage.MetadataCollection()} {
		all := walk(t, p.to, c.Name, 1000)
		together(len(all), func(i int) {
			if err := p.to.Delete(t.Context(), c.Name, all[i].ID, all[i].Version); err != nil {
				t.Errorf("delete: %v", err)
			}
		})
	}
	change(t, source(p, "a"), number(4)) // an intrusion may have copied it from the source
	p.copied(t)
}

func copyElsewhere(t *testing.T, p pair) {
	pair{from: p.from, to: p.from}.refused(t, "the empty source itself")
	p.few(t)
	p.copied(t)
	pair{from: p.to, to: p.from}.refused(t, "the way back")
	other := pair{from: embedded(t), to: p.to}
	other.refused(t, "another source")
	pair{from: p.from, to: p.from}.refused(t, "the source itself")
	same(t, "report", transfer.Report{Unchanged: 13}, p.copied(t))
}

func copyMuch(t *testing.T, p pair) {
	const n = 2300
	together(50, func(i int) {
		for j := i; j < n; j += 50 {
			if err := source(p, fmt.Sprint(j%3)).Insert(t.Context(), number(j),
				doc{"num": int64(j)}); err != nil {
				t.Error(err)
			}
		}
	})
	var last, calls int64
	told := func(done, total int64) {
		if done < last || done > total {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last, calls = done, calls+1
	}
	for _, want := range []struct {
		report transfer.Report
		looked int64
	}{{transfer.Report{Inserted: n}, n}, {transfer.Report{Unchanged: n}, 2 * n}} {
		last = 0
		report, err := transfer.Copy(t.Context(), p.from, p.to, []storage.Collection{things(), bare()}, told)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "report", want.report, report)
		same(t, "looked at", want.looked, last)
	}
	p.equal(t)
}
