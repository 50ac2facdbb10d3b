package portal

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/ulule/limiter/v3"
	"github.com/ulule/limiter/v3/drivers/store/common"
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

// The limits of asking for a mail. The day's is counted when the mail is made, so that what the hour's
// refused does not use it up. An address gets no flood, and a part of its day is kept for browsers that
// signed in there before. A client is a family, an office or a mobile network behind one address, so its
// limits are wide.
const (
	asksAnHour   = 6
	asksADay     = 15
	reservedADay = 5
	asksOfClient = 600 // in clientPeriod
	// reserveOfClient is how many requests for one address of one client are looked at, an hour, beyond the
	// address's own limit: enough for those who share an address on the internet.
	reserveOfClient = 30
	codesOfClient   = 300 // wrong ones, in clientPeriod
	clientPeriod    = 15 * time.Minute
)

// bound is one limit and what counts against it.
type bound struct {
	key  string
	rate limiter.Rate
}

// bound makes a limit of a shop, or of the whole installation for "". What counts against it (an address, a
// client) stands in the key as a keyed hash, so that the store does not show who did what.
func (a *App) bound(shop, label string, rate limiter.Rate, of ...string) bound {
	return bound{key: cmp.Or(shop, installation) + "/" + label + "/" + a.secret.ID(shop, "limit "+label, of...), rate: rate}
}

// bound makes a limit of the customer, and of more that is given.
func (s Shopper) bound(label string, rate limiter.Rate, of ...string) bound {
	return s.app.bound(s.shop.ID, label, rate, append([]string{s.customer.ID}, of...)...)
}

// mailbox is an address as limits count it: without the tag behind a plus, and for Gmail without dots,
// since all those lead to one mailbox. Where they do not, people with such addresses share a limit.
func mailbox(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	if name, _, tagged := strings.Cut(local, "+"); tagged && name != "" {
		local = name
	}
	if domain == "gmail.com" || domain == "googlemail.com" {
		local, domain = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local + "@" + domain
}

// count counts one against each bound, all in one commit, and returns where they stand.
func (a *App) count(ctx context.Context, bounds []bound) ([]limiter.Context, error) {
	now := a.now()
	counts := make([]storage.Count, len(bounds))
	for i, b := range bounds {
		counts[i] = storage.Count{Key: b.key, By: 1, Expires: now.Add(b.rate.Period)}
	}
	tallies, err := a.engine.Increment(ctx, now, counts)
	if err != nil {
		return nil, fmt.Errorf("count: %w", err)
	}
	at := make([]limiter.Context, len(bounds))
	for i, b := range bounds {
		at[i] = common.GetContextFromState(now, b.rate, tallies[i].Expires, tallies[i].N)
	}
	return at, nil
}

// over counts one against each bound and reports which are passed.
func (a *App) over(ctx context.Context, bounds []bound) ([]bool, error) {
	at, err := a.count(ctx, bounds)
	passed := make([]bool, len(bounds))
	for i := range at {
		passed[i] = at[i].Reached
	}
	return passed, err
}

// asked is what the limits say of a request for a mail, which has passed the client's.
type asked struct {
	reserve   bool // too many for the address this hour: only a browser known there gets a mail
	throttled bool // too many for that, too: nothing is sent
}

// countAsk counts a request for a mail. Above the client's limit it is TooMany, whatever the address; that
// a client is above it is remembered, so that its further requests cost the store nothing and count against
// no address.
func (a *App) countAsk(ctx context.Context, shop, email string, b Browser) (asked, error) {
	client := a.bound(shop, "ask-client", limit(asksOfClient, clientPeriod), clientNetwork(b.IP))
	if until := a.blocked.until(client.key, a.now()); !until.IsZero() {
		return asked{}, tooManyAsks(until.Sub(a.now()))
	}
	at, err := a.count(ctx, []bound{
		client,
		a.bound(shop, "ask-hour", limit(asksAnHour, time.Hour), mailbox(email)),
		a.bound(shop, "ask-both", limit(reserveOfClient, time.Hour), mailbox(email), clientNetwork(b.IP)),
	})
	if err != nil {
		return asked{}, err
	}
	if at[0].Reached {
		until := time.Unix(at[0].Reset, 0)
		a.blocked.add(client.key, until, a.now())
		return asked{}, tooManyAsks(until.Sub(a.now()))
	}
	return asked{reserve: at[1].Reached, throttled: at[1].Reached && at[2].Reached}, nil
}

func tooManyAsks(wait time.Duration) error {
	return &Error{Kind: TooMany, Key: "sign_in.too_many", RetryAfter: wait}
}

// blockList remembers which clients are above a limit, and until when. It is only a short cut: what it does
// not know, the store's counters do.
type blockList struct {
	mu   sync.Mutex
	ends map[string]time.Time // by the limit's key
}

const maxBlocked = 10_000 // about 1 MB

// until is when a client's block ends; zero for one that is not known to be blocked.
func (l *blockList) until(key string, now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.ends[key]; now.Before(until) {
		return until
	}
	return time.Time{}
}

func (l *blockList) add(key string, until, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ends == nil || len(l.ends) >= maxBlocked {
		maps.DeleteFunc(l.ends, func(_ string, until time.Time) bool { return !now.Before(until) })
		if l.ends == nil {
			l.ends = map[string]time.Time{}
		}
	}
	if len(l.ends) < maxBlocked {
		l.ends[key] = until
	}
}

// clientNetwork is what one client has: an IPv4 address, or an IPv6 /64, which one household has. "" stands
// for all whose address is not known.
func clientNetwork(client netip.Addr) string {
	bits := 64
	if client = client.Unmap(); client.Is4() {
		bits = 32
	}
	prefix, err := client.Prefix(bits)
	if err != nil || !prefix.IsValid() {
		return ""
	}
	return prefix.String()
}

// codeBound is what a client's wrong codes count against.
func (v Visitor) codeBound() bound {
	return v.app.bound(v.shop.ID, "code-client", limit(codesOfClient, clientPeriod), clientNetwork(v.browser.IP))
}

func limit(most int64, period time.Duration) limiter.Rate {
	return limiter.Rate{Limit: most, Period: period}
}

func newLimiter(a *App, rate limiter.Rate) *limiter.Limiter {
	return limiter.New(counters{a.engine, a.now}, rate)
}
