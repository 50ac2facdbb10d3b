package mail

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// handover is one attempt at one entry.
type handover struct {
	box       Outbox
	id, lease string
	before    Entry
	taken     time.Time // when the lease began
}

// handOver makes the attempt and records its end.
func (d *Dispatcher) handOver(ctx context.Context, h handover) (sent int, err error) {
	failed := d.attempt(ctx, h)
	var next Entry
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	err = h.box.settle(ctx, h.id, h.lease, func(e *Entry) {
		d.record(e, h, failed)
		next = *e
	})
	log := d.Log.With("shop", h.box.shop, "entry", h.id, "kind", h.before.Kind, "attempt", h.before.Attempts+1)
	switch {
	case err != nil:
		// The entry stays marked unsure and is taken again when the lease is over, or another has it already.
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
		log.WarnContext(ctx, "mail: not sent", "state", next.State, "unsure", next.Unsure, "reason", next.LastError)
	}
	if failed == nil {
		sent = 1
	}
	return sent, err
}

// errNotTried says that a mail never got a connection, or that the server took none of its sender: that is
// no attempt.
var errNotTried = errors.New("mail: not tried")

// attempt composes the mail and hands it over. Its time runs from the lease's beginning: the store may have
// taken long to write that down.
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
		d.rests.accepted(h.box.shop)
	case errors.As(err, &f) && f.Cause == SenderRefused:
		d.rests.refused(h.box.shop, d.Now())
		err = fmt.Errorf("%w: %w", errNotTried, err)
	}
	return err
}

// send hands the mail over on the line and gives the line back.
func (d *Dispatcher) send(ctx context.Context, on *line, m Message) error {
	f := d.try(ctx, on, m)
	if f != nil && on.used && f.Down && !f.Unsure {
		// It may be the connection that is too old, or has carried as much as the server allows.
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
		d.pool.fails() // before anyone can have its turn
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

// failure reads the error of a Conn; one that is no *Failure is taken for the worst.
func failure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Temporary: true, Unsure: true, Down: true, Reason: err.Error()}
}

// record writes the end of an attempt into the entry. What an earlier attempt left unsure stays so unless
// the mail is now sent or dropped.
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
		e.NextAt = latest(latest(before.NextAt, d.pool.restsUntil()), d.rests.until(h.box.shop))
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
