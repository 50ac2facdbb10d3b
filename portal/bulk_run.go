package portal

import (
	"context"
	"errors"
	"slices"
	"sync"

	"postern/portal/audit"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// errStop says that a batch must not go on; the message key says why.
type errStop string

func (e errStop) Error() string { return "portal: a batch has stopped: " + string(e) }

// runBatch works through the pages of a batch, until somebody stops it. After a crash it goes on with the
// page that was not finished.
func (w Worker) runBatch(ctx context.Context, s shop.Shop,
	t job.Task[batch.Batch]) (job.Finish[batch.Batch], error) {
	docs := batch.Docs(w.app.engine, s.ID)
	b := bulk{app: w.app, shop: s, batch: t.Doc}
	if run := bulkActions()[t.Doc.Action].run; run != nil {
		return w.runWhole(ctx, b, run)
	}
	if begin := bulkActions()[t.Doc.Action].begin; begin != nil && t.Doc.Next == 0 && t.Doc.State == batch.Running {
		if err := begin(ctx, b); err != nil {
			why, err := whySkipped(err)
			return func(stored *batch.Batch) { stored.End(batch.Stopped, why, w.app.now()) }, err
		}
	}
	for {
		present, _, err := docs.Get(ctx, t.Key)
		if err != nil {
			return nil, ifFound(err)
		}
		b.batch = present
		switch {
		case present.State == batch.Stopping:
			return func(stored *batch.Batch) { stored.End(batch.Stopped, "", w.app.now()) }, nil
		case present.State != batch.Running:
			return nil, nil
		case present.Next >= present.Pages:
			return func(stored *batch.Batch) { stored.End(batch.Done, "", w.app.now()) }, nil
		}
		var stop errStop
		switch err := w.workPage(ctx, b); {
		case errors.As(err, &stop):
			return func(stored *batch.Batch) { stored.End(batch.Stopped, string(stop), w.app.now()) }, nil
		case err != nil:
			return nil, err
		}
	}
}

// runWhole carries out a batch that is no list of acts.
func (w Worker) runWhole(ctx context.Context, b bulk,
	run func(context.Context, Worker, bulk) error) (job.Finish[batch.Batch], error) {
	if b.batch.State != batch.Running && b.batch.State != batch.Stopping {
		return nil, nil
	}
	err := run(ctx, w, b)
	var stop errStop
	state, why := batch.Done, ""
	if errors.As(err, &stop) {
		state, why = batch.Stopped, string(stop)
	} else if err != nil {
		state = batch.Stopped
		if why, err = whySkipped(err); err != nil {
			return nil, err
		}
	}
	return func(stored *batch.Batch) {
		stored.Next = stored.Pages
		if state == batch.Stopped {
			stored.Next = 0
		}
		stored.End(state, why, w.app.now())
	}, nil
}

// workPage works through the next page: it marks the page, changes the customers, and stores the report. Then
// the batch moves on.
func (w Worker) workPage(ctx context.Context, b bulk) error {
	if err := w.mayGoOn(ctx, b); err != nil {
		return err
	}
	n := b.batch.Next
	pages, key := batch.PageDocs(w.app.engine, b.shop.ID), batch.PageKey(b.batch.ID, n)
	again := false
	p, err := pages.Change(ctx, key, func(p *batch.Page) error {
		if again = p.Begun; again {
			return storage.ErrUnchanged
		}
		p.Begun = true
		return nil
	})
	if err != nil {
		return err
	}
	if !p.Ended {
		left, err := w.workOn(ctx, b, p.IDs, again)
		if err != nil {
			return err
		}
		if p, err = pages.Change(ctx, key, func(stored *batch.Page) error {
			if stored.Ended {
				return storage.ErrUnchanged
			}
			stored.End(left)
			return nil
		}); err != nil {
			return err
		}
	}
	_, err = batch.Docs(w.app.engine, b.shop.ID).Change(ctx, b.batch.ID, func(stored *batch.Batch) error {
		if stored.Next != n {
			return storage.ErrUnchanged // another process was faster
		}
		stored.Next++
		stored.Add(p.Tally)
		return nil
	})
	return err
}

// workOn deals with the customers of a page and returns those who were left as they are.
func (w Worker) workOn(ctx context.Context, b bulk, ids []string, again bool) ([]batch.Left, error) {
	if page := bulkActions()[b.batch.Action].page; page != nil {
		return page(w, ctx, b, ids)
	}
	return w.changeEach(ctx, b, ids, again)
}

// mayGoOn is an errStop unless the person who started the batch still works here and may do so. An export
// stops when the beginning of its file is deleted.
func (w Worker) mayGoOn(ctx context.Context, b bulk) error {
	if b.batch.Action == BulkExport && !w.app.now().Before(b.batch.FileUntil()) {
		return errStop("batch.file.gone")
	}
	if b.batch.By.Kind != audit.Staff {
		return nil
	}
	roster, _, err := staff.RosterDocs(w.app.engine, b.shop.ID).Get(ctx, staff.RosterKey)
	m, found := roster.ByID(b.batch.By.ID)
	if err == nil && (!found || !m.Role.May(BulkPermission(b.batch.Action))) {
		err = errStop("batch.stopped.role")
	}
	return err
}

// verdicts collects by customer why they are left as they are, "" for those who were changed.
type verdicts struct {
	mu sync.Mutex
	by map[string]string
}

func newVerdicts() *verdicts { return &verdicts{by: map[string]string{}} }

func (v *verdicts) set(id, why string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.by[id] = why
}

// left returns which of the customers are left as they are.
func (v *verdicts) left(ids []string) (left []batch.Left) {
	for _, id := range ids {
		if key := v.by[id]; key != "" {
			left = append(left, batch.Left{Customer: id, Why: key, Failed: key == failedTooLarge})
		}
	}
	return left
}

// changeEach changes the customers and returns those who were left as they are.
func (w Worker) changeEach(ctx context.Context, b bulk, ids []string, again bool) ([]batch.Left, error) {
	matching, err := w.matching(ctx, b, ids)
	if err != nil {
		return nil, err
	}
	why := newVerdicts()
	if err := eachAtOnce(ctx, ids, func(ctx context.Context, id string) error {
		key, err := w.changeOne(ctx, b, id, bulkStep{Again: again, Matches: matching == nil || matching[id]})
		why.set(id, key)
		return err
	}); err != nil {
		return nil, err
	}
	return why.left(ids), nil
}

// bulkStep says how a batch comes to a customer: Again after a crash, when the act may have been done.
type bulkStep struct{ Again, Matches bool }

// changeOne changes a customer and returns "", or the reason why not. An act that the batch has done before
// is not done again, whatever happened to the customer since.
func (w Worker) changeOne(ctx context.Context, b bulk, id string, how bulkStep) (why string, err error) {
	action := bulkActions()[b.batch.Action]
	act := b.act(action.kind, id)
	why, tries := "", 0
	_, err = w.app.changeCustomer(ctx, b.shop.ID, id, func(c *customer.Customer) error {
		tries++
		done, err := w.wasDone(ctx, b, c, act.ID, how.Again || tries > 1)
		if err != nil || done {
			return errOr(err, storage.ErrUnchanged)
		}
		if c.ID != id { // merged into another customer
			return storage.ErrNotFound
		}
		if !how.Matches {
			why = "batch.skipped.filters"
			return storage.ErrUnchanged
		}
		before := c.Fields()
		if err := action.alter(ctx, b, c, act); err != nil {
			return err
		}
		changes := audit.Changes(before, c.Fields())
		if len(changes) == 0 && !action.effect {
			why = "batch.skipped.unchanged"
			return storage.ErrUnchanged
		}
		if !action.effect {
			c.ChangedAt = act.At
		}
		if slices.ContainsFunc(changes, func(change audit.Change) bool { return customer.IsFed(change.Field) }) {
			c.StaffAt = act.At
		}
		return c.Carry(act, before)
	})
	if err != nil {
		return whySkipped(err)
	}
	return why, nil
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// wasDone reports whether the batch has changed the customer. Only after a crash or a conflict does it look
// into the log.
func (w Worker) wasDone(ctx context.Context, b bulk, c *customer.Customer, act string, look bool) (bool,
	error) {
	if c.HasAct(act) {
		return true, nil
	}
	if !look {
		return false, nil
	}
	found, err := w.app.auditLog(b.shop.ID).Get(ctx, act)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil && found.Batch == b.batch.ID, err
}

// failedTooLarge says that a customer has too much data to be changed.
const failedTooLarge = "batch.failed.too_large"

// whySkipped returns the message key that explains an error about one customer; any other error comes back.
func whySkipped(err error) (string, error) {
	if err == nil {
		return "", nil
	}
	if errors.Is(err, storage.ErrNotFound) {
		return "batch.skipped.gone", nil
	}
	if errors.Is(err, storage.ErrTooLarge) {
		return failedTooLarge, nil
	}
	var refused *validate.Error
	if kind := validate.KindOf(err); !errors.As(err, &refused) ||
		!slices.Contains([]validate.Kind{validate.Conflict, validate.Invalid, validate.NotFound,
			validate.TooMany}, kind) {
		return "", err
	}
	if len(refused.Fields) > 0 {
		return refused.Fields[0].Key, nil
	}
	return refused.Key, nil
}
