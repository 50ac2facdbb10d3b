package portal

import (
	"context"
	"errors"
	"strconv"
	"time"

	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

func (w Worker) batchJobs() job.Source {
	again := job.Retry{Forever: true, Gaps: []time.Duration{2 * time.Second, 10 * time.Second, time.Minute,
		5 * time.Minute}}
	return job.Documents[batch.Batch]{
		Collection: batch.Collection(),
		Open:       func(shop string) storage.Docs[batch.Batch] { return batch.Docs(w.app.engine, shop) },
		List:       func(b *batch.Batch) *job.List { return &b.Work },
		Kinds: map[string]job.Kind[batch.Batch]{
			batch.KindSelect: {Do: inShop(w.app, w.selectBatch), Slow: true, Retry: again},
			batch.KindRun:    {Do: inShop(w.app, w.runBatch), Slow: true, Retry: again},
		},
	}
}

// selectBatch freezes the customers of a batch. Each page is stored before the cursor moves on, so that after
// a crash it is stored again.
func (w Worker) selectBatch(ctx context.Context, s shop.Shop,
	t job.Task[batch.Batch]) (job.Finish[batch.Batch], error) {
	b := t.Doc
	for b.State == batch.Selecting {
		c, err := w.choose(ctx, s, b)
		if err != nil {
			return nil, err
		}
		if b, err = w.freeze(ctx, s, b, c); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// chosen is a page of a selection: the customers, those who are left out from the start, and the cursor of
// what follows, "" for nothing.
type chosen struct {
	ids  []string
	left []batch.Left
	next string
}

func (w Worker) choose(ctx context.Context, s shop.Shop, b batch.Batch) (c chosen, err error) {
	if b.Action == BulkUndo {
		return w.chooseChanged(ctx, s, b)
	}
	if b.Selection.Search != "" {
		f := &validate.Validator{}
		where := customer.Query{Filters: b.Selection.Filters}.Conditions(f, CustomerPlace(s))
		if len(f.Rejected) > 0 {
			return c, nil
		}
		return w.chooseFound(ctx, bulk{app: w.app, shop: s, batch: b}, where)
	}
	query, err := customer.Query{Filters: b.Selection.Filters, Cursor: b.Cursor}.FindMany(CustomerPlace(s))
	if validate.KindOf(err) == validate.Invalid { // such as a choice that an update removed
		return c, nil
	}
	if err != nil {
		return c, err
	}
	query.Limit = batch.PageSize
	found, err := storage.Find[struct{}](ctx, w.app.customerDocs(s.ID), query)
	for _, hit := range found.Hits {
		c.ids = append(c.ids, hit.Key)
	}
	c.next = found.Next
	return c, err
}

// chooseChanged returns the customers whom a page of another batch changed, without those where something
// else changed the same since. The cursor is the number of the page. On a page that was not finished, such as
// when the batch had to stop after a crash, the acts tell who was changed.
func (w Worker) chooseChanged(ctx context.Context, s shop.Shop, b batch.Batch) (c chosen, err error) {
	n := 0
	if b.Cursor != "" {
		if n, err = strconv.Atoi(b.Cursor); err != nil {
			return c, err
		}
	}
	undone, _, err := batch.Docs(w.app.engine, s.ID).Get(ctx, b.Args["batch"])
	if err != nil || n >= undone.Pages || n > undone.Next {
		return c, ifFound(err)
	}
	p, _, err := batch.PageDocs(w.app.engine, s.ID).Get(ctx, batch.PageKey(undone.ID, n))
	if err != nil {
		return c, err
	}
	verdicts, err := w.judge(ctx, s, bulk{app: w.app, shop: s, batch: b}, p.Touched())
	for _, id := range p.Touched() {
		switch why := verdicts[id]; {
		case why == "":
			c.ids = append(c.ids, id)
		case p.Ended || why != "undo.gone":
			c.left = append(c.left, batch.Left{Customer: id, Why: why})
		}
	}
	c.next = strconv.Itoa(n + 1)
	return c, err
}

// judge returns for customers why the act on them cannot be undone.
func (w Worker) judge(ctx context.Context, s shop.Shop, b bulk, ids []string) (map[string]string, error) {
	verdicts := newVerdicts()
	err := eachAtOnce(ctx, ids, func(ctx context.Context, id string) error {
		c, err := w.app.customer(ctx, s.ID, id)
		if err == nil {
			err = c.UndoRecorded(ctx, w.app.auditLog(s.ID), b.act(bulkActions()[BulkUndo].kind, id), w.app.now())
		}
		why, err := whySkipped(err)
		verdicts.set(id, why)
		return err
	})
	return verdicts.by, err
}

// freeze stores a page and moves the cursor on.
func (w Worker) freeze(ctx context.Context, s shop.Shop, b batch.Batch, c chosen) (batch.Batch, error) {
	n, size := b.Pages, len(c.ids)+len(c.left)
	p := batch.Page{Batch: b.ID, IDs: c.ids, Left: c.left,
		Expires: b.CreatedAt.Add(batch.Kept + batch.DraftLife)}
	p.Tally.Skipped = int64(len(p.Left))
	if size > 0 {
		_, err := batch.PageDocs(w.app.engine, s.ID).Put(ctx, batch.PageKey(b.ID, n), func(stored *batch.Page,
			_ bool) error {
			if stored.Begun {
				return storage.ErrUnchanged // another process has selected it, and somebody started the batch
			}
			*stored = p
			return nil
		})
		if err != nil {
			return b, err
		}
	}
	return batch.Docs(w.app.engine, s.ID).Change(ctx, b.ID, func(stored *batch.Batch) error {
		if stored.State != batch.Selecting || stored.Pages != n || stored.Cursor != b.Cursor {
			return storage.ErrUnchanged // another process was faster
		}
		if stored.Cursor = c.next; size > 0 {
			stored.Pages++
			stored.Total += int64(size)
			stored.Conflicts += int64(len(c.left))
		}
		if c.next == "" {
			stored.State = batch.Ready
		}
		return nil
	})
}

// sweepBatches removes the batches, pages and parts of files that have expired.
func (w Worker) sweepBatches(ctx context.Context, s shop.Shop) error {
	now := w.app.now()
	err := sweepBy(ctx, batch.Docs(w.app.engine, s.ID),
		storage.Query{Index: batch.ByCreated, To: now.Add(-batch.DraftLife)},
		func(b batch.Batch) bool { return !b.IsBusy() && !now.Before(b.Expires()) })
	return errors.Join(err, sweepBy(ctx, batch.PageDocs(w.app.engine, s.ID),
		storage.Query{Index: batch.ByExpiry, To: now},
		func(p batch.Page) bool { return p.Expires.Before(now) }),
		sweepBy(ctx, batch.PartDocs(w.app.engine, s.ID), storage.Query{Index: batch.ByExpiry, To: now},
			func(p batch.Part) bool { return !now.Before(p.Expires) }))
}
