package mail

import (
	"context"
	"errors"
	"fmt"
)

// handover is one attempt at one entry.
type handover struct {
	box       Outbox
	id, lease string
	before    Entry
}

// handOver makes the attempt and records its end.
func (d *Dispatcher) handOver(ctx context.Context, h handover) (sent int, err error) {
	failed := d.attempt(ctx, h)
	var next Entry
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	err = h.box.settle(ctx, h.id, h.lease, func(e *Entry) {
		d.record(e, h.before, failed)
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

// attempt composes the mail and hands it over.
func (d *Dispatcher) attempt(ctx context.Context, h handover) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	m, err := d.Compose(ctx, h.box.shop, h.id, h.before)
	if err != nil {
		return err
	}
	m.ID = messageID(h.box.shop, h.id, m.From)
	err = d.conn.Send(ctx, m)
	if err == nil {
		d.rest = rest{}
		return nil
	}
	d.hangUp()
	f := failure(err)
	if f.Down {
		d.rest = d.rest.grown(d.Now())
	}
	return f
}

// failure reads the error of a Conn; one that is no *Failure is taken for the worst.
func failure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Temporary: true, Unsure: true, Down: true, Reason: err.Error()}
}

// record writes the end of an attempt into the entry. What an earlier attempt left unsure stays so unless the mail is now sent
// or dropped.
func (d *Dispatcher) record(e *Entry, before Entry, failed error) {
	now := d.Now()
	var f *Failure
	errors.As(failed, &f)
	switch {
	case failed == nil:
		e.close(Sent, now)
		return
	case errors.Is(failed, ErrDrop):
		e.close(Dropped, now)
		return
	}
	e.Unsure = before.Unsure || f != nil && f.Unsure
	e.LastError = reason(failed, e.To)
	if f != nil && !f.Temporary {
		e.State = Failed
		return
	}
	e.NextAt = soonest(now.Add(gap(e.Attempts)), e.end(d.Life(e.Kind)))
}

func giveUp(e *Entry) {
	e.State = Failed
	if e.LastError == "" {
		e.LastError = "too late: no attempt was made in time"
	}
}
