// Package board is what the start page of staff shows as numbers: how much waits for somebody, and what
// happened on each day. A job counts both and keeps them, because no index counts and no request may. Every
// number follows from other documents, so any of these can be deleted and is counted again.
//
// It must not know how the numbers are counted or shown.
package board

import (
	"slices"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// Board is what waits for somebody in a shop, as counted at a time. Its key is Key.
type Board struct {
	Waiting map[string]Number `bson:"waiting,omitempty"` // by Kinds, and Orders
	// RefundBy is noon of the earliest last day for a refund after a withdrawal, zero for none.
	RefundBy time.Time `bson:"refund_by,omitempty"`
	Since    string    `bson:"since,omitempty"` // the earliest day that somebody looks at, "2026-03-05"
	At       time.Time `bson:"at,omitempty"`    // zero before the first count
	SeenAt   time.Time `bson:"seen_at"`         // to within a day
	Work     job.List  `bson:"work,omitempty"`
}

// Number is how many there are; with More, there may be more of them.
type Number struct {
	N    int64 `bson:"n"`
	More bool  `bson:"more,omitempty"`
}

// What waits for somebody.
const (
	Messages    = "messages" // orders whose last message is the customer's
	Requests    = "requests" // to cancel, on which nobody has decided
	Returns     = "returns"  // likewise
	Withdrawals = "withdrawals"
	Emails      = "emails" // that failed
	VATIDs      = "vat"    // that VIES has not confirmed for long
	Jobs        = "jobs"   // that failed
)

// Orders is counted for the list of orders, of which none need wait.
const Orders = "orders"

// Kinds lists what waits, in the order of the page.
func Kinds() []string {
	return []string{Messages, Requests, Returns, Withdrawals, Emails, VATIDs, Jobs}
}

// MaxCounted is how many of a kind are counted; there may be more.
const MaxCounted = 1000

// Life is how long numbers are shown before they are counted again. Lookback is how many days a board counts
// at most.
const (
	Life     = time.Minute
	Lookback = 400
)

// KindCount is the job that counts.
const KindCount = "count_board"

// Key is the key of the only Board of a shop.
const Key = "board"

// Collection declares the collection of boards.
func Collection() storage.Collection {
	return storage.Collection{Name: "boards", Indexes: job.Indexes()}
}

// Docs opens the board of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Board] {
	return storage.Open[Board](engine, shop, Collection())
}

// IsKnown reports whether the board has been counted.
func (b Board) IsKnown() bool { return !b.At.IsZero() }

// Look prepares the board to be read now, by somebody who looks at the days since one: it requests a count if
// the present numbers are old or do not reach back so far. It reports whether that changed it.
func (b *Board) Look(since string, now time.Time) (changed bool) {
	further := b.Since == "" || since < b.Since
	if now.Sub(b.SeenAt) >= 24*time.Hour {
		// Who looked at an earlier day did so long ago.
		b.SeenAt, b.Since, further, changed = now, since, further || since != b.Since, true
	}
	if further {
		b.Since, changed = since, true
	}
	if !further && now.Sub(b.At) < Life || slices.ContainsFunc(b.Work.Jobs,
		func(j job.Job) bool { return j.Kind == KindCount && !j.HasFailed() && (!further || !j.IsRunning()) }) {
		return changed
	}
	return b.Work.Ensure(job.Request{Kind: KindCount, At: now, Slow: true}, time.Time{}) || changed
}
