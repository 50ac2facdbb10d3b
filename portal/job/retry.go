package job

import (
	"math/rand/v2"
	"time"
)

const (
	// leaseTime is how long a process may keep a job without renewing the lease. It renews the lease while
	// it works, so a lease expires only if the process has ended.
	leaseTime  = time.Minute
	leaseRenew = 20 * time.Second
	// longestRun is the time limit of a handler.
	longestRun = 30 * time.Minute
	// settleTime is the time limit for recording the result of a job, also during shutdown.
	settleTime = 2 * time.Second
)

// gaps returns the default delays between attempts. After the last one a job is given up, two and a half
// days after the first attempt.
func gaps() []time.Duration {
	return []time.Duration{
		2 * time.Second, 10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour,
		3 * time.Hour, 6 * time.Hour,
		12 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	}
}

// spread returns a random delay between 80% and 120% of gap, so that jobs that failed together are not
// retried together.
func spread(gap time.Duration) time.Duration { return gap*4/5 + rand.N(gap*2/5) }

// Retry says how jobs of a kind are retried. The zero value uses the package's delays and then gives up.
type Retry struct {
	Gaps    []time.Duration // used exactly as given; nil for the package's delays
	Forever bool            // keep retrying with the last delay instead of giving up
	Routine bool            // failures are expected, for example while another server has no answer yet
}

// Waits returns the error for a handler that must wait for something else first, with the reason. It does
// not count as a failed attempt: the job is tried again in a minute.
func Waits(reason string) error { return waits(reason) }

type waits string

func (w waits) Error() string { return "job: " + string(w) }

const waitGap = time.Minute

// after returns the delay after the given number of attempts, or false if the job is given up.
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
