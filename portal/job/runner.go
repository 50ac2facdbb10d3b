package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/storage"
)

const (
	beat     = 500 * time.Millisecond
	batch    = 200 // documents of a lane per round
	atOnce   = 16  // documents at a time, so that their writes share commits
	slowOnce = 4   // documents of a collection in the slow lane at a time
	// yieldTime is the longest time that a job waits for requests in progress. Background work therefore
	// continues under constant load, with up to atOnce documents each time.
	yieldTime = 100 * time.Millisecond
	yieldStep = 5 * time.Millisecond
)

// errLook wraps a storage error from looking for due jobs.
var errLook = errors.New("look for jobs")

// Runner runs the jobs of all Sources. Several may run at once, in several processes, because each job is
// leased. Do not call Run and Once of one Runner at the same time.
//
// Background work yields to requests: before each document it waits up to 100 ms while InFlight is not 0.
// On a server that is never without requests this limits it to 160 documents a second; on an idle server it
// runs at full speed.
type Runner struct {
	Engine  storage.Engine
	Sources []Source
	Now     func() time.Time
	Log     *slog.Logger
	// Writes returns how many documents this process has written (see storage.Activity). While it writes
	// nothing, Run looks for jobs only every five seconds. If Writes is nil, Run looks at every beat of
	// half a second.
	Writes func() int64
	// InFlight returns the number of requests in progress; nil for none.
	InFlight func() int

	// Begin is called before the first look for jobs, and again at each beat until it returns nil. It may
	// be nil.
	Begin func(context.Context) error

	mu   sync.Mutex
	slow map[place]bool // running
	errs []error        // from the slow lane
	done int            // in the slow lane
	busy sync.WaitGroup
}

// Run works until ctx ends and the results of running jobs are recorded. It returns nil.
func (r *Runner) Run(ctx context.Context) error {
	defer r.busy.Wait()
	look := r.Beat()
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for failing := false; ctx.Err() == nil; {
		failing = r.noteLook(ctx, look(ctx), failing)
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return nil
}

// noteLook logs once when the store cannot be asked for jobs, and once when it responds again. Failed
// attempts at jobs have already been logged.
func (r *Runner) noteLook(ctx context.Context, err error, failing bool) (fails bool) {
	fails = errors.Is(err, errLook)
	switch {
	case ctx.Err() != nil:
	case fails && !failing:
		r.Log.ErrorContext(ctx, "cannot look for background jobs; they wait until the store answers",
			"error", err)
	case failing && !fails:
		r.Log.InfoContext(ctx, "background jobs run again")
	}
	return fails
}

// Beat returns the function that Run calls at each beat: it works until no job is due, unless it is time to
// rest.
func (r *Runner) Beat() func(context.Context) error {
	idle, begun := storage.NewIdleBeat(r.Writes), r.Begin == nil
	return func(ctx context.Context) error {
		if !begun {
			if err := r.Begin(ctx); err != nil {
				return err
			}
			begun = true
		}
		if !idle.Due(r.Now()) {
			return nil
		}
		for {
			done, err := r.round(ctx)
			if err != nil || done == 0 || ctx.Err() != nil {
				return err
			}
		}
	}
}

// Once runs a batch of the due jobs of each collection and lane, waits for them, and returns how many were
// completed. The error combines storage errors and failed attempts.
func (r *Runner) Once(ctx context.Context) (done int, err error) {
	done, err = r.round(ctx)
	r.busy.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	done, err = done+r.done, errors.Join(err, errors.Join(r.errs...))
	r.done, r.errs = 0, nil
	return done, err
}

// round runs a batch of each collection. Slow jobs continue in the background.
func (r *Runner) round(ctx context.Context) (done int, err error) {
	for _, source := range r.Sources {
		for _, slow := range source.lanes() {
			if ctx.Err() != nil {
				return done, err
			}
			n, failed := r.lane(ctx, source, slow)
			done, err = done+n, errors.Join(err, failed)
		}
	}
	return done, err
}

func (r *Runner) lane(ctx context.Context, source Source, slow bool) (done int, err error) {
	name := source.collection().Name
	if slow && r.slowInHand(name) >= slowOnce {
		return 0, nil
	}
	places, err := r.due(ctx, source, slow)
	if err != nil || len(places) == 0 {
		return 0, err
	}
	if slow {
		r.startSlow(ctx, source, places)
		return 0, nil
	}
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, at := range places {
		group.Go(func() error {
			n, failed := r.one(ctx, source, at)
			mu.Lock()
			defer mu.Unlock()
			done, err = done+n, errors.Join(err, failed)
			return nil
		})
	}
	_ = group.Wait() // all errors are in err
	return done, err
}

func (r *Runner) one(ctx context.Context, source Source, at place) (done int, err error) {
	if r.yield(ctx); ctx.Err() != nil {
		return 0, nil
	}
	return source.do(ctx, r, at)
}

// due returns the documents with due jobs, longest overdue first.
func (r *Runner) due(ctx context.Context, source Source, slow bool) ([]place, error) {
	index := byDue
	if slow {
		index = bySlowDue
	}
	page, err := storage.FindAllShops[struct{}](ctx, r.Engine, source.collection(), storage.Query{
		Index: index, To: r.Now().Add(time.Millisecond), Limit: batch,
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLook, err)
	}
	places := make([]place, len(page.Hits))
	for i, hit := range page.Hits {
		places[i] = place{collection: source.collection().Name, shop: hit.Shop, key: hit.Key, slow: slow}
	}
	return places, nil
}

// yield waits up to yieldTime while requests are in progress.
func (r *Runner) yield(ctx context.Context) {
	if r.InFlight == nil || r.InFlight() == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, yieldTime)
	defer cancel()
	step := time.NewTicker(yieldStep)
	defer step.Stop()
	for r.InFlight() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-step.C:
		}
	}
}

func (r *Runner) slowInHand(collection string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.countSlow(collection)
}

func (r *Runner) countSlow(collection string) (n int) {
	for at := range r.slow {
		if at.collection == collection {
			n++
		}
	}
	return n
}

// startSlow starts as many documents of the slow lane as there is room for; the others stay due.
func (r *Runner) startSlow(ctx context.Context, source Source, places []place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.slow == nil {
		r.slow = map[place]bool{}
	}
	for _, at := range places {
		if r.countSlow(at.collection) >= slowOnce {
			return
		}
		if r.slow[at] {
			continue
		}
		r.slow[at] = true
		r.busy.Go(func() {
			n, err := r.one(ctx, source, at)
			r.mu.Lock()
			defer r.mu.Unlock()
			delete(r.slow, at)
			if r.done += n; err != nil {
				r.errs = append(r.errs[max(0, len(r.errs)-slowOnce):], err)
			}
		})
	}
}
