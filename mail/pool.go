package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// errBackoff means that the server could not be reached a moment ago.
var errBackoff = errors.New("mail: the mail server could not be reached a moment ago")

// pool holds the connections to the mail server, and the backoff after the server could not be reached.
type pool struct {
	sender Sender
	now    func() time.Time
	log    *slog.Logger
	limit  int
	turns  chan struct{} // one for each connection that may be in use

	mu      sync.Mutex
	free    []*line
	open    int // free or in use
	last    time.Time
	backoff backoff
}

// line is one connection, either free or used by one goroutine.
type line struct {
	conn Conn
	used bool // it has carried a message
}

// begin must be called before a cycle, when all connections are free.
func (p *pool) begin() {
	p.turns = make(chan struct{}, p.limit)
	for range p.limit {
		p.turns <- struct{}{}
	}
	p.open = len(p.free)
}

// ready returns nil if the server is reachable. It connects unless a connection is open.
func (p *pool) ready(ctx context.Context) error {
	p.mu.Lock()
	open := p.open
	p.mu.Unlock()
	if open > 0 {
		return nil
	}
	got, err := p.get(ctx)
	if err == nil {
		p.put(got)
	}
	return err
}

// get waits for a free connection or opens one. If no further connection can be opened, it uses the open
// ones, since many servers allow only a few. The caller must call put or drop.
func (p *pool) get(ctx context.Context) (*line, error) {
	for {
		select {
		case <-p.turns:
		case <-ctx.Done():
			return nil, fmt.Errorf("mail: wait for a connection: %w", ctx.Err())
		}
		got, err := p.take(ctx)
		if err == nil {
			return got, nil
		}
		if !errors.Is(err, errEnough) {
			p.turns <- struct{}{}
			return nil, err
		}
		// Keep the turn until the next cycle, so that no other goroutine tries again.
	}
}

// errConnect means that the mail server could not be reached.
var errConnect = errors.New("mail: connect")

// errEnough means that no further connection can be opened in addition to the open ones.
var errEnough = errors.New("mail: no further connection")

func (p *pool) take(ctx context.Context) (*line, error) {
	p.mu.Lock()
	if p.now().Before(p.backoff.until) {
		p.mu.Unlock()
		return nil, errBackoff
	}
	if n := len(p.free); n > 0 {
		got := p.free[n-1]
		p.free = p.free[:n-1]
		p.mu.Unlock()
		return got, nil
	}
	p.mu.Unlock()
	conn, err := p.sender.Connect(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.open++
		return &line{conn: conn}, nil
	case p.open > 0:
		p.log.Debug("mail: no further connection", "open", p.open, "reason", reason(err, ""))
		return nil, errEnough
	case !errors.Is(ctx.Err(), context.Canceled):
		p.grow()
	}
	return nil, fmt.Errorf("%w: %w", errConnect, err)
}

// renew replaces a kept connection that has failed. If connecting fails, it drops the old one.
func (p *pool) renew(ctx context.Context, old *line) (*line, error) {
	p.hang(old)
	conn, err := p.sender.Connect(ctx)
	if err != nil {
		p.fails()
		p.drop(nil)
		return nil, fmt.Errorf("%w: again: %w", errConnect, err)
	}
	return &line{conn: conn}, nil
}

// put returns a working connection.
func (p *pool) put(got *line) {
	p.mu.Lock()
	p.free = append(p.free, got)
	p.last = p.now()
	p.mu.Unlock()
	p.turns <- struct{}{}
}

// drop returns a connection that has failed, or nil for one that is closed.
func (p *pool) drop(got *line) {
	if got != nil {
		p.hang(got)
	}
	p.mu.Lock()
	p.open--
	p.mu.Unlock()
	p.turns <- struct{}{}
}

func (p *pool) hang(got *line) {
	if err := got.conn.Close(); err != nil {
		p.log.Debug("mail: hang up", "reason", reason(err, ""))
	}
}

// hangUp closes all connections, which must be free.
func (p *pool) hangUp() {
	for _, got := range p.free {
		p.hang(got)
	}
	p.free, p.open = nil, 0
}

// tidy closes all connections, which must be free, if none has been used for idleTime.
func (p *pool) tidy() {
	if !p.now().Before(p.last.Add(idleTime)) {
		p.hangUp()
	}
}

// works ends the backoff after a message was accepted; fails extends it.
func (p *pool) works() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.backoff = backoff{}
}

func (p *pool) fails() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.grow()
}

// grow extends the backoff, once for all attempts that failed at the same time.
func (p *pool) grow() {
	if now := p.now(); !now.Before(p.backoff.until) {
		p.backoff = p.backoff.longer(now)
	}
}

func (p *pool) backoffUntil() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.backoff.until
}

func (p *pool) backingOff() bool { return p.now().Before(p.backoffUntil()) }
