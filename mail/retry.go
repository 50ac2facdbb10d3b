package mail

import (
	"math/rand/v2"
	"time"
)

// SignIn is the kind of mail that is of no use a day later.
const SignIn = "sign_in"

// Life is how long an entry of the kind is tried: SignIn for a day, others for three.
func Life(kind string) time.Duration {
	if kind == SignIn {
		return 24 * time.Hour
	}
	return 3 * 24 * time.Hour
}

// gap is the time to wait after so many attempts. It grows, since what did not pass in minutes rarely
// passes in seconds, and it is drawn from four fifths to six fifths, so that many mails that failed
// together do not come back together.
func gap(attempts int) time.Duration {
	gaps := [...]time.Duration{
		10 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour,
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

// rest is the pause a server out of reach is given before the next connection, for all mails alike.
type rest struct {
	length time.Duration
	until  time.Time
}

const (
	firstRest = time.Second
	longRest  = 30 * time.Second
)

// grown is the rest after one more failure at now: twice the last one, within bounds.
func (r rest) grown(now time.Time) rest {
	length := min(max(2*r.length, firstRest), longRest)
	return rest{length: length, until: now.Add(length)}
}
