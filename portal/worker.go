package portal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/mail"
	"postern/storage"
)

// Worker is the background: it does what changed documents ask for in their todo, and tidies up.
type Worker struct{ app *App }

// Worker makes the actor of the background. Several may run at once, in several processes.
func (a *App) Worker() Worker { return Worker{app: a} }

const (
	workerBeat = 500 * time.Millisecond
	sweepEvery = 10 * time.Minute
	todoBatch  = 500
	sweepBatch = 500
	jobsAtOnce = 64
)

// Run works until ctx ends, and returns nil. A sweep, which may take long, holds no job up. A shop's jobs
// are done by one process at a time. While this process writes nothing (see WithActivity) it looks every
// five seconds, so that is how late it may see what another process or the passing of time makes due.
func (w Worker) Run(ctx context.Context) error {
	var sweeping sync.WaitGroup
	defer sweeping.Wait()
	sweeping.Go(func() { w.repeat(ctx, sweepEvery, w.sweep) })
	w.repeat(ctx, workerBeat, newShift(w).beat)
	return nil
}

// repeat does something on a beat until ctx ends. A fault is logged and met again at the next beat.
func (w Worker) repeat(ctx context.Context, every time.Duration, do func(context.Context) error) {
	beat := time.NewTicker(every)
	defer beat.Stop()
	for ctx.Err() == nil {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			w.app.log.ErrorContext(ctx, "worker: some jobs failed and will be tried again at the next beat; see error for which", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-beat.C:
		}
	}
}

// Once does a batch of jobs of each shop and returns how many documents are done with. It asks for no lease.
func (w Worker) Once(ctx context.Context) (done int, err error) {
	shops, err := w.app.Shops(ctx)
	if err != nil {
		return 0, err
	}
	for _, shop := range shops {
		n, failed := w.batch(ctx, shop)
		done, err = done+n, errors.Join(err, failed)
	}
	return done, err
}

// batch does a batch of each kind of jobs of a shop.
func (w Worker) batch(ctx context.Context, shop Shop) (done int, err error) {
	for _, job := range w.jobs() {
		n, failed := job(ctx, shop)
		if failed != nil { // the other kinds of jobs go on
			err = errors.Join(err, fmt.Errorf("jobs of shop %s: %w", shop.ID, failed))
		}
		done += n
	}
	return done, err
}

// jobs are the kinds of jobs; each does a batch for a shop.
func (w Worker) jobs() []func(context.Context, Shop) (int, error) {
	return []func(context.Context, Shop) (int, error){
		w.upgradeLinks, w.countJobs, w.removeDeleted, w.withdrawals, w.notices, w.news, w.emailMoved, w.emailUndone, w.tellErasures, w.firstOrders, w.inquiries, w.due, w.rezone,
	}
}

// countJobs recounts what a batch of orders asks for, each month once, and then takes the jobs out.
func (w Worker) countJobs(ctx context.Context, shop Shop) (int, error) {
	prefix := jobCount + " "
	page, err := storage.Find[struct{ Todo []string }](ctx, w.app.orderDocs(shop.ID), storage.Query{
		Index: ordersByTodo, Prefix: &prefix, Limit: todoBatch,
	})
	if err != nil {
		return 0, err
	}
	counted, months := map[string]bool{}, map[[2]string]bool{}
	for _, hit := range page.Hits {
		for _, job := range hit.Head.Todo {
			if words := strings.Fields(job); words[0] == jobCount && len(words) >= 3 {
				counted[job], months[[2]string{words[1], words[2]}] = true, true
			}
		}
	}
	if err := eachAtOnce(ctx, slices.Collect(maps.Keys(months)), func(ctx context.Context, of [2]string) error {
		return w.app.recount(ctx, shop, of[0], of[1])
	}); err != nil {
		return 0, err
	}
	return len(page.Hits), eachAtOnce(ctx, page.Hits, func(ctx context.Context, hit storage.Hit[struct{ Todo []string }]) error {
		return w.removeJobs(ctx, shop, hit.Key, counted)
	})
}

// eachAtOnce does something with every element, several at once, so that their writes share commits.
func eachAtOnce[T any](ctx context.Context, list []T, do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(jobsAtOnce)
	for _, element := range list {
		group.Go(func() error { return do(ctx, element) })
	}
	return group.Wait()
}

// removeJobs takes jobs out of an order that were done after it was stored.
func (w Worker) removeJobs(ctx context.Context, shop Shop, number string, done map[string]bool) error {
	_, err := w.app.orderDocs(shop.ID).Change(ctx, number, func(s *storedOrder) error {
		before := len(s.Todo)
		s.Todo = slices.DeleteFunc(s.Todo, func(job string) bool { return done[job] })
		if len(s.Todo) == before {
			return storage.ErrUnchanged
		}
		return nil
	})
	return ifFound(err)
}

// sweep removes what is past its time: records of mails, and codes for the storefront.
func (w Worker) sweep(ctx context.Context) error {
	shops, err := w.app.Shops(ctx)
	for _, shop := range shops {
		_, swept := mail.NewOutbox(w.app.engine, shop.ID).Sweep(ctx, sweepBatch)
		err = errors.Join(err, swept, w.sweepHandOffs(ctx, shop), w.sweepRepeatables(ctx, shop), w.sweepAccess(ctx, shop))
	}
	return errors.Join(err, w.sweepRotated(ctx, shops))
}

// sweepAccess removes what is kept of addresses that somebody typed and nobody signed in with.
func (w Worker) sweepAccess(ctx context.Context, shop Shop) error {
	now := w.app.now()
	stale := func(a access) bool { return !a.StaleAt.IsZero() && !now.Before(a.StaleAt) }
	return sweepBy(ctx, w.app.accessDocs(shop.ID).Docs, storage.Query{Index: accessByStale, To: now.Add(time.Millisecond)}, stale)
}

// sweepBy removes, a batch at a time, what the query finds and is as it should be. It goes on by the cursor, so that what stays
// is not met again.
func sweepBy[T any](ctx context.Context, docs storage.Docs[T], query storage.Query, is func(T) bool) error {
	for query.Limit = sweepBatch; ; {
		page, err := storage.Find[struct{}](ctx, docs, query)
		if err != nil {
			return err
		}
		err = eachAtOnce(ctx, page.Hits, func(ctx context.Context, hit storage.Hit[struct{}]) error {
			return removeIf(ctx, docs, hit.Key, is)
		})
		if err != nil || page.Next == "" {
			return err
		}
		query.Cursor = page.Next
	}
}
