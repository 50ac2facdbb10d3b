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
	"postern/portal/credential"
	"postern/portal/shop"
	"postern/storage/sqlite"
	"postern/templates/i18n"
)

// ledger records what the clients of the server know: what they sent and what was acknowledged.
type ledger struct {
	dir, key string
	sink     *sink
	round    int
	killedAt time.Time
	buyers   []*buyer // in this round

	mu     sync.Mutex
	all    map[string]*buyer // by address
	stored []delivery        // acknowledged in this round

	clicks     chan struct{} // closed when clicksLeft clicks have begun
	clicksLeft int
}

// delivery is an order as it is sent.
type delivery struct{ number, document string }

// buyer is a customer who uses one of the emailed links, in one browser or two.
type buyer struct {
	email, client string
	browsers      []string // the first one makes the requests

	mu       sync.Mutex
	asked    int      // acknowledged requests for a link
	token    string   // token of the link that is used
	clicks   []*click // clicks since the last inspection
	sessions []string // session cookies received
	saved    []string // first lines of acknowledged addresses
	cut      int      // clicks that a kill left unanswered
}

// click is one press of the button on a link's page.
type click struct {
	browser string
	status  int    // 0 if the kill left it unanswered
	session string // the session cookie it received
}

func openLedger(t *testing.T) *ledger {
	t.Helper()
	dir := shopStore(t)
	key := strings.TrimSpace(call(t, nil, "apikey", "create", "--store", dir, "--name", "crash").out)
	return &ledger{dir: dir, key: key, sink: openSink(t), all: map[string]*buyer{}}
}

const buyersARound = 12

// begin creates the round's buyers, each with an order and an emailed link.
func (b *ledger) begin(t *testing.T, round int) {
	t.Helper()
	b.round, b.buyers, b.stored = round, nil, nil
	var file []delivery
	for i := range buyersARound {
		p := &buyer{
			email:    fmt.Sprintf("r%dp%d@example.com", round, i),
			client:   fmt.Sprintf("10.%d.%d.%d", round/200, round%200, i),
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
		if _, err := f.visitor(p, p.browsers[0]).RequestLink(t.Context(), p.email, "", "en"); err != nil {
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

// newDelivery returns an order of one of the round's buyers, in one of two months.
func (b *ledger) newDelivery(number string, n int) delivery {
	return delivery{number, fmt.Sprintf(`{"number":%q,"email":%q,"placed_at":"2026-0%d-05T14:05:00Z","updated_at":"2026-03-05T14:05:00Z",`+
		`"currency":"EUR","total":"12.50"}`, number, b.buyers[n%len(b.buyers)].email, 1+n%2)}
}

// imported runs the import command and reports whether it confirmed that everything is stored.
func (b *ledger) imported(file []delivery) bool {
	var text, said bytes.Buffer
	for _, d := range file {
		text.WriteString(d.document + "\n")
	}
	status := run(context.Background(), []string{"import", "orders", "-", "--store", b.dir},
		environment{stdin: &text, stdout: &said, stderr: &said})
	return status == exitOK
}

func (b *ledger) acknowledge(list ...delivery) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stored = append(b.stored, list...)
}

func (b *ledger) buyer(email string) *buyer { return b.all[email] }

// choose selects the link that the buyer uses, and reports false if another one is already selected.
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

// found is the store as it was found after a kill, with an app over it.
type found struct {
	*testing.T
	engine *sqlite.Store
	app    *portal.App
	shop   shop.Shop
}

// open opens the store with a stopped clock.
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

// leaseOver is the time after which every email that the killed server was sending can be sent again.
const leaseOver = 3 * time.Minute

// send sends everything that is waiting in the outbox.
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
		Engine: f.engine, Shops: shopIDs(f.app),
		Compose: f.app.Worker().Composer(catalogue, renderer), Sender: to,
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

// work runs all pending jobs.
func (f found) work() {
	f.Helper()
	for done := 1; done > 0; {
		var err error
		if done, err = f.app.Worker().RunOnce(f.Context()); err != nil {
			f.Fatalf("work: %v", err)
		}
	}
}

// visitor returns one of a buyer's browsers, or a stranger's if secret is empty.
func (f found) visitor(p *buyer, secret string) portal.Visitor {
	return f.app.Visitor(f.shop, credential.Browser{Secret: secret, IP: netip.MustParseAddr(p.client)})
}
