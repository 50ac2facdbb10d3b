package portal

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"postern/portal/audit"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/note"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/withdrawal"
	"postern/storage"
)

// Worker is the actor of background work: it runs the jobs that documents request (see package job) and
// cleans up.
type Worker struct{ app *App }

// Worker returns the actor of background work. Several may run at once, in several processes.
func (a *App) Worker() Worker { return Worker{app: a} }

const (
	readBatch  = 500
	sweepBatch = 500
	jobsAtOnce = 64
)

// Run works until ctx ends and returns nil. While this process writes nothing (see WithActivity), it looks
// for jobs every five seconds, so jobs that become due with time or through another process may start that
// late.
func (w Worker) Run(ctx context.Context) error { return w.Jobs().Run(ctx) }

// RunOnce runs a batch of the due jobs of each collection and returns how many it completed. It includes jobs
// that Run handles in a separate lane, such as VIES checks.
func (w Worker) RunOnce(ctx context.Context) (done int, err error) { return w.Jobs().Once(ctx) }

// Jobs returns the runner for every kind of background job.
func (w Worker) Jobs() *job.Runner {
	r := &job.Runner{
		Engine: w.app.engine, Now: w.app.now, Log: w.app.log, Writes: w.app.writes, InFlight: w.app.inFlight,
		Begin: w.begin,
	}
	for _, d := range w.declarations() {
		if d.jobs != nil {
			r.Sources = append(r.Sources, d.jobs)
		}
	}
	return r
}

// inShop returns a job handler that calls do with the job's shop.
func inShop[T any](a *App, do func(context.Context, shop.Shop, job.Task[T]) (job.Finish[T],
	error)) job.Handler[T] {
	return func(ctx context.Context, task job.Task[T]) (job.Finish[T], error) {
		shop, err := a.shop(ctx, task.Shop)
		if err != nil {
			return nil, err
		}
		return do(ctx, shop, task)
	}
}

// eachAtOnce calls do for every element, several at a time, so that their writes share commits.
func eachAtOnce[T any](ctx context.Context, list []T, do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(jobsAtOnce)
	for _, element := range list {
		group.Go(func() error { return do(ctx, element) })
	}
	return group.Wait()
}

// sweepBy removes the documents that the query finds and for which is returns true, in batches. It
// continues by cursor, so that remaining documents are not read again.
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

// MayDismiss reports whether staff may give up a job of a kind for good. What the law, the log or a started
// change requires must be retried until it is done.
func (w Worker) MayDismiss(kind string) bool {
	return !slices.Contains([]string{
		audit.KindRecord, audit.KindAppend, customer.KindErasure, customer.KindReleaseEmails, customer.KindSignOut,
		order.KindDelete, order.KindCount, order.KindRecount, withdrawal.KindTend, batch.KindSelect, batch.KindRun,
		note.KindForget, kindForgetKey,
		customer.KindMergeMove, customer.KindMergeLetter, customer.KindMergeForget, customer.KindEmailMoved,
		customer.KindEmailSet, customer.KindEmailUndone, customer.KindChangeNotice, customer.KindErasureNotice,
	}, kind)
}
