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

// post is the mail server. It accepts every email and keeps the sign-in links.
type post struct {
	server  *gosmtp.Server
	address string

	mu      sync.Mutex
	tokens  map[string]string    // by recipient
	arrived map[string]time.Time // by recipient: when the last email had arrived completely
	letters int
	first   time.Time
	last    time.Time
	came    chan struct{} // signals an arrival
	pause   time.Duration // before a response
	hurry   chan struct{} // closed when the pause changes
}

var linkShape = regexp.MustCompile(`/sign-in/link/((?:staff_)?[A-Za-z0-9_-]{64})`)

func openPost() (*post, error) {
	p := &post{tokens: map[string]string{}, arrived: map[string]time.Time{}, came: make(chan struct{}, 1),
		hurry: make(chan struct{})}
	p.server = gosmtp.NewServer(gosmtp.BackendFunc(func(*gosmtp.Conn) (gosmtp.Session,
		error) {
		return &delivery{post: p}, nil
	}))
	p.server.Domain = "mx.bench.example"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.address = listener.Addr().String()
	go func() {
		// Serve ends with Close. If it ends earlier, the count of emails is too low, which the benchmark
		// notices.
		_ = p.server.Serve(listener)
	}()
	return p, nil
}

// url returns the URL of the mail server for --smtp.
func (p *post) url() string { return "smtp://" + p.address + "?starttls=off" }

// nobody returns the URL of a mail server that does not exist. Emails then wait in the outbox and do not
// affect the measurement.
func nobody() string { return "smtp://127.0.0.1:9?starttls=off" }

func (p *post) take(to string, text []byte) {
	// Quoted-printable adds soft line breaks, but encodes no character of a token.
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

// clear removes all emails and links.
func (p *post) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters, p.tokens, p.arrived = 0, map[string]string{}, map[string]time.Time{}
}

// dally delays every response by a duration, including those in progress.
func (p *post) dally(by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.hurry)
	p.pause, p.hurry = by, make(chan struct{})
}

// rest waits before a response.
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

// arrival returns when the last link for an address arrived.
func (p *post) arrival(address string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.arrived[address]
}

// wait waits for the links of all addresses and returns their tokens in the same order.
func (p *post) wait(ctx context.Context, addresses []string) ([]string, error) {
	for {
		if tokens := p.linksOf(addresses); len(tokens) == len(addresses) {
			return tokens, nil
		}
		select {
		case <-p.came:
		case <-time.After(patience):
			return nil, fmt.Errorf("no mail for %s; of %d links, %d have come", patience, len(addresses),
				len(p.linksOf(addresses)))
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

// perSecond returns the rate at which emails arrived, from the first to the last.
func (p *post) perSecond() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return float64(p.letters-1) / p.last.Sub(p.first).Seconds()
}

// delivery is a sender's connection.
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
