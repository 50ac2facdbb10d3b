package job

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postern/storage"
)

// The states of a job.
const (
	Scheduled = "scheduled" // not due yet
	Due       = "due"
	Running   = "running"
	Failed    = "failed" // given up; kept until it is retried
)

// Listed is a job as shown to an operator.
type Listed struct {
	Job
	Shop, Collection, Key string
	State                 string
}

// List returns the jobs in a state, earliest first, from at most limit documents (1 to storage.MaxLimit) of
// each collection.
func (r *Runner) List(ctx context.Context, state string, limit int) ([]Listed, error) {
	var found []Listed
	now := r.Now()
	for _, source := range r.Sources {
		for _, q := range queries(state, now) {
			q.Limit = limit
			jobs, err := r.listed(ctx, source.collection(), q, now)
			if err != nil {
				return nil, err
			}
			found = append(found, slices.DeleteFunc(jobs, func(j Listed) bool { return j.State != state })...)
		}
	}
	slices.SortStableFunc(found, func(a, b Listed) int { return a.At.Compare(b.At) })
	return found, nil
}

// queries returns the queries that find the jobs in a state. They also find other jobs of the same
// documents.
func queries(state string, now time.Time) []storage.Query {
	from, to := any(nil), any(now.Add(time.Millisecond))
	switch state {
	case Failed:
		return []storage.Query{{Index: byFailed}}
	case Running: // the due time is the end of the lease; if it has passed, the process has ended
		to = now.Add(leaseTime + time.Millisecond)
	case Scheduled:
		from, to = now.Add(time.Millisecond), nil
	}
	return []storage.Query{{Index: byDue, From: from, To: to}, {Index: bySlowDue, From: from, To: to}}
}

func (r *Runner) listed(ctx context.Context, c storage.Collection, q storage.Query,
	now time.Time) ([]Listed, error) {
	page, err := storage.FindAllShops[struct {
		Work List `bson:"work"`
	}](ctx, r.Engine, c, q)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	var found []Listed
	for _, hit := range page.Hits {
		for _, j := range hit.Head.Work.Jobs {
			if j.Slow == (q.Index == bySlowDue) || q.Index == byFailed {
				found = append(found, Listed{Job: j, Shop: hit.Shop, Collection: c.Name, Key: hit.Key,
					State: j.state(now)})
			}
		}
	}
	return found, nil
}

func (j Job) state(now time.Time) string {
	switch {
	case j.HasFailed():
		return Failed
	case j.IsDue(now): // even if a process ended while running it
		return Due
	case j.IsRunning():
		return Running
	}
	return Scheduled
}

// Retry makes a failed job due now. It returns storage.ErrNotFound if no failed job has the id.
func (r *Runner) Retry(ctx context.Context, id string) error {
	return r.onFailed(ctx, id, func(source Source, at place) (bool, error) {
		return source.retry(ctx, at, id, r.Now())
	})
}

// onFailed calls do for the document with a failed job, or returns storage.ErrNotFound.
func (r *Runner) onFailed(ctx context.Context, id string,
	do func(Source, place) (found bool, err error)) error {
	failed, err := r.List(ctx, Failed, storage.MaxLimit)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(failed, func(j Listed) bool { return j.ID == id })
	if at < 0 {
		return storage.ErrNotFound
	}
	for _, source := range r.Sources {
		if source.collection().Name != failed[at].Collection {
			continue
		}
		found, err := do(source, place{shop: failed[at].Shop, key: failed[at].Key})
		if err != nil || found {
			return err
		}
	}
	return storage.ErrNotFound
}

// Stats counts the jobs of a kind, in at most storage.MaxLimit documents of each collection.
type Stats struct {
	Due, Running, Failed int
	Oldest               time.Duration // how long the oldest due job has been due
}

// Stats returns the statistics of each registered kind.
func (r *Runner) Stats(ctx context.Context) (map[string]Stats, error) {
	all, now := map[string]Stats{}, r.Now()
	for _, source := range r.Sources {
		for _, kind := range source.KindNames() {
			all[kind] = Stats{}
		}
	}
	for _, state := range []string{Due, Running, Failed} {
		found, err := r.List(ctx, state, storage.MaxLimit)
		if err != nil {
			return nil, err
		}
		for _, j := range found {
			s := all[j.Kind]
			switch state {
			case Due:
				s.Due++
				s.Oldest = max(s.Oldest, now.Sub(j.At))
			case Running:
				s.Running++
			default:
				s.Failed++
			}
			all[j.Kind] = s
		}
	}
	return all, nil
}

// Failures returns the jobs of a shop that were given up, earliest first, from at most limit documents of
// each collection.
func (r *Runner) Failures(ctx context.Context, shop string, limit int) ([]Listed, error) {
	found, err := r.List(ctx, Failed, limit)
	return slices.DeleteFunc(found, func(j Listed) bool { return j.Shop != shop }), err
}

// Dismiss removes a failed job, which is then never done. It returns storage.ErrNotFound if no failed job has
// the id.
func (r *Runner) Dismiss(ctx context.Context, id string) error {
	return r.onFailed(ctx, id, func(source Source, at place) (bool, error) {
		return source.dismiss(ctx, at, id)
	})
}
