package mail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"postern/storage"
	"postern/storage/storagetest"
)

var start = time.Date(2026, 11, 3, 14, 5, 0, 0, time.UTC)

// post is a fake mail server: each Send takes the next of the given answers, and the last one repeats.
type post struct {
	mu          sync.Mutex
	closed      error // returned by Connect
	answers     []error
	sent        []Message
	connections int
	most, open  int // connections at a time; a most of 0 allows any number
	refused     func()
	during      func(ctx context.Context, m Message)
}

func (p *post) Connect(context.Context) (Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed != nil {
		return nil, p.closed
	}
	if p.most > 0 && p.open == p.most {
		if p.refused != nil {
			p.refused()
		}
		return nil, errors.New("too many connections")
	}
	p.open++
	p.connections++
	return p, nil
}

func (p *post) Send(ctx context.Context, m Message) error {
	if p.during != nil {
		p.during(ctx, m)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var answer error
	if len(p.answers) > 0 {
		answer = p.answers[0]
	}
	if len(p.answers) > 1 {
		p.answers = p.answers[1:]
	}
	if answer == nil {
		p.sent = append(p.sent, m)
	}
	return answer
}

func (p *post) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open--
	return nil
}

// bench is a dispatcher over a new store, with a separate clock.
type bench struct {
	*Dispatcher
	t     *testing.T
	mu    sync.Mutex
	clock *storagetest.Clock
	post  *post
	log   *bytes.Buffer
	saw   []Entry // entries the Composer got
	fails error   // error the Composer returns
	shops []string
}

func newBench(t *testing.T, shops ...string) *bench {
	t.Helper()
	b := &bench{t: t, clock: storagetest.NewClock(start), post: &post{}, log: &bytes.Buffer{}, shops: shops}
	b.Dispatcher = &Dispatcher{
		Engine:  storagetest.Open(t, Collection()),
		Shops:   func(context.Context) ([]string, error) { return b.shops, nil },
		Compose: b.compose, Sender: b.post,
		Conns: 1, // makes the order of sending predictable
		Now:   b.clock.Now,
		Log:   slog.New(slog.NewTextHandler(b.log, nil)),
	}
	return b
}

func (b *bench) compose(_ context.Context, shop, _ string, e Entry) (Message, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.saw = append(b.saw, e)
	return Message{From: "shop@" + shop + ".example", To: e.To, Text: "secret-body"}, b.fails
}

func (b *bench) box(shop string) Outbox {
	o := NewOutbox(b.Engine, shop)
	o.Now = func() time.Time { return b.clock.Now() }
	return o
}

func (b *bench) add(shop string, e Entry) string {
	b.t.Helper()
	if e.To == "" {
		e.To = "jana@kunde.example"
	}
	id, err := b.box(shop).Add(b.t.Context(), e)
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *bench) entry(shop, id string) Entry {
	b.t.Helper()
	e, err := b.box(shop).Get(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// cycle runs Once, which may fail only if the server is unreachable.
func (b *bench) cycle() int {
	b.t.Helper()
	sent, err := b.Once(b.t.Context())
	if err != nil && b.post.closed == nil {
		b.t.Fatal(err)
	}
	return sent
}

func (b *bench) list(shop, state string) []storage.Hit[Entry] {
	b.t.Helper()
	page, err := b.box(shop).List(b.t.Context(), state, "", 100)
	if err != nil {
		b.t.Fatal(err)
	}
	return page.Hits
}

func refusal(code int) *Failure {
	return &Failure{Temporary: code < 500, Reason: fmt.Sprintf("%d no, jana@kunde.example", code)}
}

func lost() *Failure {
	return &Failure{Temporary: true, Unsure: true, Down: true, Reason: "EOF"}
}
