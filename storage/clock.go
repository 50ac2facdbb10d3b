package storage

import (
	"context"
	"time"
)

// Clock is an engine whose store has a clock: expiries and dates of several machines agree only as far as
// their clocks do. Both engines have it.
type Clock interface {
	// Clock asks the store for its time, in milliseconds: that of this machine for the embedded one, which
	// shows that the store answers, and the server's for MongoDB.
	Clock(ctx context.Context) (time.Time, error)
}
