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

// cycle checks all shops once and sends the emails that are due.
type cycle struct {
	*Dispatcher
	begun time.Time

	mu     sync.Mutex
	sent   int
	faults []error
	faulty map[string]bool // shops that are skipped until the next cycle
}

// job is one entry for the goroutines of a cycle.
type job struct {
	box Outbox
	hit storage.Hit[Entry]
}

func (d *Dispatcher) cycle(ctx context.Context) (sent int, err error) {
	if d.pool.backingOff() {
		return 0, nil
	}
	d.Alive()
	c := &cycle{Dispatcher: d, begun: d.Now(), faulty: map[string]bool{}}
	shops, err := c.shops(ctx)
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
	for first := true; len(waiting) > 0 && c.goesOn(ctx) && (first || c.inTime()); first = false {
		waiting = c.pass(ctx, waiting)
	}
	return c.sent, errors.Join(c.faults...)
}

// shops returns the shops with due emails, which takes two reads for any number of shops. If there may be
// more, it returns all shops.
func (c *cycle) shops(ctx context.Context) ([]string, error) {
	var found []string
	for _, state := range []string{Waiting, Deferred} {
		shops, all, err := dueShops(ctx, c.Engine, state, c.begun)
		if err != nil {
			return nil, err
		}
		if !all {
			return c.Shops(ctx)
		}
		found = append(found, shops...)
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

func (c *cycle) goesOn(ctx context.Context) bool { return ctx.Err() == nil && !c.pool.backingOff() }

// backingOff reports whether a shop is paused because the server refused its sender.
func (c *cycle) backingOff(shop string) bool { return c.Now().Before(c.backoffs.until(shop)) }

// inTime reports whether the cycle may start more than the first batch of each shop. After one Beat, other
// shops may have emails to send.
func (c *cycle) inTime() bool { return c.Now().Before(c.begun.Add(c.Beat)) }

// pass gives each shop one turn and returns the shops that have more.
func (c *cycle) pass(ctx context.Context, shops []string) (again []string) {
	jobs := make(chan job)
	var hands sync.WaitGroup
	for range c.Conns * c.Conns {
		hands.Go(func() {
			for j := range jobs {
				c.do(ctx, j)
			}
		})
	}
	share := c.Batch
	if len(shops) == 1 { // no other shop is waiting
		share *= 10
	}
	var full []string
	for _, shop := range shops {
		if c.feed(ctx, jobs, shop, share) {
			full = append(full, shop)
		}
	}
	close(jobs)
	hands.Wait()
	for _, shop := range full {
		if !c.faulty[shop] {
			again = append(again, shop)
		}
	}
	return again
}

// feed queues up to share due entries of the shop and reports whether there may be more.
func (c *cycle) feed(ctx context.Context, jobs chan<- job, shop string, share int) (more bool) {
	share = min(share, c.limiter.room(shop, c.Now()), storage.MaxLimit)
	if share == 0 || !c.goesOn(ctx) || c.backingOff(shop) {
		return false
	}
	box := NewOutbox(c.Engine, shop)
	box.Now = c.Now
	due, err := box.turn(ctx, Waiting, c.begun, share)
	if spare := min(share-len(due), c.Batch); err == nil && spare > 0 && c.limiter.room(shop,
		c.Now()) > c.PerMinute/2 {
		var deferred []storage.Hit[Entry]
		deferred, err = box.turn(ctx, Deferred, c.begun, spare)
		due = append(due, deferred...)
	}
	if err != nil {
		c.fault(shop, err)
		return false
	}
	for i, hit := range due {
		if !c.goesOn(ctx) || i >= c.Batch && !c.inTime() {
			return false
		}
		jobs <- job{box: box, hit: hit}
	}
	return len(due) == share
}

// do processes one entry, unless the cycle has ended.
func (c *cycle) do(ctx context.Context, j job) {
	if !c.goesOn(ctx) || c.backingOff(j.box.shop) {
		return
	}
	sent, err := c.entry(ctx, j)
	c.mu.Lock()
	c.sent += sent
	c.mu.Unlock()
	if err != nil && !errors.Is(err, errTurn) {
		c.fault(j.box.shop, err)
	}
}

func (c *cycle) fault(shop string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faulty[shop] = true
	if errors.Is(err, errBackoff) { // the attempt that failed to connect has reported it
		return
	}
	same := func(told error) bool { return told.Error() == err.Error() } // several attempts fail alike
	if slices.ContainsFunc(c.faults, same) {
		return
	}
	c.faults = append(c.faults, err)
	level := slog.LevelWarn
	if errors.Is(err, errConnect) { // the Sender's observer reports it in more detail
		level = slog.LevelDebug
	}
	c.Log.Log(context.Background(), level, "mail: a shop's emails have to wait", "shop", shop, "reason",
		reason(err, ""))
}

// entry processes one entry and returns the number of emails sent, 0 or 1.
func (c *cycle) entry(ctx context.Context, j job) (int, error) {
	now, head := c.Now(), j.hit.Head
	switch {
	case head.State == Deferred && !now.Before(head.end(deferredLife)):
		return 0, j.box.change(ctx, j.hit.Key, func(e *Entry) { e.drop(now) })
	case !now.Before(head.end(c.Life(head.Kind))):
		c.Log.WarnContext(ctx, "mail: given up", "shop", j.box.shop, "entry", j.hit.Key, "kind", head.Kind)
		return 0, j.box.change(ctx, j.hit.Key, func(e *Entry) { giveUp(e, now) })
	}
	// Connect before the lease starts, because connecting may be slow.
	if err := c.pool.ready(ctx); err != nil {
		if ctx.Err() != nil {
			return 0, nil // not a fault of the server: the process is stopping
		}
		return 0, errors.Join(err, c.postpone(ctx, j, err))
	}
	// Finish this email and record its outcome even if the process is stopping.
	ctx = context.WithoutCancel(ctx)
	lease := rand.Text()
	before, taken, err := j.box.take(ctx, j.hit.Key, lease)
	if err != nil {
		return 0, err
	}
	c.limiter.spend(j.box.shop, c.Now())
	return c.handOver(ctx, handover{box: j.box, id: j.hit.Key, lease: lease, before: before, taken: taken})
}

// postpone moves an entry to the end of the pause for an unreachable server. That is not an attempt, so the
// entry needs no retry delay once the server is back.
func (c *cycle) postpone(ctx context.Context, j job, cause error) error {
	if errors.Is(cause, errBackoff) {
		return nil
	}
	err := j.box.change(ctx, j.hit.Key, func(e *Entry) {
		e.LastError = reason(cause, e.To)
		e.NextAt = c.pool.backoffUntil()
	})
	if errors.Is(err, errTurn) {
		return nil
	}
	return err
}
