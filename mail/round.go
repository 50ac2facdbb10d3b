package mail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"postern/storage"
)

// round checks all shops once and sends the emails that are due.
type round struct {
	*Dispatcher
	begun time.Time

	mu     sync.Mutex
	sent   int
	faults []error
	faulty map[string]bool // shops that are skipped until the next round
}

// job is one entry for the goroutines of a round.
type job struct {
	box Outbox
	hit storage.Hit[Entry]
}

func (d *Dispatcher) round(ctx context.Context) (sent int, err error) {
	if d.pool.resting() {
		return 0, nil
	}
	d.Alive()
	r := &round{Dispatcher: d, begun: d.Now(), faulty: map[string]bool{}}
	shops, err := r.shops(ctx)
	if err != nil {
		d.Log.WarnContext(ctx, "mail: cannot look for due emails", "reason", reason(err, ""))
		return 0, fmt.Errorf("mail: look for due emails: %w", err)
	}
	if len(shops) == 0 {
		return 0, nil
	}
	d.turn++
	d.pool.begin()
	waiting := make([]string, len(shops))
	for i := range shops {
		waiting[i] = shops[(i+d.turn)%len(shops)]
	}
	for first := true; len(waiting) > 0 && r.goesOn(ctx) && (first || r.inTime()); first = false {
		waiting = r.pass(ctx, waiting)
	}
	return r.sent, errors.Join(r.faults...)
}

// shops returns the shops with due emails, which takes two reads for any number of shops. If there may be
// more, it returns all shops.
func (r *round) shops(ctx context.Context) ([]string, error) {
	var found []string
	for _, state := range []string{Waiting, Deferred} {
		shops, all, err := dueShops(ctx, r.Engine, state, r.begun)
		if err != nil {
			return nil, err
		}
		if !all {
			return r.Shops(ctx)
		}
		found = append(found, shops...)
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

func (r *round) goesOn(ctx context.Context) bool { return ctx.Err() == nil && !r.pool.resting() }

// resting reports whether a shop is paused because the server refused its sender.
func (r *round) resting(shop string) bool { return r.Now().Before(r.rests.until(shop)) }

// InTime reports whether the round may start more than the first batch of each shop. After one Beat, other
// shops may have emails to send.
func (r *round) inTime() bool { return r.Now().Before(r.begun.Add(r.Beat)) }

// pass gives each shop one turn and returns the shops that have more.
func (r *round) pass(ctx context.Context, shops []string) (again []string) {
	jobs := make(chan job)
	var hands sync.WaitGroup
	for range r.Conns * r.Conns {
		hands.Go(func() {
			for j := range jobs {
				r.do(ctx, j)
			}
		})
	}
	share := r.Batch
	if len(shops) == 1 { // no other shop is waiting
		share *= 10
	}
	var full []string
	for _, shop := range shops {
		if r.feed(ctx, jobs, shop, share) {
			full = append(full, shop)
		}
	}
	close(jobs)
	hands.Wait()
	for _, shop := range full {
		if !r.faulty[shop] {
			again = append(again, shop)
		}
	}
	return again
}

// feed queues up to share due entries of the shop and reports whether there may be more.
func (r *round) feed(ctx context.Context, jobs chan<- job, shop string, share int) (more bool) {
	share = min(share, r.pace.room(shop, r.Now()), storage.MaxLimit)
	if share == 0 || !r.goesOn(ctx) || r.resting(shop) {
		return false
	}
	box := NewOutbox(r.Engine, shop)
	box.Now = r.Now
	due, err := box.turn(ctx, Waiting, r.begun, share)
	if spare := min(share-len(due), r.Batch); err == nil && spare > 0 && r.pace.room(shop, r.Now()) > r.PerMinute/2 {
		var deferred []storage.Hit[Entry]
		deferred, err = box.turn(ctx, Deferred, r.begun, spare)
		due = append(due, deferred...)
	}
	if err != nil {
		r.fault(shop, err)
		return false
	}
	for i, hit := range due {
		if !r.goesOn(ctx) || i >= r.Batch && !r.inTime() {
			return false
		}
		jobs <- job{box: box, hit: hit}
	}
	return len(due) == share
}

// do processes one entry, unless the round has ended.
func (r *round) do(ctx context.Context, j job) {
	if !r.goesOn(ctx) || r.resting(j.box.shop) {
		return
	}
	sent, err := r.entry(ctx, j)
	r.mu.Lock()
	r.sent += sent
	r.mu.Unlock()
	if err != nil && !errors.Is(err, errTurn) {
		r.fault(j.box.shop, err)
	}
}

func (r *round) fault(shop string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faulty[shop] = true
	if errors.Is(err, errResting) { // the attempt that failed to connect has reported it
		return
	}
	same := func(told error) bool { return told.Error() == err.Error() } // several attempts fail alike
	if slices.ContainsFunc(r.faults, same) {
		return
	}
	r.faults = append(r.faults, err)
	level := slog.LevelWarn
	if errors.Is(err, errConnect) { // the Sender's observer reports it in more detail
		level = slog.LevelDebug
	}
	r.Log.Log(context.Background(), level, "mail: a shop's emails have to wait", "shop", shop, "reason", reason(err, ""))
}

// entry processes one entry and returns the number of emails sent, 0 or 1.
func (r *round) entry(ctx context.Context, j job) (int, error) {
	now, head := r.Now(), j.hit.Head
	switch {
	case head.State == Deferred && !now.Before(head.end(deferredLife)):
		return 0, j.box.change(ctx, j.hit.Key, func(e *Entry) { e.drop(now) })
	case !now.Before(head.end(r.Life(head.Kind))):
		r.Log.WarnContext(ctx, "mail: given up", "shop", j.box.shop, "entry", j.hit.Key, "kind", head.Kind)
		return 0, j.box.change(ctx, j.hit.Key, func(e *Entry) { giveUp(e, now) })
	}
	// Connect before the lease starts, because connecting may be slow.
	if err := r.pool.ready(ctx); err != nil {
		if ctx.Err() != nil {
			return 0, nil // not a fault of the server: the process is stopping
		}
		return 0, errors.Join(err, r.postpone(ctx, j, err))
	}
	// Finish this email and record its outcome even if the process is stopping.
	ctx = context.WithoutCancel(ctx)
	lease := rand.Text()
	before, taken, err := j.box.take(ctx, j.hit.Key, lease)
	if err != nil {
		return 0, err
	}
	r.pace.spend(j.box.shop, now)
	return r.handOver(ctx, handover{box: j.box, id: j.hit.Key, lease: lease, before: before, taken: taken})
}

// postpone moves an entry to the end of the pause for an unreachable server. That is not an attempt, so the
// entry needs no retry delay once the server is back.
func (r *round) postpone(ctx context.Context, j job, cause error) error {
	if errors.Is(cause, errResting) {
		return nil
	}
	err := j.box.change(ctx, j.hit.Key, func(e *Entry) {
		e.LastError = reason(cause, e.To)
		e.NextAt = r.pool.restsUntil()
	})
	if errors.Is(err, errTurn) {
		return nil
	}
	return err
}
