package mail

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"postern/storage"
)

const (
	// leaseTime is how long an entry belongs to the attempt that leased it. An attempt ends before its
	// lease does, so two processes never send the same email.
	leaseTime   = 2 * time.Minute
	attemptTime = 100 * time.Second
	// readyTime is the part of attemptTime for composing a message and getting a connection.
	readyTime  = 45 * time.Second
	recordTime = 15 * time.Second
	// idleTime is how long Run keeps unused connections, so that a slow but steady flow of email does not
	// need a new connection at every beat.
	idleTime = 5 * time.Second
)

// Dispatcher hands due entries to a mail server. Any number of dispatchers in any number of processes may
// share the outboxes. Run and Once of one Dispatcher must not run at the same time.
type Dispatcher struct {
	Engine storage.Engine
	// Shops lists all shops. It is called only when so many emails are due that some shops may not be among
	// the first of them.
	Shops func(ctx context.Context) ([]string, error)
	// Alive is called whenever the dispatcher checks the outboxes; nil is allowed.
	Alive func()
	// Compose is called from several goroutines at the same time unless Conns is 1.
	Compose Composer
	Sender  Sender
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log receives IDs, kinds and cleaned reasons, but no addresses; nil disables logging.
	Log *slog.Logger
	// Beat is the fixed interval of Run. A new entry never shortens it, because the delay of an email must
	// reveal nothing about the request that caused it. Zero means 500 ms.
	Beat time.Duration
	// Writes returns the number of documents that this process has written (see storage.Activity). While it
	// does not change, Run checks the outboxes only every five seconds. Entries from another process and
	// due retries may therefore wait that long. After a write Run checks them at the next Beat. With nil it
	// checks them at every Beat.
	Writes func() int64
	// Batch is the number of emails that one shop sends before the next waiting shop gets its turn. Zero
	// means 20.
	Batch int
	// Conns is the maximum number of connections. Up to Conns × Conns emails are processed at the same
	// time: while some are being sent, others are leased, composed and recorded, and share the store's
	// commits. With 1, emails are sent one after the other in the order they became due. Zero means 4.
	Conns int
	// PerMinute is the maximum rate per shop of this process. After an idle minute, that number may be sent
	// in one burst. Further emails wait; none is refused. Zero means 6000.
	PerMinute int
	// Life returns how long sending an entry of a kind is attempted before it fails; nil means the function
	// Life.
	Life func(kind string) time.Duration

	turn     int // index of the shop that goes first in this cycle
	pool     *pool
	limiter  *rateLimiter
	backoffs *senderBackoffs
}

// Run sends emails until ctx ends, and completes those in progress. It returns nil.
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

// step runs a cycle if one is due, and closes idle connections.
func (d *Dispatcher) step(ctx context.Context, idle *storage.IdleBeat) {
	if idle.Due(d.Now()) {
		_, _ = d.cycle(ctx) // cycle has logged its errors
	}
	d.pool.tidy()
}

// Once runs one cycle over all shops and returns the number of emails that the server accepted. It sends
// the entries that were due when it began. With a running clock it starts no second batch of a shop after
// one Beat. The error joins those of the store and the server; each stops only the part it affects.
func (d *Dispatcher) Once(ctx context.Context) (sent int, err error) {
	d.defaults()
	defer d.pool.hangUp()
	return d.cycle(ctx)
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
		d.limiter = &rateLimiter{perMinute: d.PerMinute, shops: map[string]*rate.Limiter{}}
		d.backoffs = &senderBackoffs{of: map[string]backoff{}}
	}
}
