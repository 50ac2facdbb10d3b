package portal

import (
	"context"

	"golang.org/x/sync/errgroup"

	"postern/portal/job"
	"postern/storage"
)

// Worker is the background: it does the jobs that documents ask for (see package job), and tidies up.
type Worker struct{ app *App }

// Worker makes the actor of the background. Several may run at once, in several processes.
func (a *App) Worker() Worker { return Worker{app: a} }

const (
	readBatch  = 500
	sweepBatch = 500
	jobsAtOnce = 64
)

// Run works until ctx ends, and returns nil. While this process writes nothing (see WithActivity) it looks
// every five seconds, so that is how late it may see what another process or the passing of time makes due.
func (w Worker) Run(ctx context.Context) error { return w.Jobs().Run(ctx) }

// Once does a batch of the due jobs of each collection and returns how many are done. It includes what Run
// does beside the rest, such as asking VIES.
func (w Worker) Once(ctx context.Context) (done int, err error) { return w.Jobs().Once(ctx) }

// Jobs is the engine that does every kind of background work.
func (w Worker) Jobs() *job.Runner {
	return &job.Runner{
		Engine: w.app.engine, Now: w.app.now, Log: w.app.log, Writes: w.app.writes, InFlight: w.app.inFlight,
		Begin: w.app.beginHousekeeping,
		Sources: []job.Source{
			w.housekeepingJobs(), w.shopJobs(), w.credentialJobs(), w.customerJobs(), w.orderJobs(), w.inquiryJobs(),
			w.withdrawalJobs(), w.countJobs(),
		},
	}
}

// inShop makes a handler of one that needs the shop.
func inShop[T any](a *App, do func(context.Context, Shop, job.Task[T]) (job.Finish[T], error)) job.Handler[T] {
	return func(ctx context.Context, task job.Task[T]) (job.Finish[T], error) {
		shop, err := a.shop(ctx, task.Shop)
		if err != nil {
			return nil, err
		}
		return do(ctx, shop, task)
	}
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

// sweepBy removes, a batch at a time, what the query finds and is as it should be. It goes on by the cursor,
// so that what stays is not met again.
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
