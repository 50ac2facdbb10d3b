package mail

import (
	"math/rand/v2"
	"time"
)

// SignIn is the kind of email that is useless after a day.
const SignIn = "sign_in"

// Life returns how long sending an entry of the kind is attempted: a day for SignIn, three days for others.
func Life(kind string) time.Duration {
	if kind == SignIn {
		return 24 * time.Hour
	}
	return 3 * 24 * time.Hour
}

// gap returns the wait after a number of attempts. It grows, because a delivery that failed for minutes
// rarely succeeds within seconds. It varies between four fifths and six fifths, so that emails that failed
// together are not retried together.
func gap(attempts int) time.Duration {
	gaps := [...]time.Duration{
		10 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute,
		30 * time.Minute, time.Hour,
	}
	g := gaps[min(max(attempts, 1), len(gaps))-1]
	return g*4/5 + rand.N(g*2/5)
}

func soonest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// backoff is the pause before the next connection to a server that could not be reached. It applies to all
// emails.
type backoff struct {
	length time.Duration
	until  time.Time
}

const (
	minBackoff = time.Second
	maxBackoff = 30 * time.Second
)

// longer returns the backoff after another failure at now: twice as long, within limits.
func (b backoff) longer(now time.Time) backoff {
	length := min(max(2*b.length, minBackoff), maxBackoff)
	return backoff{length: length, until: now.Add(length)}
}
