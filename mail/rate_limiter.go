package mail

import (
	"sync"
	"time"
)

// rateLimiter limits how many emails of each shop are sent per minute.
type rateLimiter struct {
	perMinute int
	mu        sync.Mutex
	shops     map[string]bucket // shops that have spent anything
}

// bucket is the part of its rate that a shop has spent. It decreases over time.
type bucket struct {
	spent float64
	at    time.Time
}

// room returns how many emails of the shop may be sent now.
func (l *rateLimiter) room(shop string, now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.shops[shop]
	if since := now.Sub(b.at); since > 0 {
		b = bucket{spent: max(0, b.spent-since.Minutes()*float64(l.perMinute)), at: now}
	}
	if b.spent == 0 {
		delete(l.shops, shop)
		return l.perMinute
	}
	l.shops[shop] = b
	return max(0, l.perMinute-int(b.spent+0.999))
}

// spend counts an email that room allowed.
func (l *rateLimiter) spend(shop string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, begun := l.shops[shop]
	if !begun {
		b.at = now
	}
	b.spent++
	l.shops[shop] = b
}
