package transfer

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"postern/storage"
)

// batch is a set of changes that are announced and written together, and the number of source documents
// examined for it.
type batch struct {
	changes []change
	bytes   int
	seen    int64
}

func (b *batch) full() bool {
	return len(b.changes) >= copyBatch || b.bytes >= storage.WalkBytes || b.seen >= copyStride
}

func (b *batch) add(c change) {
	if c.to != (storage.Version{}) {
		b.seen++
	}
	if c.from != c.to {
		b.changes = append(b.changes, c)
		b.bytes += len(c.doc)
	}
}

// findDifferences walks through source and target side by side and sends the differences, in batches, in id
// order.
func findDifferences(ctx context.Context, source, target entries, batches chan<- batch) error {
	s, stopSource := newReader(source)
	defer stopSource()
	t, stopTarget := newReader(target)
	defer stopTarget()
	if err := errors.Join(s.step(), t.step()); err != nil {
		return err
	}
	var b batch
	for s.ok || t.ok {
		c, err := compare(s, t)
		if err != nil {
			return err
		}
		if b.add(c); !b.full() {
			continue
		}
		if err := b.send(ctx, batches); err != nil {
			return err
		}
		b = batch{}
	}
	return b.send(ctx, batches)
}

func (b batch) send(ctx context.Context, batches chan<- batch) error {
	select {
	case batches <- b:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// compare returns the change for the document with the lowest id, which may be none, and steps past it.
func compare(source, target *reader) (c change, err error) {
	order := strings.Compare(source.entry.ID, target.entry.ID)
	inSource := source.ok && (!target.ok || order <= 0)
	inTarget := target.ok && (!source.ok || order >= 0)
	if inSource {
		c.id, c.to, c.doc = source.entry.ID, source.entry.Version, source.entry.Doc
		if c.to == (storage.Version{}) {
			return c, fmt.Errorf("%q in the source has no version: another program wrote it", c.id)
		}
		err = source.step()
	}
	if inTarget {
		c.id, c.from = target.entry.ID, target.entry.Version
		err = errors.Join(err, target.step())
	}
	return c, err
}

// reader reads a walk one entry at a time.
type reader struct {
	next  func() (storage.Entry, error, bool)
	entry storage.Entry
	ok    bool // false after the last entry
}

func newReader(from entries) (r *reader, stop func()) {
	next, stop := iter.Pull2(from)
	return &reader{next: next}, stop
}

func (r *reader) step() (err error) {
	r.entry, err, r.ok = r.next()
	return err
}
