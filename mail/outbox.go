package mail

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/storage"
)

// sweptAtOnce is the maximum number of concurrent deletions in a sweep.
const sweptAtOnce = 64

// lookLimit is how many due entries dueShops reads to find the shops that have any.
const lookLimit = 200

// Outbox holds the emails of one shop, one document each.
type Outbox struct {
	// Now is the clock.
	Now  func() time.Time
	docs storage.Docs[Entry]
	shop string
}

// NewOutbox returns the outbox of the shop.
func NewOutbox(engine storage.Engine, shop string) Outbox {
	return Outbox{Now: time.Now, docs: storage.Open[Entry](engine, shop, Collection()), shop: shop}
}

// Add stores an entry to be sent and returns its ID, a UUIDv7. It uses only these fields of e: Kind, To,
// Lang, Payload, Throttled, State (Deferred, or zero for Waiting), CreatedAt (zero for now) and NextAt
// (zero for immediately). A throttled entry is dropped from the start and deleted within the hour.
func (o Outbox) Add(ctx context.Context, e Entry) (id string, err error) {
	id = storage.NewID()
	return id, o.docs.Insert(ctx, id, o.fresh(e))
}

// AddOnce is Add with a key from the caller. Adding the same key again changes nothing and is not an error.
// Keys are logged, so they must not contain an address.
func (o Outbox) AddOnce(ctx context.Context, key string, e Entry) (id string, err error) {
	err = o.docs.Insert(ctx, key, o.fresh(e))
	if errors.Is(err, storage.ErrExists) {
		err = nil
	}
	return key, err
}

func (o Outbox) fresh(e Entry) Entry {
	fresh := Entry{Kind: e.Kind, To: e.To, Lang: e.Lang, Payload: e.Payload,
		Throttled: e.Throttled, State: Waiting}
	fresh.CreatedAt, fresh.NextAt = e.CreatedAt, e.NextAt
	if fresh.CreatedAt.IsZero() {
		fresh.CreatedAt = o.Now()
	}
	if fresh.NextAt.IsZero() {
		fresh.NextAt = fresh.CreatedAt
	}
	switch {
	case e.Throttled:
		fresh.drop(fresh.CreatedAt)
	case e.State == Deferred:
		fresh.State = Deferred
	}
	return fresh
}

// Get returns the entry, or storage.ErrNotFound.
func (o Outbox) Get(ctx context.Context, id string) (Entry, error) {
	e, _, err := o.docs.Get(ctx, id)
	return e, err
}

// List returns the entries with a state, newest first and without payloads. It returns storage.ErrCursor
// for a cursor of another list.
func (o Outbox) List(ctx context.Context, state, cursor string, limit int) (storage.Page[Entry], error) {
	return storage.Find[Entry](ctx, o.docs, storage.Query{
		Index: byAge, Equal: []any{state}, Descending: true, Limit: limit, Cursor: cursor,
	})
}

// Obstacle returns the cause that keeps emails waiting, taken from those that have waited longest, or "".
// While the dispatcher pauses for the server or for the shop's sender, it does not touch due emails, so
// they have no cause of their own.
func (o Outbox) Obstacle(ctx context.Context) (cause string, err error) {
	page, err := storage.Find[Entry](ctx,
		o.docs, storage.Query{Index: byAge, Equal: []any{Waiting}, Limit: storage.MaxLimit})
	for _, hit := range page.Hits {
		cause, _, _ = strings.Cut(hit.Head.LastError, ": ")
		if cause == SenderRefused || slices.Contains(Causes(), cause) {
			return cause, err
		}
	}
	return "", err
}

