package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"
)

// crashRounds is how often the server is killed; PORTAL_TEST_FULL=1 gives the full count.
func crashRounds() int {
	if os.Getenv("PORTAL_TEST_FULL") != "" {
		return 100
	}
	return 3
}

// death says when a server is killed: after life, or earlier, shortly after a number of clicks on links, or
// when the mail server has received a number of emails without answering.
type death struct {
	life   time.Duration
	clicks int // 0 to ignore clicks
	after  time.Duration
	mails  int // 0 to ignore emails
}

// newDeath uses the three kinds in turn.
func newDeath(round int, random *rand.Rand) death {
	end := death{life: 500*time.Millisecond + time.Duration(random.Int64N(int64(1300*time.Millisecond)))}
	switch round % 3 {
	case 0:
		end.mails, end.life = 1+random.IntN(4), patience
	case 1:
		end.clicks, end.after = 1+random.IntN(buyersARound), time.Duration(random.Int64N(int64(10*time.Millisecond)))
	}
	return end
}

// TestServerIsKilled kills the server at random moments under mixed load and checks the result: nothing
// acknowledged is lost, no link is used up without signing in, none signs in twice, and every emailed link
// works.
func TestServerIsKilled(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	book := openLedger(t)
	for round := range crashRounds() {
		book.begin(t, round)
		end := newDeath(round, random)
		book.load(startChild(t, book.dir, book.sink.address), end)
		book.inspect(t)
		if t.Failed() {
			t.Fatalf("round %d, killed at %+v", round, end)
		}
	}
	book.inspectAll(t)
}

// load uses the server in every way until it is killed, and records in the ledger what was acknowledged.
func (b *ledger) load(c *child, end death) {
	b.clicks, b.clicksLeft = make(chan struct{}), end.clicks
	b.sink.hold(end.mails)
	defer b.sink.release()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var hands sync.WaitGroup
	for hand, act := range []func(context.Context, *child, int){b.put, b.put, b.importFiles, b.ask, b.ask,
		b.redeem, b.redeem, b.redeem} {
		hands.Go(func() { act(ctx, c, hand) })
	}
	over := time.NewTimer(end.life)
	defer over.Stop()
	select {
	case <-over.C:
	case <-b.clicks:
		over.Reset(end.after)
		<-over.C
	case <-b.sink.held:
	}
	c.process.Process.Kill()
	b.killedAt = time.Now()
	stop()
	hands.Wait()
	c.kill()
}

// put sends orders of the round's buyers to the API.
func (b *ledger) put(ctx context.Context, c *child, hand int) {
	for n := 0; ctx.Err() == nil; n++ {
		d := b.newDelivery(fmt.Sprintf("%d-%d-%d", b.round, hand, n), n)
		if status := c.put(ctx, b.key, d); status == http.StatusCreated || status == http.StatusOK {
			b.acknowledge(d)
		}
	}
}

// importFiles imports orders while the server runs, as another process does.
func (b *ledger) importFiles(ctx context.Context, _ *child, hand int) {
	const lines = 20
	for n := 0; ctx.Err() == nil; n++ {
		var file []delivery
		for i := range lines {
			file = append(file, b.newDelivery(fmt.Sprintf("%d-%d-%d-%d", b.round, hand, n, i), i))
		}
		if b.imported(file) {
			b.acknowledge(file...)
		}
	}
}

// ask requests another link for each of the round's buyers.
func (b *ledger) ask(ctx context.Context, c *child, _ int) {
	for _, p := range b.buyers {
		if ctx.Err() != nil {
			return
		}
		if c.post(ctx, "/sign-in", visit{browser: p.browsers[0], client: p.client}, "email",
			p.email).status == http.StatusSeeOther {
			p.change(func() { p.asked++ })
		}
	}
}

// redeem uses the first link emailed to each buyer, sometimes in two browsers at once, and then saves
// addresses.
func (b *ledger) redeem(ctx context.Context, c *child, _ int) {
	for {
		m, ok := b.sink.next(ctx)
		if !ok {
			return
		}
		p := b.buyer(m.to)
		if ctx.Err() != nil || !p.choose(m.token) {
			continue
		}
		var clicks sync.WaitGroup
		for _, browser := range p.browsers[:1+int(m.token[40]%2)] {
			clicks.Go(func() { b.click(ctx, c, p, browser) })
		}
		clicks.Wait()
		b.saveAddresses(ctx, c, p)
	}
}

func (b *ledger) click(ctx context.Context, c *child, p *buyer, browser string) {
	at := &click{browser: browser}
	p.change(func() { p.clicks = append(p.clicks, at) })
	b.countClick()
	got := c.post(ctx, "/sign-in/link", visit{browser: browser, client: p.client}, "token", p.token)
	p.change(func() {
		at.status = got.status
		if got.status == http.StatusSeeOther && got.session != "" {
			at.session = got.session
			p.sessions = append(p.sessions, got.session)
		}
	})
}

// countClick signals load when the last click it waits for starts.
func (b *ledger) countClick() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.clicksLeft--; b.clicksLeft == 0 {
		close(b.clicks)
	}
}

// saveAddresses adds several addresses in turn, each of which rewrites the customer's document.
func (b *ledger) saveAddresses(ctx context.Context, c *child, p *buyer) {
	for n := 0; n < 3 && len(p.sessions) > 0; n++ {
		line := fmt.Sprintf("Hlavná %d", n+1)
		got := c.post(ctx, "/addresses/new",
			visit{browser: p.browsers[0], session: p.sessions[0], client: p.client},
			"first_name", "Jana", "last_name", "Nová", "line1", line, "city", "Bratislava", "postal_code",
			"811 01", "country", "SK")
		if got.status == http.StatusSeeOther {
			p.change(func() { p.saved = append(p.saved, line) })
		}
	}
}
