package portal

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"postern/storage"
)

// limit allows so many mails within a period.
type limit struct {
	key    string
	most   int64
	period time.Duration
}

// askLimits are what one request for a mail counts against: the address, which gets no flood of mails, and the client, with
// room for a family or an office behind one address (IPv6: a /64, which one household has).
func askLimits(email string, client netip.Addr) []limit {
	limits := []limit{
		{key: "ask-hour/" + hashOf(email), most: 6, period: time.Hour},
		{key: "ask-day/" + hashOf(email), most: 20, period: 24 * time.Hour},
	}
	bits := 64
	if client = client.Unmap(); client.Is4() {
		bits = 32
	}
	if prefix, err := client.Prefix(bits); err == nil {
		limits = append(limits, limit{key: "ask-client/" + prefix.String(), most: 600, period: 15 * time.Minute})
	}
	return limits
}

// countAsk counts a request for a mail in one round to the store and reports whether it is over a limit. Being over one
// only stops the new mail; links that were sent before keep working.
func (a *App) countAsk(ctx context.Context, shop, email string, b Browser) (throttled bool, err error) {
	now := a.now()
	limits := askLimits(email, b.IP)
	counts := make([]storage.Count, len(limits))
	for i, l := range limits {
		counts[i] = storage.Count{Key: shop + "/" + l.key, By: 1, Expires: now.Add(l.period)}
	}
	tallies, err := a.engine.Increment(ctx, now, counts)
	if err != nil {
		return false, fmt.Errorf("count a request for a mail: %w", err)
	}
	for i, tally := range tallies {
		throttled = throttled || tally.N > limits[i].most
	}
	return throttled, nil
}
