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

	"postern/portal/credential"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// counters is a limiter.Store on top of Postern's storage, so that limits are exact across processes.
type counters struct {
	engine storage.Engine
	now    func() time.Time
}

// Get counts one and returns the state of the limit.
func (c counters) Get(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	return c.Increment(ctx, key, 1, rate)
}

// Peek returns the state of the limit.
func (c counters) Peek(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	return c.Increment(ctx, key, 0, rate)
}

// Reset subtracts everything counted so far. Counts that others add at the same time are kept.
func (c counters) Reset(ctx context.Context, key string, rate limiter.Rate) (limiter.Context, error) {
	at, err := c.Peek(ctx, key, rate)
	if err != nil {
		return at, err
	}
	return c.Increment(ctx, key, at.Remaining-rate.Limit, rate)
}

// Increment adds count and returns the state of the limit.
func (c counters) Increment(ctx context.Context, key string, count int64,
	rate limiter.Rate) (limiter.Context, error) {
	now := c.now()
	tallies, err := c.engine.Increment(ctx,
		now, []storage.Count{{Key: key, By: count, Expires: now.Add(rate.Period)}})
	if err != nil {
		return limiter.Context{}, fmt.Errorf("count: %w", err)
	}
	return common.GetContextFromState(now, rate, tallies[0].Expires, tallies[0].N), nil
}

// The limits on requests for an email. The daily limit is counted when the email is composed, so that
// requests refused by the hourly limit do not use it up. An address cannot be flooded, and part of its
// daily limit is reserved for browsers that have signed in there before. A client may be a family, an
// office or a mobile network behind one IP address, so its limits are generous.
const (
	requestsAnHour   = 6
	requestsADay     = 15
	reservedADay     = 5
	requestsOfClient = 600 // per clientPeriod
	// reserveOfClient is how many requests per hour from one client for one address are still considered
	// once the address is over its own limit: enough for people who share an IP address.
	reserveOfClient = 30
	codesOfClient   = 300 // wrong codes per clientPeriod
	clientPeriod    = 15 * time.Minute
)

// subjectLimit is a limit together with the subject that it counts.
type subjectLimit struct {
	key  string
	rate limiter.Rate
}

// limitOf returns a limit of a shop, or of the whole installation for "". Its subject (an address, a client)
// is part of the key as a keyed hash, so that the store does not reveal who did what.
func (a *App) limitOf(sh, label string, rate limiter.Rate, of ...string) subjectLimit {
	return subjectLimit{key: cmp.Or(sh, shop.Installation) + "/" + label + "/" + a.secret.ID(sh,
		"limit "+label, of...), rate: rate}
}

// limitOf returns a limit of the customer, narrowed by the further values in of.
func (s Shopper) limitOf(label string, rate limiter.Rate, of ...string) subjectLimit {
	return s.app.limitOf(s.shop.ID, label, rate, append([]string{s.customer.ID}, of...)...)
}

// mailbox normalises an email for limits: it removes the tag after a plus and, for Gmail, the dots, because
// all such spellings reach one mailbox. Where they do not, people with such addresses share a limit.
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

// count adds one to each bound, all in one commit, and returns their states.
func (a *App) count(ctx context.Context, bounds []subjectLimit) ([]limiter.Context, error) {
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

// exceeded adds one to each bound and reports which are exceeded.
func (a *App) exceeded(ctx context.Context, bounds []subjectLimit) ([]bool, error) {
	at, err := a.count(ctx, bounds)
	passed := make([]bool, len(bounds))
	for i := range at {
		passed[i] = at[i].Reached
	}
	return passed, err
}

// linkLimits is the limits' verdict on a request for an email that is within the client's limit.
type linkLimits struct {
	reserve   bool // over the address's hourly limit: only a known browser gets an email
	throttled bool // over reserveOfClient as well: nothing is sent
}

// countLinkRequest counts a request for an email. Over the client's limit it is validate.TooMany, whatever
// the address. The client is then remembered, so that its further requests cost the store nothing and count
// against no address. label begins the labels of the limits.
func (a *App) countLinkRequest(ctx context.Context, shop, label, email string,
	b credential.Browser) (linkLimits, error) {
	client := a.limitOf(shop, label+"-client", limit(requestsOfClient, clientPeriod), clientNetwork(b.IP))
	if until := a.blocked.until(client.key, a.now()); !until.IsZero() {
		return linkLimits{}, tooManyRequests(until.Sub(a.now()))
	}
	at, err := a.count(ctx, []subjectLimit{
		client,
		a.limitOf(shop, label+"-hour", limit(requestsAnHour, time.Hour), mailbox(email)),
		a.limitOf(shop, label+"-reserve", limit(reserveOfClient, time.Hour), mailbox(email), clientNetwork(b.IP)),
	})
	if err != nil {
		return linkLimits{}, err
	}
	if at[0].Reached {
		until := time.Unix(at[0].Reset, 0)
		a.blocked.add(client.key, until, a.now())
		return linkLimits{}, tooManyRequests(until.Sub(a.now()))
	}
	return linkLimits{reserve: at[1].Reached, throttled: at[1].Reached && at[2].Reached}, nil
}

func tooManyRequests(wait time.Duration) error {
	return &validate.Error{Kind: validate.TooMany, Key: "sign_in.too_many", RetryAfter: wait}
}

// blockList remembers which clients are over a limit, and until when. It only saves work: the store's
// counters decide about any client that it does not know.
type blockList struct {
	mu   sync.Mutex
	ends map[string]time.Time // by the key of the limit
}

const maxBlocked = 10_000 // about 1 MB

// until returns the time when a client's block ends, or zero if the client is not known to be blocked.
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

// clientNetwork returns the network of one client: an IPv4 address, or an IPv6 /64, as one household
// usually has. All clients without a known address share "".
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

// codeLimit is the limit on a client's wrong codes.
func (v Visitor) codeLimit() subjectLimit {
	return v.app.limitOf(v.shop.ID, "code-client", limit(codesOfClient, clientPeriod),
		clientNetwork(v.browser.IP))
}

func limit(most int64, period time.Duration) limiter.Rate {
	return limiter.Rate{Limit: most, Period: period}
}

func newLimiter(a *App, rate limiter.Rate) *limiter.Limiter {
	return limiter.New(counters{a.engine, a.now}, rate)
}
