package mail

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"postern/storage"
)

const (
	// leaseTime is how long an entry belongs to the attempt that took it. An attempt ends before its lease does, so
	// no two processes have one mail in hand.
	leaseTime   = 2 * time.Minute
	attemptTime = 100 * time.Second
	recordTime  = 15 * time.Second
)

// Dispatcher hands due entries to a mail server. Any number of them, in any number of processes, may share the outboxes.
// Run and Once of one Dispatcher are not called at the same time.
type Dispatcher struct {
	Engine storage.Engine
	// Shops lists the shops whose mails are sent.
	Shops   func(ctx context.Context) ([]string, error)
	Compose Composer
	Sender  Sender
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log gets ids, kinds and cleaned reasons, never addresses; nil is none.
	Log *slog.Logger
	// Beat is the fixed pace of Run, never hastened by what is added: the time a mail takes must tell nothing about
	// the request that caused it. Zero is 500 ms.
	Beat time.Duration
	// Batch is the most mails of one shop in one beat, so that a shop with many does not keep others waiting. Zero is 20.
	Batch int
	// Life is how long an entry of a kind is tried before it is failed; nil is Life.
	Life func(kind string) time.Duration

	turn int // which shop comes first this beat
	conn Conn
	rest rest
}

// Run sends mails until ctx ends, and finishes the one in hand. It returns nil.
func (d *Dispatcher) Run(ctx context.Context) error {
	d.defaults()
	beat := time.NewTicker(d.Beat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		}
		if _, err := d.Once(ctx); err != nil && ctx.Err() == nil {
			d.Log.WarnContext(ctx, "mail: a round met faults", "reason", reason(err, ""))
		}
	}
}

// Once does one round over all shops and returns how many mails the server took. The error holds what the store or the
// server failed at; it stops nothing but the part it concerns.
func (d *Dispatcher) Once(ctx context.Context) (sent int, err error) {
	d.defaults()
	defer d.hangUp()
	if d.resting() {
		return 0, nil
	}
	shops, err := d.Shops(ctx)
	if err != nil {
		return 0, fmt.Errorf("mail: list the shops: %w", err)
	}
	d.turn++
	var faults []error
	for i := range shops {
		n, err := d.shop(ctx, shops[(i+d.turn)%len(shops)])
		sent += n
		faults = append(faults, err)
	}
	return sent, errors.Join(faults...)
}

func (d *Dispatcher) defaults() {
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	if d.Beat <= 0 {
		d.Beat = 500 * time.Millisecond
	}
	if d.Batch <= 0 {
		d.Batch = 20
	}
	if d.Life == nil {
		d.Life = Life
	}
}

// shop goes through the due entries of one shop.
func (d *Dispatcher) shop(ctx context.Context, shop string) (sent int, err error) {
	box := NewOutbox(d.Engine, shop)
	box.Now = d.Now
	if ctx.Err() != nil || d.resting() {
		return 0, nil
	}
	due, err := box.turn(ctx, Waiting, d.Batch)
	if err != nil {
		return 0, err
	}
	var faults []error
	for _, hit := range due {
		if ctx.Err() != nil || d.resting() {
			break
		}
		n, err := d.entry(ctx, box, hit)
		sent += n
		if !errors.Is(err, errTurn) {
			faults = append(faults, err)
		}
	}
	return sent, errors.Join(faults...)
}

// entry does what is due with one entry and returns how many mails went out, 0 or 1.
func (d *Dispatcher) entry(ctx context.Context, box Outbox, hit storage.Hit[Entry]) (int, error) {
	now := d.Now()
	switch {
	case hit.Head.Throttled:
		return 0, box.change(ctx, hit.Key, func(e *Entry) { e.close(Dropped, now) })
	case !now.Before(hit.Head.end(d.Life(hit.Head.Kind))):
		d.Log.WarnContext(ctx, "mail: given up", "shop", box.shop, "entry", hit.Key, "kind", hit.Head.Kind)
		return 0, box.change(ctx, hit.Key, giveUp)
	}
	// The lease begins behind the greeting, however slow that is.
	if err := d.connect(ctx); err != nil {
		if ctx.Err() != nil {
			return 0, nil // stopping is no fault of the server
		}
		return 0, errors.Join(err, d.postpone(ctx, box, hit.Key, err))
	}
	// The mail in hand is finished, and its end recorded, though the process was told to stop.
	ctx = context.WithoutCancel(ctx)
	lease := rand.Text()
	before, err := box.take(ctx, hit.Key, lease)
	if err != nil {
		return 0, err
	}
	return d.handOver(ctx, handover{box: box, id: hit.Key, lease: lease, before: before})
}

// postpone moves an entry behind the rest that a server out of reach is given. That is no attempt: when the server is
// back, no mail has to wait out a gap it earned meanwhile.
func (d *Dispatcher) postpone(ctx context.Context, box Outbox, id string, cause error) error {
	err := box.change(ctx, id, func(e *Entry) {
		e.LastError = reason(cause, e.To)
		e.NextAt = d.rest.until
	})
	if errors.Is(err, errTurn) {
		return nil
	}
	return err
}

func (d *Dispatcher) connect(ctx context.Context) error {
	if d.conn != nil {
		return nil
	}
	conn, err := d.Sender.Connect(ctx)
	if err != nil {
		d.rest = d.rest.grown(d.Now())
		return fmt.Errorf("mail: connect: %w", err)
	}
	d.conn = conn
	return nil
}

func (d *Dispatcher) hangUp() {
	if d.conn == nil {
		return
	}
	if err := d.conn.Close(); err != nil {
		d.Log.Debug("mail: hang up", "reason", reason(err, ""))
	}
	d.conn = nil
}

func (d *Dispatcher) resting() bool { return d.Now().Before(d.rest.until) }
