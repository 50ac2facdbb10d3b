package mail

import (
	"sync"
	"time"
)

// pace limits how many emails of each shop are sent per minute.
type pace struct {
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
func (p *pace) room(shop string, now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.shops[shop]
	if since := now.Sub(b.at); since > 0 {
		b = bucket{spent: max(0, b.spent-since.Minutes()*float64(p.perMinute)), at: now}
	}
	if b.spent == 0 {
		delete(p.shops, shop)
		return p.perMinute
	}
	p.shops[shop] = b
	return max(0, p.perMinute-int(b.spent+0.999))
}

// spend counts an email that room allowed.
func (p *pace) spend(shop string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, begun := p.shops[shop]
	if !begun {
		b.at = now
	}
	b.spent++
	p.shops[shop] = b
}
