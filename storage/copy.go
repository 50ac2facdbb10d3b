package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

const (
	copyBatch   = 1000 // changes announced at once
	copyStride  = 5000 // documents compared before progress is told at the latest
	copyWorkers = 64   // changes under way at once, so that they share commits
)

// Report counts documents. Behind are those that changed in the source while they were copied: the target
// has them as before, and the next run brings them.
type Report struct {
	Inserted, Replaced, Deleted, Unchanged, Behind int64
}

// Copy makes the collections of the target equal to those of the source: it writes what differs, deletes
// what only the target has, and skips documents of the same version. Versions and marks stay as they are.
// Counters (rate limits) are not copied: they begin anew. The indexes are the target's own, made when it
// was opened.
//
// A run that ended early, by an error, ctx or a crash, is simply run again; after one that was completed
// another changes nothing. The source may be in use meanwhile, but then its documents come from different
// moments, so the last run belongs to a source that rests. Only Copy may write to the target until it takes
// the source's place.
//
// It returns ErrTarget, having written nothing to the target, unless each document there is in a version
// that an earlier copy from this source has put there, and none is missing: so a first copy wants a target
// whose collections are empty. A stamp in the target tells, over the ids and versions of all documents.
// What it cannot tell: a change that keeps the version, as only another program makes; counters;
// collections that were not given; and writes during the run, of which a conflicting one ends it and any
// other shows in the next. A store restored from a backup of the source counts as the source.
//
// The progress, which may be nil, is how many documents have been looked at, in the target and then in the
// source, of how many; the total can grow.
func Copy(ctx context.Context, from, to Engine, collections []Collection, progress func(done, total int64)) (Report, error) {
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

// copier is one run of Copy.
type copier struct {
	from, to    Engine
	source      Walker
	target      Walker
	stamp       *stamped
	report      Report
	progress    func(done, total int64)
	done, total int64
	empty       map[string]bool // collections of the target
}

func newCopier(ctx context.Context, from, to Engine, collections []Collection) (*copier, error) {
	c := &copier{from: from, to: to, progress: func(int64, int64) {}, empty: map[string]bool{}}
	var ok, also bool
	if c.source, ok = from.(Walker); !ok {
		return nil, errors.New("storage: the source's engine cannot be walked through")
	}
	if c.target, also = to.(Walker); !also {
		return nil, errors.New("storage: the target's engine cannot be walked through")
	}
	source, err := identify(ctx, from)
	if err != nil {
		return nil, fmt.Errorf("the source: %w", err)
	}
	target, err := identified(ctx, to)
	if err != nil {
		return nil, fmt.Errorf("the target: %w", err)
	}
	if target == source {
		return nil, fmt.Errorf("source and target are the same store, or one is made of the other's files: %w", ErrTarget)
	}
	if c.stamp, err = readStamp(ctx, to, source); err != nil {
		return nil, fmt.Errorf("the target: %w", err)
	}
	return c, c.count(ctx, collections)
}

func (c *copier) count(ctx context.Context, collections []Collection) error {
	for _, collection := range collections {
		for _, walker := range []Walker{c.source, c.target} {
			n, err := walker.Count(ctx, collection.Name)
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

// audit sees to it that the target is as copies left it, before anything is written, and then takes the
// stamp over.
func (c *copier) audit(ctx context.Context, collections []Collection) error {
	unfinished := c.stamp.Collection
	if unfinished != "" && !slices.ContainsFunc(collections, func(d Collection) bool { return d.Name == unfinished }) {
		return fmt.Errorf("an earlier copy was broken off in the collection %s, so this one must have it too", unfinished)
	}
	for _, collection := range collections {
		if err := c.auditOne(ctx, collection.Name); err != nil {
			return err
		}
	}
	first := c.stamp.Run == ""
	c.stamp.Run, c.stamp.Collection, c.stamp.Batch = NewID(), "", nil
	if first || unfinished != "" {
		return c.stamp.write(ctx)
	}
	return nil
}

func (c *copier) auditOne(ctx context.Context, collection string) error {
	audit := c.stamp.audit(collection)
	t := trail{walker: c.target, collection: collection}
	for seen := int64(0); ; seen++ {
		entry, ok, err := t.head(ctx)
		if err != nil {
			return err
		}
		if !ok || seen == copyStride {
			c.looked(seen)
			seen = 0
		}
		if !ok {
			c.empty[collection] = audit.empty()
			return audit.end()
		}
		if err := audit.add(entry); err != nil {
			return err
		}
		t.step()
	}
}

// copy compares and writes one collection, the next batch being read while one is written. The target's
// trail is always ahead of the writes, so it never meets them. Where the target has nothing yet, all
// documents are read in one go; else only those that differ, which is quick when few do.
func (c *copier) copy(ctx context.Context, collection string) error {
	group, ctx := errgroup.WithContext(ctx)
	batches := make(chan batch, 1)
	group.Go(func() error {
		defer close(batches)
		d := difference{
			source: trail{walker: c.source, collection: collection, bodies: c.empty[collection]},
			target: trail{walker: c.target, collection: collection},
		}
		return d.find(ctx, batches)
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

// apply announces the changes, makes them side by side, and brings the stamp in memory up to date.
func (c *copier) apply(ctx context.Context, collection string, b batch) error {
	made := make([]bool, len(b.changes))
	if len(b.changes) > 0 {
		c.stamp.announce(collection, b.changes)
		if err := c.stamp.write(ctx); err != nil {
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
		c.stamp.settle(collection, change.id, version)
		c.report.add(change, made[i])
	}
	c.looked(b.seen)
	return nil
}

// add counts the change, which was taken for unchanged if it has a document in the source.
func (r *Report) add(c change, made bool) {
	if c.to != (Version{}) {
		r.Unchanged--
	}
	switch {
	case !made:
		r.Behind++
	case c.to == (Version{}):
		r.Deleted++
	case c.from == (Version{}):
		r.Inserted++
	default:
		r.Replaced++
	}
}

// writeAll makes the changes; made tells which, for some may not be the source's state any more. A write
// that has begun is waited for, whatever happens: one that came late would be a stranger's to the next run.
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
	if ch.to != (Version{}) && ch.doc == nil {
		doc, err := c.from.Get(ctx, collection, ch.id)
		if errors.Is(err, ErrNotFound) || err == nil && VersionOf(doc) != ch.to {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		ch.doc = doc
	}
	return true, c.put(context.WithoutCancel(ctx), collection, ch)
}

// put makes the change in the target. Only a write by others explains that it is not in the state found.
func (c *copier) put(ctx context.Context, collection string, ch change) error {
	shop, _, _ := strings.Cut(ch.id, "/")
	r := Record{ID: ch.id, Shop: shop, Version: ch.to, Doc: ch.doc}
	var err error
	switch (Version{}) {
	case ch.to:
		err = c.to.Delete(ctx, collection, ch.id, ch.from)
	case ch.from:
		err = c.to.Insert(ctx, collection, r)
	default:
		err = c.to.Replace(ctx, collection, r, ch.from)
	}
	if errors.Is(err, ErrExists) || errors.Is(err, ErrConflict) {
		return fmt.Errorf("%q in the target is being written by others: %w", ch.id, err)
	}
	return err
}

// finish writes the last state into the stamp, when it is not there yet.
func (c *copier) finish(ctx context.Context) error {
	if c.stamp.Collection == "" {
		return nil
	}
	c.stamp.Collection, c.stamp.Batch = "", nil
	return c.stamp.write(ctx)
}
