package mail

import (
	"context"
	"log/slog"
	"time"

	"postern/storage"
)

const (
	// leaseTime is how long an entry belongs to the attempt that took it. An attempt ends before its lease
	// does, so no two processes have one mail in hand.
	leaseTime   = 2 * time.Minute
	attemptTime = 100 * time.Second
	// readyTime is the part of attemptTime in which a mail is composed and gets a connection.
	readyTime  = 45 * time.Second
	recordTime = 15 * time.Second
	// idleTime is how long Run keeps connections that carry nothing, so that steady mail in small numbers
	// does not connect at each beat.
	idleTime = 5 * time.Second
)

// Dispatcher hands due entries to a mail server. Any number of them, in any number of processes, may share
// the outboxes. Run and Once of one Dispatcher are not called at the same time.
type Dispatcher struct {
	Engine storage.Engine
	// Shops lists all shops. It is asked only when so many emails are due that those of some shops may be
	// hidden by the others'.
	Shops func(ctx context.Context) ([]string, error)
	// Alive is called at each look into the outboxes; nil is none.
	Alive func()
	// Compose is called by several goroutines at once, unless Conns is 1.
	Compose Composer
	Sender  Sender
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log gets ids, kinds and cleaned reasons, never addresses; nil is none.
	Log *slog.Logger
	// Beat is the fixed pace of Run, never hastened by what is added: the time a mail takes must tell
	// nothing about the request that caused it. Zero is 500 ms.
	Beat time.Duration
	// Writes is how many documents this process has written (see storage.Activity). While it writes
	// nothing, Run looks into the outboxes only every five seconds: that is how late it may see what
	// another process adds, or a retry whose time has come. After a write it looks at the very next Beat.
	// Nil: it looks at each.
	Writes func() int64
	// Batch is how many mails of one shop go out before another that waits has its turn. Zero is 20.
	Batch int
	// Conns is the most connections at a time. So many for each of them are the mails in hand, Conns times
	// Conns: while some are sent, others are leased, composed and recorded, and share the store's commits.
	// With 1, mails go out one after the other in the order they fell due. Zero is 4.
	Conns int
	// PerMinute is the most mails a minute that this process sends for one shop; after a quiet minute as
	// many go at once. What is beyond it waits and is never refused. Zero is 6000.
	PerMinute int
	// Life is how long an entry of a kind is tried before it is failed; nil is Life.
	Life func(kind string) time.Duration

	turn  int // which shop comes first this beat
	pool  *pool
	pace  *pace
	rests *senderRests
}

// Run sends mails until ctx ends, and finishes those in hand. It returns nil.
func (d *Dispatcher) Run(ctx context.Context) error {
	d.defaults()
	defer d.pool.hangUp()
	beat, idle := time.NewTicker(d.Beat), storage.NewIdleBeat(d.Writes)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
		}
		d.step(ctx, idle)
	}
}

// step does what is to be done at one beat.
func (d *Dispatcher) step(ctx context.Context, idle *storage.IdleBeat) {
	if idle.Due(d.Now()) {
		_, _ = d.round(ctx) // it has logged its faults
	}
	d.pool.tidy()
}

// Once does one round over all shops and returns how many mails the server took. It sends what was due when
// it began; with a clock that runs, it begins no further batch of a shop after one Beat. The error holds
// what the store or the server failed at; it stops nothing but the part it concerns.
func (d *Dispatcher) Once(ctx context.Context) (sent int, err error) {
	d.defaults()
	defer d.pool.hangUp()
	return d.round(ctx)
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
	for field, standard := range map[*int]int{&d.Batch: 20, &d.Conns: 4, &d.PerMinute: 6000} {
		if *field <= 0 {
			*field = standard
		}
	}
	if d.Alive == nil {
		d.Alive = func() {}
	}
	if d.Life == nil {
		d.Life = Life
	}
	if d.pool == nil {
		d.pool = &pool{sender: d.Sender, now: d.Now, log: d.Log, limit: d.Conns}
		d.pace = &pace{perMinute: d.PerMinute, shops: map[string]bucket{}}
		d.rests = &senderRests{of: map[string]rest{}}
	}
}
