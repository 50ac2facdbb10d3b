package mail

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// handover is one attempt to send one entry.
type handover struct {
	box       Outbox
	id, lease string
	before    Entry
	taken     time.Time // when the lease began
}

// handOver makes the attempt and records its outcome.
func (d *Dispatcher) handOver(ctx context.Context, h handover) (sent int, err error) {
	failed := d.attempt(ctx, h)
	var next Entry
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	err = h.box.settle(ctx, h.id, h.lease, func(e *Entry) {
		d.record(e, h, failed)
		next = *e
	})
	log := d.Log.With("shop", h.box.shop, "entry", h.id, "kind", h.before.Kind, "attempt",
		h.before.Attempts+1)
	switch {
	case err != nil:
		// The entry stays marked as unsure. It is leased again when the lease expires, unless that has
		// happened already.
		err = fmt.Errorf("mail: record the end of an attempt: %w", err)
		log.WarnContext(ctx, "mail: end not recorded", "sent", failed == nil, "reason", reason(err, ""))
	case failed == nil:
		log.InfoContext(ctx, "mail: sent")
	case errors.Is(failed, errNotTried):
		log.DebugContext(ctx, "mail: put back", "reason", next.LastError)
		err = failed
	case errors.Is(failed, ErrDrop):
		log.InfoContext(ctx, "mail: dropped")
	default:
		log.WarnContext(ctx, "mail: not sent", "state", next.State, "unsure", next.Unsure,
			"reason", next.LastError)
	}
	if failed == nil {
		sent = 1
	}
	return sent, err
}

// errNotTried means that a message got no connection or that the server refused its sender. Neither counts
// as an attempt.
var errNotTried = errors.New("mail: not tried")

// attempt composes the message and hands it over. Its time limit runs from the start of the lease, because
// storing the lease may have taken long.
func (d *Dispatcher) attempt(ctx context.Context, h handover) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime-d.Now().Sub(h.taken))
	defer cancel()
	soon, done := context.WithTimeout(ctx, readyTime)
	defer done()
	m, err := d.Compose(soon, h.box.shop, h.id, h.before)
	if err != nil {
		return err
	}
	m.ID = messageID(h.box.shop, h.id, h.before.ResentAt, m.From)
	on, err := d.pool.get(soon)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotTried, err)
	}
	err = d.send(ctx, on, m)
	switch f := (*Failure)(nil); {
	case err == nil:
		d.backoffs.accepted(h.box.shop)
	case errors.As(err, &f) && f.Cause == SenderRefused:
		d.backoffs.refused(h.box.shop, d.Now())
		err = fmt.Errorf("%w: %w", errNotTried, err)
	}
	return err
}

// send hands over the message on the connection and returns the connection to the pool.
func (d *Dispatcher) send(ctx context.Context, on *line, m Message) error {
	f := d.try(ctx, on, m)
	if f != nil && on.used && f.Down && !f.Unsure {
		// The connection may have timed out, or reached the server's limit of messages per connection.
		fresh, err := d.pool.renew(ctx, on)
		if err != nil {
			return f
		}
		on, f = fresh, d.try(ctx, fresh, m)
	}
	if f == nil {
		on.used = true
		d.pool.put(on)
		d.pool.works()
		return nil
	}
	if f.Down {
		d.pool.fails() // before the turn is free again
	}
	d.pool.drop(on)
	return f
}

func (d *Dispatcher) try(ctx context.Context, on *line, m Message) *Failure {
	err := on.conn.Send(ctx, m)
	if err == nil {
		return nil
	}
	return failure(err)
}

// failure returns the *Failure in an error of a Conn. For any other error it assumes the worst.
func failure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Temporary: true, Unsure: true, Down: true, Reason: err.Error()}
}

// record stores the outcome of an attempt in the entry. An entry that an earlier attempt left unsure stays
// unsure until its message is sent or dropped.
func (d *Dispatcher) record(e *Entry, h handover, failed error) {
	now, before := d.Now(), h.before
	var f *Failure
	errors.As(failed, &f)
	switch {
	case failed == nil:
		e.send(now)
		return
	case errors.Is(failed, ErrDrop):
		e.drop(now)
		return
	}
	e.LastError = reason(failed, e.To)
	if errors.Is(failed, errNotTried) {
		e.Attempts, e.Unsure, e.Composed = before.Attempts, before.Unsure, true
		e.NextAt = latest(latest(before.NextAt, d.pool.backoffUntil()), d.backoffs.until(h.box.shop))
		return
	}
	e.Unsure = before.Unsure || f != nil && f.Unsure
	if f != nil && !f.Temporary {
		e.fail(now)
		return
	}
	e.NextAt = soonest(now.Add(gap(e.Attempts)), e.end(d.Life(e.Kind)))
}

func giveUp(e *Entry, now time.Time) {
	e.fail(now)
	if e.LastError == "" {
		e.LastError = "too late: no attempt was made in time"
	}
}
