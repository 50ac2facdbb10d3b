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
	batch    = 200 // documents of a lane in one look
	atOnce   = 16  // documents in hand, so that their writes share commits
	slowOnce = 4   // of a collection in the slow lane
	// yieldTime is how long a job waits for requests that are being answered before it is done all the same:
	// so background work goes on under load that never ends, at a share of at most atOnce documents each
	// time.
	yieldTime = 100 * time.Millisecond
	yieldStep = 5 * time.Millisecond
)

// errLook wraps an error of the store on the way to the due jobs.
var errLook = errors.New("look for jobs")

// Runner does the jobs of all Sources. Several may run at once, in several processes: each job is leased.
// Run and Once of one Runner are not called at the same time.
//
// Background work yields to requests: before each document it waits up to 100 ms while InFlight is not 0. On
// a server that is never without requests that leaves it at most 160 documents a second; on one that rests
// it goes as fast as it can.
type Runner struct {
	Engine  storage.Engine
	Sources []Source
	Now     func() time.Time
	Log     *slog.Logger
	// Writes is how many documents this process has written (see storage.Activity). While it writes nothing,
	// Run looks only every five seconds. Nil: at each beat of half a second.
	Writes func() int64
	// InFlight is how many requests are being answered; nil for none.
	InFlight func() int

	// Begin is called before the first look, and again at each beat until it returns nil; nil is nothing to
	// do.
	Begin func(context.Context) error

	mu   sync.Mutex
	slow map[place]bool // in hand
	errs []error        // of the slow lane
	done int            // by the slow lane
	busy sync.WaitGroup
}

// Run works until ctx ends and what is in hand is recorded. It returns nil.
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

// noteLook logs once that the store cannot be asked for jobs, and once that it answers again. Failed attempts
// at jobs have been logged already.
func (r *Runner) noteLook(ctx context.Context, err error, failing bool) (fails bool) {
	fails = errors.Is(err, errLook)
	switch {
	case ctx.Err() != nil:
	case fails && !failing:
		r.Log.ErrorContext(ctx, "cannot look for background jobs; they wait until the store answers", "error", err)
	case failing && !fails:
		r.Log.InfoContext(ctx, "background jobs run again")
	}
	return fails
}

// Beat returns what Run does at each beat: it works until nothing is left, unless it is time to rest.
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

// Once does a batch of the due jobs of each collection and lane, waits for it, and returns how many jobs are
// done. The error is that of the store, and of the attempts that failed.
func (r *Runner) Once(ctx context.Context) (done int, err error) {
	done, err = r.round(ctx)
	r.busy.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	done, err = done+r.done, errors.Join(err, errors.Join(r.errs...))
	r.done, r.errs = 0, nil
	return done, err
}

// round does a batch of each collection; what is slow goes on beside it.
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
	_ = group.Wait() // each error is in err
	return done, err
}

func (r *Runner) one(ctx context.Context, source Source, at place) (done int, err error) {
	if r.yield(ctx); ctx.Err() != nil {
		return 0, nil
	}
	return source.do(ctx, r, at)
}

// due are the documents with due jobs, the longest due first.
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

// yield waits while requests are being answered, for a while.
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

// startSlow has as many documents of the slow lane done as there is room for; the rest stay due.
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
