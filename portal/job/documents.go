package job

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"postern/storage"
)

// Task is a job for its handler, with the document that requested it as it was when the job was taken.
type Task[T any] struct {
	Shop, Key string
	Doc       T
	Job       Job
}

// Finish changes the document after the job; the change and the removal of the job are one write. nil means
// no change.
type Finish[T any] func(*T)

// Handler runs a job. It must be safe to repeat; if it returns an error, the job is retried.
type Handler[T any] func(ctx context.Context, task Task[T]) (Finish[T], error)

// Kind is one kind of job.
type Kind[T any] struct {
	Do    Handler[T]
	Slow  bool // must match Slow in the requests: see Request
	Retry Retry
}

// Documents registers the kinds of jobs that the documents of a collection request.
type Documents[T any] struct {
	Collection storage.Collection
	Open       func(shop string) storage.Docs[T]
	List       func(*T) *List
	Settle     func(*T) // updates derived values after a change; may be nil
	Kinds      map[string]Kind[T]
}

// Source is implemented by Documents of any type.
type Source interface {
	// KindNames lists the registered kinds.
	KindNames() []string

	collection() storage.Collection
	lanes() []bool
	do(ctx context.Context, r *Runner, at place) (done int, err error)
	retry(ctx context.Context, at place, id string, now time.Time) (found bool, err error)
	dismiss(ctx context.Context, at place, id string) (found bool, err error)
}

// place identifies a document that requests jobs, and the lane.
type place struct {
	collection, shop, key string
	slow                  bool
}

// KindNames implements Source.
func (d Documents[T]) KindNames() []string {
	var names []string
	for name := range d.Kinds {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (d Documents[T]) collection() storage.Collection { return d.Collection }

// lanes returns the lanes that the kinds use: false for the common one, true for the slow one.
func (d Documents[T]) lanes() (lanes []bool) {
	for _, slow := range []bool{false, true} {
		for _, kind := range d.Kinds {
			if kind.Slow == slow && !slices.Contains(lanes, slow) {
				lanes = append(lanes, slow)
			}
		}
	}
	return lanes
}

// do takes the due jobs of a document, runs them one after the other, and records the results in one write.
func (d Documents[T]) do(ctx context.Context, r *Runner, at place) (done int, err error) {
	lease := rand.Text()
	var taken []Job
	doc, err := d.Open(at.shop).Change(ctx, at.key, func(doc *T) error {
		if taken = d.List(doc).take(r.Now(), lease, at.slow); len(taken) == 0 {
			return storage.ErrUnchanged
		}
		return nil
	})
	if err != nil || len(taken) == 0 {
		return 0, ifFound(err)
	}
	working, stop := context.WithTimeout(ctx, longestRun)
	defer stop()
	kept := d.keepLease(working, stop, r, at, lease)
	ends := make([]end[T], len(taken))
	for i, j := range taken {
		if i > 0 { // an earlier handler may have changed the document
			doc, _, err = d.Open(at.shop).Get(ctx, at.key)
			if errors.Is(err, storage.ErrNotFound) { // or removed it, so that nothing is left to do
				break
			}
			if err != nil {
				ends[i] = end[T]{job: j, err: err}
				continue
			}
		}
		ends[i] = d.run(working, Task[T]{Shop: at.shop, Key: at.key, Doc: doc, Job: j})
	}
	stop()
	<-kept
	return d.record(ctx, r, at, ends)
}

// end is the result of a job.
type end[T any] struct {
	job    Job
	finish Finish[T]
	err    error
}

func (d Documents[T]) run(ctx context.Context, task Task[T]) end[T] {
	e := end[T]{job: task.Job}
	kind, known := d.Kinds[task.Job.Kind]
	_, again := kind.Retry.after(task.Job.Attempts - 1)
	switch {
	case !known:
		e.err = fmt.Errorf("this version knows no jobs of the kind %q", task.Job.Kind)
		return e
	case kind.Slow != task.Job.Slow:
		e.err = fmt.Errorf("the kind %q belongs to the other lane: its requests must say Slow: %v",
			task.Job.Kind, kind.Slow)
		return e
	case !again:
		e.err = errors.New("the process ended during each attempt")
		return e
	}
	e.finish, e.err = kind.Do(ctx, task)
	return e
}

// keepLease renews the lease until ctx ends. If it cannot, it stops the work before the lease expires.
func (d Documents[T]) keepLease(ctx context.Context, stop func(), r *Runner, at place,
	lease string) <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		beat := time.NewTicker(leaseRenew)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
			}
			_, err := d.Open(at.shop).Change(ctx, at.key, func(doc *T) error {
				if !d.List(doc).prolong(lease, r.Now().Add(leaseTime)) {
					return storage.ErrNotFound
				}
				return nil
			})
			if err != nil {
				stop()
				return
			}
		}
	}()
	return ended
}

