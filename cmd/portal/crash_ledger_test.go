package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/storage/sqlite"
	"postern/templates/i18n"
)

// ledger is what the clients of the server know: what they sent, and what was acknowledged.
type ledger struct {
	dir, key string
	sink     *sink
	round    int
	killedAt time.Time
	buyers   []*buyer // of the round

	mu     sync.Mutex
	all    map[string]*buyer // by address
	stored []delivery        // acknowledged in this round

	clicks     chan struct{} // closed when clicksLeft clicks have begun
	clicksLeft int
}

// delivery is an order as it is sent.
type delivery struct{ number, document string }

// buyer is a customer. One of the links they are mailed is used, in one browser or two.
type buyer struct {
	email, client string
	browsers      []string // the first is the one that asks

	mu       sync.Mutex
	asked    int      // requests for a link that were acknowledged
	token    string   // the link that is used
	clicks   []*click // on its button, since the last inspection
	sessions []string // cookies that were handed out
	saved    []string // first lines of addresses, acknowledged
	cut      int      // clicks that a kill left without an answer
}

// click is one press of the button of a link's page.
type click struct {
	browser string
	status  int    // 0 when the kill left it without an answer
	session string // the cookie it was given
}

func openLedger(t *testing.T) *ledger {
	t.Helper()
	dir := shopStore(t)
	key := strings.TrimSpace(call(t, nil, "apikey", "create", "--store", dir, "--name", "crash").out)
	return &ledger{dir: dir, key: key, sink: openSink(t), all: map[string]*buyer{}}
}

const buyersARound = 12

// begin makes the round's buyers, who have an order each and were mailed a link.
func (b *ledger) begin(t *testing.T, round int) {
	t.Helper()
	b.round, b.buyers, b.stored = round, nil, nil
	var file []delivery
	for i := range buyersARound {
		p := &buyer{
			email: fmt.Sprintf("r%dp%d@example.com", round, i), client: fmt.Sprintf("10.%d.%d.%d", round/200, round%200, i),
			browsers: []string{newBrowserSecret(), newBrowserSecret()},
		}
		b.buyers, b.all[p.email] = append(b.buyers, p), p
		file = append(file, b.newDelivery(fmt.Sprintf("%d-first-%d", round, i), i))
	}
	if !b.imported(file) {
		t.Fatalf("round %d: the first orders are refused", round)
	}
	b.acknowledge(file...)
	now := time.Now()
	f := b.open(t, now)
	defer f.close()
	for _, p := range b.buyers {
		if _, err := f.visitor(p, p.browsers[0]).Ask(t.Context(), p.email, "", "en"); err != nil {
			t.Fatal(err)
		}
		p.asked++
	}
	f.send(b.sink, now)
}

func newBrowserSecret() string {
	secret := make([]byte, 32)
	rand.Read(secret)
	return base64.RawURLEncoding.EncodeToString(secret)
}

// newDelivery is an order of one of the round's buyers, in one of two months.
func (b *ledger) newDelivery(number string, n int) delivery {
	return delivery{number, fmt.Sprintf(`{"number":%q,"email":%q,"placed_at":"2026-0%d-05T14:05:00Z","updated_at":"2026-03-05T14:05:00Z",`+
		`"currency":"EUR","total":"12.50"}`, number, b.buyers[n%len(b.buyers)].email, 1+n%2)}
}

// imported runs the command that imports, and reports whether it told that all is stored.
func (b *ledger) imported(file []delivery) bool {
	var text, said bytes.Buffer
	for _, d := range file {
		text.WriteString(d.document + "\n")
	}
	status := run(context.Background(), []string{"import", "orders", "-", "--store", b.dir}, world{stdin: &text, stdout: &said, stderr: &said})
	return status == exitOK
}

func (b *ledger) acknowledge(list ...delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stored = append(b.stored, list...)
}

func (b *ledger) buyer(email string) *buyer { return b.all[email] }

// choose makes a link the one that is used; false when another is.
func (p *buyer) choose(token string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.token == "" {
		p.token = token
	}
	return p.token == token
}

func (p *buyer) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// found is the store as it was found after a kill, with the product over it.
type found struct {
	*testing.T
	engine *sqlite.Store
	app    *portal.App
	shop   portal.Shop
}

// open opens the store with a clock that stands.
func (b *ledger) open(t *testing.T, now time.Time) found {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), b.dir, portal.Collections()...)
	if err != nil {
		t.Fatalf("the store does not open: %v", err)
	}
	app := portal.New(engine, ringOf(t, b.dir), portal.WithClock(func() time.Time { return now }))
	shops, err := app.Shops(t.Context())
	if err != nil || len(shops) != 1 {
		t.Fatalf("%d shops, %v", len(shops), err)
	}
	return found{T: t, engine: engine, app: app, shop: shops[0]}
}

func (f found) close() {
	if err := f.engine.Close(); err != nil {
		f.Errorf("close the store: %v", err)
	}
}

// leaseOver is when every mail that the killed server had in hand is free again.
const leaseOver = 3 * time.Minute

// send hands over everything that waits in the outbox.
func (f found) send(to *sink, now time.Time) {
	f.Helper()
	catalogue, err := i18n.Load()
	if err != nil {
		f.Fatal(err)
	}
	renderer, err := mail.LoadRenderer()
	if err != nil {
		f.Fatal(err)
	}
	dispatcher := &mail.Dispatcher{
		Engine: f.engine, Shops: shopIDs(f.app), Compose: f.app.Worker().Composer(catalogue, renderer), Sender: to,
		Now: func() time.Time { return now },
	}
	for sent := 1; sent > 0; {
		if sent, err = dispatcher.Once(f.Context()); err != nil {
			f.Fatalf("send what was left: %v", err)
		}
	}
	left, err := mail.NewOutbox(f.engine, f.shop.ID).List(f.Context(), mail.Waiting, "", 10)
	if err != nil || len(left.Hits) > 0 {
		f.Errorf("%d mails still wait, %v", len(left.Hits), err)
	}
}

// work lets the worker do all that documents ask for.
func (f found) work() {
	f.Helper()
	for done := 1; done > 0; {
		var err error
		if done, err = f.app.Worker().Once(f.Context()); err != nil {
			f.Fatalf("work: %v", err)
		}
	}
}

// visitor is one of a buyer's browsers, or with an empty secret a stranger's.
func (f found) visitor(p *buyer, secret string) portal.Visitor {
	return f.app.Visitor(f.shop, portal.Browser{Secret: secret, IP: netip.MustParseAddr(p.client)})
}
