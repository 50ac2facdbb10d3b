package mail

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// rateLimiter limits how many emails of each shop are sent per minute.
type rateLimiter struct {
	perMinute int
	mu        sync.Mutex
	shops     map[string]*rate.Limiter
}

// room returns how many emails of the shop may be sent now.
func (l *rateLimiter) room(shop string, now time.Time) int {
	return max(0, int(l.of(shop).TokensAt(now)+0.001)) // a token may be a rounding error short
}

// spend counts an email that room allowed.
func (l *rateLimiter) spend(shop string, now time.Time) { l.of(shop).ReserveN(now, 1) }

// of returns the shop's limiter.
func (l *rateLimiter) of(shop string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter := l.shops[shop]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Every(time.Minute)*rate.Limit(l.perMinute), l.perMinute)
		l.shops[shop] = limiter
	}
	return limiter
}