// Resend makes a failed or sent entry wait again. It is due immediately, with a new life and no attempts.
// For a sent one the Composer sees Unsure set, since the first message was sent. A waiting entry becomes
// due immediately, unless an attempt is in progress. For a dropped entry Resend returns ErrDrop.
func (o Outbox) Resend(ctx context.Context, id string) error {
	now := o.Now()
	_, err := o.docs.Change(ctx, id, func(e *Entry) error {
		switch e.State {
		case Waiting, Deferred:
			e.State = Waiting
			return e.hasten(now)
		case Dropped:
			return ErrDrop
		case Sent:
			e.Unsure = true
		}
		e.State, e.NextAt, e.ResentAt, e.Attempts, e.Composed = Waiting, now, now, 0, false
		return nil
	})
	return err
}

// Overdue returns how long the waiting entry that became due first has been due. It is 0 without one, or if
// another process has just leased it.
func (o Outbox) Overdue(ctx context.Context) (time.Duration, error) {
	now := o.Now()
	first, err := o.turn(ctx, Waiting, now, 1)
	if err != nil || len(first) == 0 {
		return 0, err
	}
	e, err := o.Get(ctx, first[0].Key)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return 0, nil
	case err != nil || !e.due(now):
		return 0, err
	}
	return now.Sub(e.NextAt), nil
}

// Sweep deletes the sent, dropped and failed entries that have been kept long enough, in batches of at most
// batch (1 to storage.MaxLimit), and returns the number deleted. Before that it ends the entries that have
// waited longer than their life, which the Dispatcher does not process while it cannot reach the mail
// server.
func (o Outbox) Sweep(ctx context.Context, batch int) (deleted int, err error) {
	for state, least := range map[string]time.Duration{Waiting: Life(SignIn), Deferred: deferredLife} {
		if err := o.endOld(ctx, state, least, batch); err != nil {
			return 0, err
		}
	}
	for _, state := range []string{Sent, Dropped, Failed} {
		for more := true; more; {
			found, gone, err := o.sweepBatch(ctx, state, batch)
			deleted += gone
			if err != nil {
				return deleted, err
			}
			more = found == batch && gone > 0 // if nothing was deleted, the next batch would be the same
		}
	}
	return deleted, nil
}

// endOld ends the entries of a state whose life is over: it drops deferred ones and fails the others. No
// life is shorter than least.
func (o Outbox) endOld(ctx context.Context, state string, least time.Duration, batch int) error {
	now := o.Now()
	query := storage.Query{Index: byAge, Equal: []any{state}, To: now.Add(-least), Limit: batch}
	for {
		page, err := storage.Find[Entry](ctx, o.docs, query)
		if err != nil {
			return err
		}
		group, end := errgroup.WithContext(ctx)
		group.SetLimit(sweptAtOnce)
		for _, hit := range page.Hits {
			if now.Before(hit.Head.end(Life(hit.Head.Kind))) {
				continue
			}
			group.Go(func() error { return o.endOne(end, hit.Key, now) })
		}
		if err := group.Wait(); err != nil || page.Next == "" {
			return err
		}
		query.Cursor = page.Next
	}
}

