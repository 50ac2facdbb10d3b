package storage

import (
	"context"
	"sync/atomic"
	"time"
)

// Activity is an Engine that counts the documents written through it, so that polling loops in this process
// can slow down while nothing is written. Counters do not count as documents.
type Activity struct {
	Engine
	writes atomic.Int64
}

// NewActivity returns engine wrapped in a write counter.
func NewActivity(engine Engine) *Activity { return &Activity{Engine: engine} }

// Writes returns the number of finished writes, failed ones included. A write is counted after it is
// stored, so a loop that reads the number and then polls misses nothing.
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
	// idleAfter is how long a process must write nothing before its loops become idle.
	idleAfter = 10 * time.Second
	// idleLook is the interval between two polls of an idle loop: with a half-second beat, five seconds at
	// most.
	idleLook = 4750 * time.Millisecond
)

// IdleBeat tells a loop that polls at a fixed beat which beats to poll on: every beat for ten seconds after
// a write by this process, otherwise every five seconds. The beat itself never shifts, so the time of a
// poll reveals nothing beyond the beat.
type IdleBeat struct {
	writes         func() int64
	seen           int64
	busyAt, lookAt time.Time
}

// NewIdleBeat returns the beat of one loop, which does not start idle. With nil for writes it never becomes
// idle.
func NewIdleBeat(writes func() int64) *IdleBeat { return &IdleBeat{writes: writes, seen: -1} }

// Due reports whether to poll on this beat.
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
