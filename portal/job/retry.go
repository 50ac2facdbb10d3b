package job

import (
	"math/rand/v2"
	"time"
)

const (
	// leaseTime is how long a job belongs to the process that took it. The process prolongs it while it
	// works, so a lease ends only when the process did.
	leaseTime  = time.Minute
	leaseRenew = 20 * time.Second
	// longestRun is how long one handler may take.
	longestRun = 30 * time.Minute
	// settleTime is how long recording what came of a job may take when the process is told to stop.
	settleTime = 2 * time.Second
)

// gaps are the times between attempts unless a kind has its own. After the last one a job is given up: that
// is two days and a half after the first attempt.
func gaps() []time.Duration {
	return []time.Duration{
		2 * time.Second, 10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour,
		12 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	}
}

// spread draws a gap from four fifths to six fifths, so that jobs that failed together do not come back
// together.
func spread(gap time.Duration) time.Duration { return gap*4/5 + rand.N(gap*2/5) }

// Retry is how jobs of a kind are tried again. The zero value is the package's own gaps, and then giving up.
type Retry struct {
	Gaps    []time.Duration // exactly these; nil for the package's own
	Forever bool            // with the last gap again and again, instead of giving up
	Routine bool            // a failure is nothing to worry about, as where another server has no answer yet
}

// Waits is the error of a handler that has to wait for something else to be done first, for the given
// reason. That is no failed attempt: the job is looked at again in a minute.
func Waits(reason string) error { return waits(reason) }

type waits string

func (w waits) Error() string { return "job: " + string(w) }

const waitGap = time.Minute

// after returns the gap after so many attempts, and false when the job is given up.
func (r Retry) after(attempts int) (time.Duration, bool) {
	list := r.Gaps
	if list == nil {
		list = gaps()
	}
	if attempts > len(list) && !r.Forever {
		return 0, false
	}
	gap := list[min(max(attempts, 1), len(list))-1]
	if r.Gaps == nil {
		gap = spread(gap)
	}
	return gap, true
}
