package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"sync"
	"time"

	gosmtp "github.com/emersion/go-smtp"
)

// post is the mail server: it takes every mail, and keeps the links to sign in by that are in them.
type post struct {
	server  *gosmtp.Server
	address string

	mu      sync.Mutex
	tokens  map[string]string    // by the address a mail went to
	arrived map[string]time.Time // by the same, when the last one had come whole
	letters int
	first   time.Time
	last    time.Time
	came    chan struct{} // has one when something has come
	pause   time.Duration // before a mail is answered
	hurry   chan struct{} // closed when the pause has been changed
}

var linkShape = regexp.MustCompile(`/sign-in/link/([A-Za-z0-9_-]{64})`)

func openPost() (*post, error) {
	p := &post{tokens: map[string]string{}, arrived: map[string]time.Time{}, came: make(chan struct{}, 1), hurry: make(chan struct{})}
	p.server = gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session, error) { return &delivery{post: p}, nil }))
	p.server.Domain = "mx.bench.example"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.address = listener.Addr().String()
	go func() {
		// It ends with Close; a sink that ends before is missed by its mails, which are counted.
		_ = p.server.Serve(listener)
	}()
	return p, nil
}

// url is the mail server as --smtp of serve takes it.
func (p *post) url() string { return "smtp://" + p.address + "?starttls=off" }

// nobody is a mail server that is away: then mails wait in the outbox, and what is measured meanwhile is
// without them.
func nobody() string { return "smtp://127.0.0.1:9?starttls=off" }

func (p *post) take(to string, text []byte) {
	// Quoted-printable breaks lines softly; it writes none of a token's characters in another way.
	found := linkShape.FindSubmatch(bytes.ReplaceAll(text, []byte("=\r\n"), nil))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = time.Now()
	if p.letters == 0 {
		p.first = p.last
	}
	p.letters++
	if found != nil {
		p.tokens[to], p.arrived[to] = string(found[1]), p.last
	}
	select {
	case p.came <- struct{}{}:
	default:
	}
}

// clear forgets all mails and links.
func (p *post) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters, p.tokens, p.arrived = 0, map[string]string{}, map[string]time.Time{}
}

// dally makes the server answer each mail so much later, those it has in hand too.
func (p *post) dally(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.hurry)
	p.pause, p.hurry = by, make(chan struct{})
}

// rest is the pause before an answer.
func (p *post) rest() {
	p.mu.Lock()
	pause, hurry := p.pause, p.hurry
	p.mu.Unlock()
	if pause == 0 {
		return
	}
	over := time.NewTimer(pause)
	defer over.Stop()
	select {
	case <-over.C:
	case <-hurry:
	}
}

// arrival is when the last link to an address had come.
func (p *post) arrival(address string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.arrived[address]
}

// wait waits for links to all the addresses and returns them in that order.
func (p *post) wait(ctx context.Context, addresses []string) ([]string, error) {
	for {
		if tokens := p.linksOf(addresses); len(tokens) == len(addresses) {
			return tokens, nil
		}
		select {
		case <-p.came:
		case <-time.After(patience):
			return nil, fmt.Errorf("no mail for %s; of %d links, %d have come", patience, len(addresses), len(p.linksOf(addresses)))
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (p *post) linksOf(addresses []string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.tokens) < len(addresses) {
		return nil
	}
	var tokens []string
	for _, address := range addresses {
		if token := p.tokens[address]; token != "" {
			tokens = append(tokens, token)
		}
	}
	return tokens
}

// perSecond is the rate at which mails came, from the first to the last.
func (p *post) perSecond() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return float64(p.letters-1) / p.last.Sub(p.first).Seconds()
}

// delivery is one connection of a sender.
type delivery struct {
	post *post
	to   string
}

func (d *delivery) Mail(string, *gosmtp.MailOptions) error { return nil }
func (d *delivery) Reset()                                 {}
func (d *delivery) Logout() error                          { return nil }

func (d *delivery) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	d.to = to
	return nil
}

func (d *delivery) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err == nil {
		d.post.take(d.to, text)
		d.post.rest()
	}
	return err
}
