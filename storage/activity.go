package storage

import (
	"context"
	"sync/atomic"
	"time"
)

// Activity is an Engine that counts the documents written through it, so that this process's loops which
// look for work can rest while it writes nothing. Counters are no documents.
type Activity struct {
	Engine
	writes atomic.Int64
}

// NewActivity returns the engine with its writes counted.
func NewActivity(engine Engine) *Activity { return &Activity{Engine: engine} }

// Writes is how many writes have ended, those that failed included. A write is counted after it is stored:
// a loop that reads the number and then looks misses nothing.
func (a *Activity) Writes() int64 { return a.writes.Load() }

// Insert implements Engine.
func (a *Activity) Insert(ctx context.Context, collection string, r Record) error {
	defer a.writes.Add(1)
	return a.Engine.Insert(ctx, collection, r)
}

// Replace implements Engine.
func (a *Activity) Replace(ctx context.Context, collection string, r Record, read Version) error {
	defer a.writes.Add(1)
	return a.Engine.Replace(ctx, collection, r, read)
}

// Delete implements Engine.
func (a *Activity) Delete(ctx context.Context, collection, id string, read Version) error {
	defer a.writes.Add(1)
	return a.Engine.Delete(ctx, collection, id, read)
}

const (
	// idleAfter is how long a process writes nothing before its loops rest.
	idleAfter = 10 * time.Second
	// idleLook is the gap between two looks of a loop at rest: at a beat of half a second, five seconds at
	// the latest.
	idleLook = 4750 * time.Millisecond
)

// IdleBeat tells a loop that looks for work at a fixed beat at which beats to look: at each for ten seconds
// after a write of this process, and else every five seconds. The beat itself never moves, so when a look
// comes tells nothing but the beat.
type IdleBeat struct {
	writes         func() int64
	seen           int64
	busyAt, lookAt time.Time
}

// NewIdleBeat returns the beat of one loop, which is not idle at first. With nil for writes it never is.
func NewIdleBeat(writes func() int64) *IdleBeat { return &IdleBeat{writes: writes, seen: -1} }

// Due reports whether to look at the beat that has come.
func (b *IdleBeat) Due(now time.Time) bool {
	if b.writes == nil {
		return true
	}
	if n := b.writes(); n != b.seen {
		b.seen, b.busyAt = n, now
	}
	due := now.Sub(b.busyAt) < idleAfter || !now.Before(b.lookAt)
	if due {
		b.lookAt = now.Add(idleLook)
	}
	return due
}
