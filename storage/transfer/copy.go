// Package transfer copies one store to another, whatever their engines. It owns what a copy leaves in its
// target to recognise it again: the identity of the source, and the state of the copy.
//
// It must not know the engines or what the documents mean.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"postern/storage"
)

// ErrTarget means that the target of a copy is not as earlier copies from the same source left it. Nothing
// was written.
var ErrTarget = errors.New("transfer: the target is not what an earlier copy left there")

const (
	copyBatch   = 1000 // changes announced together
	copyStride  = 5000 // documents compared before progress is reported, at most
	copyWorkers = 64   // concurrent changes, so that they share commits
)

// Report counts documents. Behind counts those that changed in the source while they were being copied: the
// target keeps the earlier version, and the next run updates them.
type Report struct {
	Inserted, Replaced, Deleted, Unchanged, Behind int64
}

// Copy makes the collections of the target equal to those of the source: it writes documents that differ,
// deletes documents that exist only in the target, and skips documents of the same version. Versions and
// marks are preserved. Counters (rate limits) are not copied: they start again from zero. The target's
// indexes are its own, created when it was opened.
//
// After a run that ended early (by an error, ctx or a crash), run Copy again; after a complete run, another
// run changes nothing. The source may be in use during the copy, but its documents are then read at
// different moments, so do the last run while the source is idle. Nothing but Copy may write to the target
// until it replaces the source.
//
// Copy returns ErrTarget, having written nothing to the target, unless every document there is in a version
// written by an earlier copy from this source and none is missing. A first copy therefore needs a target
// whose collections are empty. The copy state in the target records the ids and versions of all documents.
// It does not detect changes that keep the version (only other programs make those), counters, collections
// that were not passed, or writes during the run: a conflicting write ends the run, any other is detected by
// the next. A store restored from a backup of the source counts as the source.
//
// The progress function, which may be nil, gets the number of documents examined (in the target, then in
// the source) and the total, which can grow.
func Copy(
	ctx context.Context, from, to storage.Engine, collections []storage.Collection,
	progress func(done, total int64),
) (Report, error) {
	c, err := newCopier(ctx, from, to, collections)
	if err != nil {
		return Report{}, fmt.Errorf("copy: %w", err)
	}
	if progress != nil {
		c.progress = progress
	}
	if err := c.audit(ctx, collections); err != nil {
		return Report{}, fmt.Errorf("copy: the target: %w", err)
	}
	for _, collection := range collections {
		if err := c.copy(ctx, collection.Name); err != nil {
			return c.report, fmt.Errorf("copy %s: %w", collection.Name, err)
		}
	}
	if err := c.finish(ctx); err != nil {
		return c.report, fmt.Errorf("copy: %w", err)
	}
	return c.report, nil
}

// store is an engine that can be copied.
type store interface {
	storage.Engine
	storage.Walker
}

// copier is one run of Copy.
type copier struct {
	from, to    store
	state       *targetState
	report      Report
	progress    func(done, total int64)
	done, total int64
	empty       map[string]bool // collections that are empty in the target
}

func newCopier(ctx context.Context, from, to storage.Engine,
	collections []storage.Collection) (*copier, error) {
	c := &copier{progress: func(int64, int64) {}, empty: map[string]bool{}}
	var ok bool
	if c.from, ok = from.(store); !ok {
		return nil, errors.New("the source's engine cannot be walked through")
	}
	if c.to, ok = to.(store); !ok {
		return nil, errors.New("the target's engine cannot be walked through")
	}
	source, err := ensureIdentity(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("the source: %w", err)
	}
	target, err := readIdentity(ctx, to)
	if err != nil {
		return nil, fmt.Errorf("the target: %w", err)
	}
	if target == source {
		return nil, fmt.Errorf("source and target are the same store, or one is made of the other's files: %w", ErrTarget)
	}
	if c.state, err = readState(ctx, to, source); err != nil {
		return nil, fmt.Errorf("the target: %w", err)
	}
	return c, c.count(ctx, collections)
}

func (c *copier) count(ctx context.Context, collections []storage.Collection) error {
	for _, collection := range collections {
		for _, s := range []store{c.from, c.to} {
			n, err := s.Count(ctx, collection.Name)
			if err != nil {
				return fmt.Errorf("count %s: %w", collection.Name, err)
			}
			c.total += n
		}
	}
	return nil
}

func (c *copier) looked(n int64) {
	c.done += n
	c.total = max(c.total, c.done)
	c.progress(c.done, c.total)
}

