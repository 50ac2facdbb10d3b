package portal

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"strings"
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

// The limits of asking for a mail. The day's is counted when the mail is made, so that what the hour's refused does not use
// it up. An address gets no flood, and a part of its day is kept for browsers that signed in
// there before. A client is a family, an office or a mobile network behind one address, so its limits are wide.
const (
	asksAnHour    = 6
	asksADay      = 15
	reservedADay  = 5
	asksOfClient  = 600 // in clientPeriod
	codesOfClient = 300 // wrong ones, in clientPeriod
	clientPeriod  = 15 * time.Minute
)

// bound is one limit and what counts against it.
type bound struct {
	key  string
	rate limiter.Rate
}

// bound makes a limit of a shop, or of the whole installation for "". What counts against it (an address, a client) stands in the
// key as a keyed hash, so that the store does not show who did what.
func (a *App) bound(shop, label string, rate limiter.Rate, of ...string) bound {
	return bound{key: cmp.Or(shop, installation) + "/" + label + "/" + a.secret.ID(shop, "limit "+label, of...), rate: rate}
}

// bound makes a limit of the customer, and of more that is given.
func (s Shopper) bound(label string, rate limiter.Rate, of ...string) bound {
	return s.app.bound(s.shop.ID, label, rate, append([]string{s.customer.ID}, of...)...)
}

// mailbox is an address as limits count it: without the tag behind a plus, and for Gmail without dots, since all those lead
// to one mailbox. Where they do not, people with such addresses share a limit.
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

// over counts one against each bound, all at once so that the writes share a commit, and reports which are passed.
func (a *App) over(ctx context.Context, bounds []bound) ([]bool, error) {
	passed := make([]bool, len(bounds))
	group, ctx := errgroup.WithContext(ctx)
	for i, b := range bounds {
		group.Go(func() error {
			at, err := newLimiter(a, b.rate).Get(ctx, b.key)
			passed[i] = at.Reached
			return err
		})
	}
	return passed, group.Wait()
}

// asked is what the limits say of a request for a mail.
type asked struct {
	tooMany bool // by the client: nothing is sent
	reserve bool // for the address this hour: only a browser known there gets a mail
}

// countAsk counts a request for a mail. Being over a limit only stops the new mail; links sent before keep working.
func (a *App) countAsk(ctx context.Context, shop, email string, b Browser) (asked, error) {
	passed, err := a.over(ctx, []bound{
		a.bound(shop, "ask-hour", limit(asksAnHour, time.Hour), mailbox(email)),
		a.bound(shop, "ask-client", limit(asksOfClient, clientPeriod), clientNetwork(b.IP)),
	})
	return asked{reserve: passed[0], tooMany: passed[1]}, err
}

// clientNetwork is what one client has: an IPv4 address, or an IPv6 /64, which one household has. "" stands for all whose
// address is not known.
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
func (v Visitor) codeBound() (limiter *limiter.Limiter, key string) {
	b := v.app.bound(v.shop.ID, "code-client", limit(codesOfClient, clientPeriod), clientNetwork(v.browser.IP))
	return newLimiter(v.app, b.rate), b.key
}

func limit(most int64, period time.Duration) limiter.Rate {
	return limiter.Rate{Limit: most, Period: period}
}

func newLimiter(a *App, rate limiter.Rate) *limiter.Limiter {
	return limiter.New(counters{a.engine, a.now}, rate)
}
