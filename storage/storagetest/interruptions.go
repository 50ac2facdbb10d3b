package storagetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
	"postern/storage/transfer"
)

// mortal is an engine whose writes to documents all fail after a given number, as if the process had died.
type mortal struct {
	operable
	left atomic.Int64
}

var errDead = errors.New("dead")

func (m *mortal) live() error {
	if m.left.Add(-1) < 0 {
		return errDead
	}
	return nil
}

func (m *mortal) Insert(ctx context.Context, collection string, r storage.Record) error {
	if err := m.live(); err != nil {
		return err
	}
	return m.operable.Insert(ctx, collection, r)
}

func (m *mortal) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	if err := m.live(); err != nil {
		return err
	}
	return m.operable.Replace(ctx, collection, r, read)
}

func (m *mortal) Delete(ctx context.Context, collection, id string, read storage.Version) error {
	if err := m.live(); err != nil {
		return err
	}
	return m.operable.Delete(ctx, collection, id, read)
}

// broken runs a copy that may write to the target only a given number of times, writes of the copy state
// included, and reports whether that was enough.
func (p pair) broken(t *testing.T, writes int) bool {
	t.Helper()
	m := &mortal{operable: p.to}
	m.left.Store(int64(writes))
	_, err := pair{from: p.from, to: m}.copy(t.Context())
	if err != nil && !errors.Is(err, errDead) {
		t.Fatalf("copy with %d writes: %v", writes, err)
	}
	return err == nil
}

func copyBroken(t *testing.T, p pair) {
	p.few(t)
	for writes := 0; !p.broken(t, writes); writes++ {
	}
	p.equal(t)
	for round := 0; ; round++ {
		change(t, source(p, "a"), number(0))
		change(t, source(p, "b"), number(round%6))
		put(t, source(p, "c"), number(round), doc{})
		if round > 0 {
			remove(t, source(p, "c"), number(round-1))
		}
		if p.broken(t, round) {
			break
		}
		if round%3 == 2 { // otherwise the next copy starts from several broken ones
			p.copied(t)
			p.equal(t)
		}
	}
	p.copied(t)
	p.equal(t)
}

func copyBrokenRefused(t *testing.T, p pair) {
	p.few(t)
	p.copied(t)
	for name, intrude := range intrusions() {
		for _, key := range []string{number(0), number(3)} { // one that no intrusion touches, and one that most do
			change(t, source(p, "a"), key)
			change(t, source(p, "b"), key)
		}
		if p.broken(t, 2) {
			t.Fatal("two writes were enough")
		}
		intrude(t, p)
		p.refused(t, name)
		p.restored(t)
	}
}

// restless is a source that calls before ahead of each document read.
type restless struct {
	operable
	before func(id string)
}

func (r restless) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	r.before(id)
	return r.operable.Get(ctx, collection, id)
}

func copyBehind(t *testing.T, p pair) {
	p.few(t)
	p.copied(t)
	d := source(p, "a")
	for _, key := range []string{number(1), number(2), number(3)} {
		change(t, d, key)
	}
	put(t, d, "passing", doc{})
	going := func(key string) error {
		_, read, err := d.Get(t.Context(), key)
		return errors.Join(err, d.Delete(t.Context(), key, read))
	}
	happens := map[string]func() error{
		"a/0001": func() error {
			_, err := d.Change(t.Context(), "0001",
				func(v *doc) error { (*v)["title"] = "again"; return nil })
			return err
		},
		"a/0002":    func() error { return going("0002") },
		"a/passing": func() error { return going("passing") },
	}
	busy := pair{to: p.to, from: restless{p.from, func(id string) {
		if happen, ok := happens[id]; ok {
			if err := happen(); err != nil {
				t.Error(err)
			}
		}
	}}}
	same(t, "report", transfer.Report{Replaced: 1, Unchanged: 10, Behind: 3}, busy.copied(t))
	same(t, "next report", transfer.Report{Replaced: 1, Deleted: 1, Unchanged: 11}, p.copied(t))
	p.equal(t)
}

// overtaken is a source on which another copy begins and ends before its documents are listed.
type overtaken struct {
	operable
	other func()
}

func (o overtaken) Walk(ctx context.Context, collection string, w storage.Walk) ([]storage.Entry, error) {
	o.other()
	return o.operable.Walk(ctx, collection, w)
}

func copyTwice(t *testing.T, p pair) {
	p.few(t)
	p.copied(t)
	change(t, source(p, "a"), number(1))
	late := pair{to: p.to, from: overtaken{p.from, sync.OnceFunc(func() {
		p.copied(t)
		change(t, source(p, "a"), number(2))
	})}}
	if report, err := late.copy(t.Context()); err == nil || report != (transfer.Report{}) {
		t.Errorf("the copy that was overtaken: %v, %v; want an error", report, err)
	}
	same(t, "report of the next", transfer.Report{Replaced: 1, Unchanged: 12}, p.copied(t))
	p.equal(t)
}