// record writes the results of the jobs, even when the process is shutting down: an interrupted job is then
// due immediately for another process.
func (d Documents[T]) record(ctx context.Context, r *Runner, at place, ends []end[T]) (done int, err error) {
	stopped := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	_, err = d.Open(at.shop).Change(ctx, at.key, func(doc *T) error {
		done = 0
		for _, e := range ends {
			done += d.settle(doc, e, r.Now(), stopped)
		}
		if d.Settle != nil {
			d.Settle(doc)
		}
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		done, err = len(ends), nil
	}
	for _, e := range ends {
		if e.err != nil && !stopped && !isWaiting(e.err) {
			err = errors.Join(err, d.report(ctx, r, at, e))
		}
	}
	return done, err
}

// settle applies the result of one job to its document and returns 1 if the job is done.
func (d Documents[T]) settle(doc *T, e end[T], now time.Time, stopped bool) (done int) {
	list := d.List(doc)
	j := list.held(e.job.ID, e.job.Lease)
	if j == nil {
		return 0 // cancelled, or taken by another process
	}
	j.Lease = ""
	switch {
	case e.err == nil:
		list.delete(func(j Job) bool { return j.ID == e.job.ID })
		if e.finish != nil {
			e.finish(doc)
		}
		return 1
	case stopped:
		j.DueAt, j.Attempts = now, j.Attempts-1
	case isWaiting(e.err):
		j.DueAt, j.Attempts, j.LastError = now.Add(waitGap), j.Attempts-1, reasonOf(e.err)
	default:
		j.LastError = reasonOf(e.err)
		gap, again := d.Kinds[j.Kind].Retry.after(j.Attempts)
		if j.DueAt = now.Add(gap); !again {
			j.FailedAt = now
		}
	}
	list.index()
	return 0
}

func isWaiting(err error) bool {
	var w waits
	return errors.As(err, &w)
}

// report logs a failed attempt.
func (d Documents[T]) report(ctx context.Context, r *Runner, at place, e end[T]) error {
	retry := d.Kinds[e.job.Kind].Retry
	_, again := retry.after(e.job.Attempts)
	attrs := []any{"kind", e.job.Kind, "shop", at.shop, "attempts", e.job.Attempts, "reason", reasonOf(e.err)}
	switch {
	case !again:
		r.Log.ErrorContext(ctx, "a job failed for good; \"portal job list --state failed\" shows it",
			attrs...)
	case retry.Routine:
		r.Log.InfoContext(ctx, "a job has to be tried again", attrs...)
		return nil
	default:
		r.Log.WarnContext(ctx, "a job has to be tried again", attrs...)
	}
	return fmt.Errorf("job %s of shop %s: %w", e.job.Kind, at.shop, e.err)
}

// retry makes a failed job of a document due again.
func (d Documents[T]) retry(ctx context.Context, at place, id string, now time.Time) (found bool, err error) {
	return d.onFailed(ctx, at, func(list *List) bool { return list.Retry(id, now) })
}

// dismiss removes a failed job from its document.
func (d Documents[T]) dismiss(ctx context.Context, at place, id string) (found bool, err error) {
	return d.onFailed(ctx, at, func(list *List) bool { return list.Dismiss(id) })
}

func (d Documents[T]) onFailed(ctx context.Context, at place,
	alter func(*List) bool) (found bool, err error) {
	_, err = d.Open(at.shop).Change(ctx, at.key, func(doc *T) error {
		if found = alter(d.List(doc)); !found {
			return storage.ErrUnchanged
		}
		return nil
	})
	return found, ifFound(err)
}

func ifFound(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}
