package storage

import (
	"context"
	"time"
)

// Clock is an engine whose store has a clock. Expiries and dates agree between machines only as far as
// their clocks do. Both engines implement it.
type Clock interface {
	// Clock returns the store's time, in milliseconds. For the embedded engine that is this machine's
	// clock, and the call shows that the store responds; for MongoDB it is the server's.
	Clock(ctx context.Context) (time.Time, error)
}
