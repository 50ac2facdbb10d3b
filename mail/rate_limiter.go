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
	shops     map[string]*rate.Limiter // shops that have sent anything
}

// room returns how many emails of the shop may be sent now.
func (l *rateLimiter) room(shop string, now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter := l.shops[shop]
	if limiter == nil {
		return l.perMinute
	}
	return max(0, int(limiter.TokensAt(now)+0.001)) // a token may be a rounding error short
}

// spend counts an email that room allowed.
func (l *rateLimiter) spend(shop string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter := l.shops[shop]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Every(time.Minute)*rate.Limit(l.perMinute), l.perMinute)
		l.shops[shop] = limiter
	}
	limiter.ReserveN(now, 1)
}