// audit checks, before anything is written, that the target is as earlier copies left it, and then takes
// over its copy state.
func (c *copier) audit(ctx context.Context, collections []storage.Collection) error {
	unfinished := c.state.Collection
	isUnfinished := func(d storage.Collection) bool { return d.Name == unfinished }
	if unfinished != "" && !slices.ContainsFunc(collections, isUnfinished) {
		return fmt.Errorf("an earlier copy stopped in collection %s, so this one must include it", unfinished)
	}
	for _, collection := range collections {
		if err := c.auditOne(ctx, collection.Name); err != nil {
			return err
		}
	}
	first := c.state.Run == ""
	c.state.Run, c.state.Collection, c.state.Batch = storage.NewID(), "", nil
	if first || unfinished != "" {
		return c.state.write(ctx)
	}
	return nil
}

func (c *copier) auditOne(ctx context.Context, collection string) error {
	audit := c.state.audit(collection)
	seen := int64(0)
	for entry, err := range walk(ctx, c.to, collection, false) {
		if err == nil {
			err = audit.add(entry)
		}
		if err != nil {
			return err
		}
		if seen++; seen == copyStride {
			c.looked(seen)
			seen = 0
		}
	}
	c.looked(seen)
	c.empty[collection] = audit.empty()
	return audit.end()
}

// copy compares and writes one collection, reading the next batch while it writes the previous one. The
// target's walk is always ahead of the writes, so it never reads them. If the target's collection is
// empty, documents are read together with their bodies; otherwise only the bodies that differ are read,
// which is fast when few do.
func (c *copier) copy(ctx context.Context, collection string) error {
	group, ctx := errgroup.WithContext(ctx)
	batches := make(chan batch, 1)
	group.Go(func() error {
		defer close(batches)
		source := walk(ctx, c.from, collection, c.empty[collection])
		return findDifferences(ctx, source, walk(ctx, c.to, collection, false), batches)
	})
	group.Go(func() error {
		for b := range batches {
			if err := c.apply(ctx, collection, b); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// apply announces the changes, makes them concurrently, and updates the copy state in memory.
func (c *copier) apply(ctx context.Context, collection string, b batch) error {
	made := make([]bool, len(b.changes))
	if len(b.changes) > 0 {
		c.state.announce(collection, b.changes)
		if err := c.state.write(ctx); err != nil {
			return err
		}
		if err := c.writeAll(ctx, collection, b.changes, made); err != nil {
			return err
		}
	}
	c.report.Unchanged += b.seen
	for i, change := range b.changes {
		version := change.from
		if made[i] {
			version = change.to
		}
		c.state.settle(collection, change.id, version)
		c.report.add(change, made[i])
	}
	c.looked(b.seen)
	return nil
}

// add counts the change. A change to a document of the source was first counted as unchanged.
func (r *Report) add(c change, made bool) {
	if c.to != (storage.Version{}) {
		r.Unchanged--
	}
	switch {
	case !made:
		r.Behind++
	case c.to == (storage.Version{}):
		r.Deleted++
	case c.from == (storage.Version{}):
		r.Inserted++
	default:
		r.Replaced++
	}
}

// writeAll makes the changes. made records which were made, since some documents may have changed in the
// source. It always waits for writes in flight: the next run would take a late one for a write by another
// program.
func (c *copier) writeAll(ctx context.Context, collection string, changes []change, made []bool) error {
	group, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(copyWorkers, len(changes)) {
		group.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(changes)); i = next.Add(1) - 1 {
				err := ctx.Err()
				if err == nil {
					made[i], err = c.write(ctx, collection, changes[i])
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (c *copier) write(ctx context.Context, collection string, ch change) (bool, error) {
	if ch.to != (storage.Version{}) && ch.doc == nil {
		doc, err := c.from.Get(ctx, collection, ch.id)
		if errors.Is(err, storage.ErrNotFound) || err == nil && storage.VersionOf(doc) != ch.to {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		ch.doc = doc
	}
	return true, c.put(context.WithoutCancel(ctx), collection, ch)
}

// put makes the change in the target. If the document is not in the state found, someone else has written
// to the target.
func (c *copier) put(ctx context.Context, collection string, ch change) error {
	shop, _, _ := strings.Cut(ch.id, "/")
	r := storage.Record{ID: ch.id, Shop: shop, Version: ch.to, Doc: ch.doc}
	var err error
	switch (storage.Version{}) {
	case ch.to:
		err = c.to.Delete(ctx, collection, ch.id, ch.from)
	case ch.from:
		err = c.to.Insert(ctx, collection, r)
	default:
		err = c.to.Replace(ctx, collection, r, ch.from)
	}
	if errors.Is(err, storage.ErrExists) || errors.Is(err, storage.ErrConflict) {
		return fmt.Errorf("%q in the target is being written by others: %w", ch.id, err)
	}
	return err
}

// finish writes the final copy state unless it is already there.
func (c *copier) finish(ctx context.Context) error {
	if c.state.Collection == "" {
		return nil
	}
	c.state.Collection, c.state.Batch = "", nil
	return c.state.write(ctx)
}
