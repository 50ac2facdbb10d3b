package portal

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"postern/portal/order"
	"postern/portal/shop"
	"postern/storage"
)

// countRequests gathers the counts that are requested while another request is being written, so that
// concurrent orders share a write, and remembers for a moment the counts that are still to come.
type countRequests struct {
	mu    sync.Mutex
	shops map[string]*shopCountRequests
}

type shopCountRequests struct {
	waiting []*countBatch // to be written, in this order
	writing bool
	current *countBatch // being written, nil for none
	// The stored requests of the present half of the delay, and of the one before.
	recent, before map[order.CustomerMonth]storedCount
	turned         time.Time // when the present half began
}

// storedCount is the stored request that counts a month.
type storedCount struct {
	due time.Time
	key string
}

// countBatch is one request for counts, until it is stored.
type countBatch struct {
	months      []order.CustomerMonth
	storedCount               // due from the beginning of the write
	stored      chan struct{} // closed at the end
	err         error         // then
}

// countWriteTime is the time limit for storing a request.
const countWriteTime = 30 * time.Second

func (a *App) countRequestDocs(shop string) storage.Docs[order.CountRequest] {
	return order.CountRequestDocs(a.engine, shop)
}

// requestCounts schedules a count of months, after the delay. It precedes the write that changes them.
func (a *App) requestCounts(ctx context.Context, shop shop.Shop, months ...order.CustomerMonth) error {
	for _, batch := range a.joinCounts(ctx, shop.ID, months) {
		select {
		case <-batch.stored:
			if batch.err != nil {
				return fmt.Errorf("ask for a recount: %w", batch.err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// confirmTime is how long confirmCounts may take.
const confirmTime = 10 * time.Second

// confirmCounts is called after the write that followed requestCounts. If it took so long that the months may
// have been counted too early, they are counted again.
func (a *App) confirmCounts(ctx context.Context, shop shop.Shop, requested time.Time,
	months ...order.CustomerMonth) error {
	now := a.now()
	if now.Sub(requested) < a.countDelay/3 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), confirmTime) // the caller's time may be over
	defer cancel()
	var again []order.CustomerMonth
	for _, m := range months {
		if waits, err := a.countWaits(ctx, shop.ID, m); err != nil {
			return err
		} else if m.Customer != "" && !waits {
			again = append(again, m)
		}
	}
	if len(again) == 0 {
		return nil
	}
	err := a.countRequestDocs(shop.ID).Insert(ctx, storage.NewID(), order.RequestCount(again, now))
	if err != nil {
		return fmt.Errorf("ask for a recount: %w", err)
	}
	return nil
}

// countWaits reports whether the last request for a count has not begun.
func (a *App) countWaits(ctx context.Context, shop string, m order.CustomerMonth) (bool, error) {
	a.counts.mu.Lock()
	last := a.counts.of(shop).last(m)
	a.counts.mu.Unlock()
	request, _, err := a.countRequestDocs(shop).Get(ctx, last.key)
	if err != nil {
		return false, ifFound(err)
	}
	j, ok := request.Work.Find(order.KindCount)
	return ok && !j.IsRunning() && !j.HasFailed(), nil
}

// joinCounts adds the months to the requests that wait to be written, except those that a stored request will
// count late enough, and returns the requests.
func (a *App) joinCounts(ctx context.Context, shop string,
	months []order.CustomerMonth) (joined []*countBatch) {
	a.counts.mu.Lock()
	defer a.counts.mu.Unlock()
	s := a.counts.of(shop)
	now := a.now()
	s.turn(now, max(a.countDelay/2, time.Second))
	for _, m := range months {
		if m.Customer == "" || s.comes(m, now, a.countDelay/2) {
			continue
		}
		batch := s.join(m, now.Add(a.countDelay/2))
		if !slices.Contains(joined, batch) {
			joined = append(joined, batch)
		}
	}
	if len(joined) > 0 && !s.writing {
		s.writing = true
		go a.writeCounts(context.WithoutCancel(ctx), shop, s)
	}
	return joined
}

func (r *countRequests) of(shop string) *shopCountRequests {
	if r.shops == nil {
		r.shops = map[string]*shopCountRequests{}
	}
	if r.shops[shop] == nil {
		r.shops[shop] = &shopCountRequests{}
	}
	return r.shops[shop]
}

// turn forgets requests that are too old to serve another order.
func (s *shopCountRequests) turn(now time.Time, half time.Duration) {
	if s.recent == nil || now.Sub(s.turned) >= half {
		s.recent, s.before, s.turned = map[order.CustomerMonth]storedCount{}, s.recent, now
	}
}

// last returns the last request that was stored for a month, if it is remembered.
func (s *shopCountRequests) last(m order.CustomerMonth) storedCount {
	if found, ok := s.recent[m]; ok {
		return found
	}
	return s.before[m]
}

// comes reports whether a stored request counts the month in the second half of a delay from now, or later.
// One that is due may have been counted already.
func (s *shopCountRequests) comes(m order.CustomerMonth, now time.Time, half time.Duration) bool {
	due := s.last(m).due
	return due.After(now) && !due.Before(now.Add(half))
}

// join returns the request that counts the month at earliest or later: one that is being written, or one that
// waits, to which it adds the month.
func (s *shopCountRequests) join(m order.CustomerMonth, earliest time.Time) *countBatch {
	if s.current != nil && !s.current.due.Before(earliest) && slices.Contains(s.current.months, m) {
		return s.current
	}
	for _, batch := range s.waiting {
		if slices.Contains(batch.months, m) {
			return batch
		}
	}
	last := len(s.waiting) - 1
	if last < 0 || len(s.waiting[last].months) == order.MaxRequested {
		s.waiting = append(s.waiting, &countBatch{stored: make(chan struct{}),
			storedCount: storedCount{key: storage.NewID()}})
		last++
	}
	s.waiting[last].months = append(s.waiting[last].months, m)
	return s.waiting[last]
}

// writeCounts stores the requests that wait, one after the other, until there are none.
func (a *App) writeCounts(ctx context.Context, shop string, s *shopCountRequests) {
	docs := a.countRequestDocs(shop)
	for batch := a.nextCounts(s); batch != nil; batch = a.nextCounts(s) {
		limited, cancel := context.WithTimeout(ctx, countWriteTime)
		batch.err = docs.Insert(limited, batch.key, order.RequestCount(batch.months, batch.due))
		cancel()
		a.endCounts(s, batch)
	}
}

// nextCounts takes the next request that waits. Without one, the writing ends.
func (a *App) nextCounts(s *shopCountRequests) *countBatch {
	a.counts.mu.Lock()
	defer a.counts.mu.Unlock()
	if s.writing = len(s.waiting) > 0; !s.writing {
		return nil
	}
	s.current, s.waiting = s.waiting[0], s.waiting[1:]
	s.current.due = a.now().Add(a.countDelay)
	return s.current
}

// endCounts remembers a request if it was stored, and lets the orders go on.
func (a *App) endCounts(s *shopCountRequests, batch *countBatch) {
	a.counts.mu.Lock()
	defer a.counts.mu.Unlock()
	s.current = nil
	if batch.err == nil {
		for _, m := range batch.months {
			s.recent[m] = batch.storedCount
		}
	}
	close(batch.stored)
}
