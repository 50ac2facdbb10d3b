package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// errResting says that the server was found away a moment ago.
var errResting = errors.New("mail: the mail server is given a rest")

// pool is the connections to the mail server, and the rest it is given when it is out of reach.
type pool struct {
	sender Sender
	now    func() time.Time
	log    *slog.Logger
	limit  int
	turns  chan struct{} // one for each connection that may be in use

	mu   sync.Mutex
	free []*line
	open int // free or in use
	last time.Time
	rest rest
}

// line is one connection, in the hands of one goroutine or free.
type line struct {
	conn Conn
	used bool // it has carried a message
}

// begin is called before a round, when nobody has a line.
func (p *pool) begin() {
	p.turns = make(chan struct{}, p.limit)
	for range p.limit {
		p.turns <- struct{}{}
	}
	p.open = len(p.free)
}

// ready returns nil when the server can be reached: it connects unless there is a connection.
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

// get waits for a free connection, or opens one. When no further one can be had, those that are open serve:
// many servers allow but a few. The caller puts, or drops, what it got.
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
		// The turn is kept until the next round, so that nobody tries again.
	}
}

// errConnect says that the mail server was not reached.
var errConnect = errors.New("mail: connect")

// errEnough says that no connection can be had beside those that are open.
var errEnough = errors.New("mail: no further connection")

func (p *pool) take(ctx context.Context) (*line, error) {
	p.mu.Lock()
	if p.now().Before(p.rest.until) {
		p.mu.Unlock()
		return nil, errResting
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

// renew opens a connection in place of a kept one that has failed; when it cannot, the line is dropped.
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

// put gives back a line that works.
func (p *pool) put(got *line) {
	p.mu.Lock()
	p.free = append(p.free, got)
	p.last = p.now()
	p.mu.Unlock()
	p.turns <- struct{}{}
}

// drop gives back a line that has failed, nil for one that is closed.
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

// hangUp closes all connections; nobody has a line.
func (p *pool) hangUp() {
	for _, got := range p.free {
		p.hang(got)
	}
	p.free, p.open = nil, 0
}

// tidy closes connections that have carried nothing for idleTime; nobody has a line.
func (p *pool) tidy() {
	if !p.now().Before(p.last.Add(idleTime)) {
		p.hangUp()
	}
}

// works and fails are what a message has shown of the server.
func (p *pool) works() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = rest{}
}

func (p *pool) fails() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.grow()
}

// grow lengthens the rest, once for all that failed together.
func (p *pool) grow() {
	if now := p.now(); !now.Before(p.rest.until) {
		p.rest = p.rest.grown(now)
	}
}

func (p *pool) restsUntil() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rest.until
}

func (p *pool) resting() bool { return p.now().Before(p.restsUntil()) }