// endOne ends an entry, unless an attempt is in progress.
func (o Outbox) endOne(ctx context.Context, id string, now time.Time) error {
	_, err := o.docs.Change(ctx, id, func(e *Entry) error {
		inHand := e.Lease != "" && e.NextAt.After(now)
		switch {
		case inHand || now.Before(e.end(Life(e.Kind))):
			return storage.ErrUnchanged
		case e.State == Deferred:
			e.drop(now)
		case e.State == Waiting:
			giveUp(e, now)
		}
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// sweepBatch deletes a batch of one state, several entries concurrently, so that they share commits.
func (o Outbox) sweepBatch(ctx context.Context, state string, batch int) (found, gone int, err error) {
	hits, err := o.turn(ctx, state, o.Now(), batch)
	if err != nil {
		return 0, 0, err
	}
	var removed atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sweptAtOnce)
	for _, hit := range hits {
		group.Go(func() error {
			n, err := o.remove(ctx, hit.Key, state)
			removed.Add(int64(n))
			return err
		})
	}
	err = group.Wait()
	return len(hits), int(removed.Load()), err
}

func (o Outbox) remove(ctx context.Context, id, state string) (int, error) {
	e, read, err := o.docs.Get(ctx, id)
	if err == nil && e.State == state && !e.NextAt.After(o.Now()) { // otherwise it was resent in between
		err = o.docs.Delete(ctx, id, read)
		if err == nil {
			return 1, nil
		}
	}
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrConflict) {
		err = nil
	}
	return 0, err
}

// turn returns the heads of the entries of a state that are due at the time, the longest due first.
func (o Outbox) turn(ctx context.Context, state string, at time.Time,
	limit int) ([]storage.Hit[Entry], error) {
	page, err := storage.Find[Entry](ctx, o.docs, storage.Query{
		Index: byTurn, Equal: []any{state}, To: at.Add(time.Millisecond), Limit: limit,
	})
	return page.Hits, err
}

// dueShops returns the shops with entries of a state that are due at the time, the longest due first. all
// is false if there are so many due entries that further shops may be missing.
func dueShops(ctx context.Context, engine storage.Engine, state string, at time.Time) (shops []string,
	all bool, err error) {
	page, err := storage.FindAllShops[struct{}](ctx, engine, Collection(), storage.Query{
		Index: byDue, Equal: []any{state}, To: at.Add(time.Millisecond), Limit: lookLimit,
	})
	for _, hit := range page.Hits {
		if !slices.Contains(shops, hit.Shop) {
			shops = append(shops, hit.Shop)
		}
	}
	return shops, page.Next == "", err
}

// errTurn means that an entry is no longer due, or that another attempt has leased it.
var errTurn = errors.New("mail: not its turn")

// change changes an entry that is due, or returns errTurn.
func (o Outbox) change(ctx context.Context, id string, alter func(*Entry)) error {
	_, err := o.docs.Change(ctx, id, func(e *Entry) error {
		if !e.due(o.Now()) {
			return errTurn
		}
		alter(e)
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return errTurn
	}
	return err
}

// take leases a due entry for an attempt. It returns the entry as the last attempt left it and the start of
// the lease, or errTurn if another process was faster. From then on the entry is stored as unsure, in case
// the process crashes during the attempt.
func (o Outbox) take(ctx context.Context, id, lease string) (before Entry, taken time.Time, err error) {
	err = o.change(ctx, id, func(e *Entry) {
		before, taken = *e, o.Now()
		e.NextAt = taken.Add(leaseTime)
		e.Lease, e.Unsure = lease, true
		e.Attempts++
	})
	return before, taken, err
}

// settle records the outcome of the attempt under the lease, or returns errTurn if the lease is lost.
func (o Outbox) settle(ctx context.Context, id, lease string, record func(*Entry)) error {
	_, err := o.docs.Change(ctx, id, func(e *Entry) error {
		if e.Lease != lease {
			return errTurn
		}
		e.Lease = ""
		record(e)
		return nil
	})
	return err
}

// Forget deletes all entries for an address, in any state.
func (o Outbox) Forget(ctx context.Context, address string) error {
	for {
		page, err := storage.Find[struct{}](ctx, o.docs,
			storage.Query{Index: byTo, Equal: []any{address}, Limit: storage.MaxLimit})
		if err != nil || len(page.Hits) == 0 {
			return err
		}
		for _, hit := range page.Hits {
			if err := o.forget(ctx, hit.Key); err != nil {
				return err
			}
		}
	}
}

// forget deletes an entry even if it is changed at the same time.
func (o Outbox) forget(ctx context.Context, id string) error {
	for {
		_, read, err := o.docs.Get(ctx, id)
		if err == nil {
			err = o.docs.Delete(ctx, id, read)
		}
		switch {
		case errors.Is(err, storage.ErrNotFound):
			return nil
		case !errors.Is(err, storage.ErrConflict):
			return err
		}
	}
}
