package portal

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/common"
	"golang.org/x/sync/errgroup"

	"postern/storage"
)

// counters is a limiter.Store over the product's own store, so that limits are exact across processes.
type counters struct {
	engine storage.Engine
	now    func() time.Time
}

// Get counts one and returns where the limit stands.
func (c counters) Get(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	return c.Increment(ctx, key, 1, rate)
}

// Peek returns where the limit stands.
func (c counters) Peek(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	return c.Increment(ctx, key, 0, rate)
}

// Reset takes everything back that was counted. What others count meanwhile stays.
func (c counters) Reset(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	at, err := c.Peek(ctx, key, rate)
	if err != nil {
		return at, err
	}
	return c.Increment(ctx, key, at.Remaining-rate.Limit, rate)
}

// Increment counts.
func (c counters) Increment(ctx context.Context, key string, count int64, rate limiter.Rate) (limiter.Context, error) {
	now := c.now()
	tallies, err := c.engine.Increment(ctx, now, []storage.Count{{Key: key, By: count, Expires: now.Add(rate.Period)}})
	if err != nil {
		return limiter.Context{}, fmt.Errorf("count: %w", err)
	}
	return common.GetContextFromState(now, rate, tallies[0].Expires, tallies[0].N), nil
}

// The limits of asking for a mail. An address gets no flood; a client is a family, an office or a mobile network behind one
// address, so its limit is wide (an IPv6 client is a /64, which one household has).
const (
	asksAnHour   = 6
	asksADay     = 20
	asksOfClient = 600 // in askClientFor
	askClientFor = 15 * time.Minute
)

// askLimit is one limit and what counts against it.
type askLimit struct {
	key  string
	rate limiter.Rate
}

func askLimits(shop, email string, client netip.Addr) []askLimit {
	address := hashOf(email)
	limits := []askLimit{
		{shop + "/ask-hour/" + address, limiter.Rate{Limit: asksAnHour, Period: time.Hour}},
		{shop + "/ask-day/" + address, limiter.Rate{Limit: asksADay, Period: 24 * time.Hour}},
	}
	if network := clientNetwork(client); network != "" {
		limits = append(limits, askLimit{shop + "/ask-client/" + network, limiter.Rate{Limit: asksOfClient, Period: askClientFor}})
	}
	return limits
}

// clientNetwork is what one client has: an IPv4 address, or an IPv6 /64.
func clientNetwork(client netip.Addr) string {
	bits := 64
	if client = client.Unmap(); client.Is4() {
		bits = 32
	}
	prefix, err := client.Prefix(bits)
	if err != nil {
		return ""
	}
	return prefix.String()
}

// countAsk counts a request for a mail and reports whether it is over a limit. Being over one only stops the new mail;
// links that were sent before keep working.
func (a *App) countAsk(ctx context.Context, shop, email string, b Browser) (throttled bool, err error) {
	limits := askLimits(shop, email, b.IP)
	over := make([]bool, len(limits))
	group, ctx := errgroup.WithContext(ctx) // counted at once, the writes share one commit
	for i, l := range limits {
		group.Go(func() error {
			at, err := limiter.New(counters{a.engine, a.now}, l.rate).Get(ctx, l.key)
			over[i] = at.Reached
			return err
		})
	}
	err = group.Wait()
	for _, reached := range over {
		throttled = throttled || reached
	}
	return throttled, err
}
