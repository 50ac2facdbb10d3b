package main

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"postern/mail"
)

// Outcomes of an attempt to send an email, for the metrics.
const (
	mailSent     = "sent"
	mailDropped  = "dropped"  // there was nothing to send
	mailRefused  = "refused"  // permanently
	mailDeferred = "deferred" // will be retried
	mailUnsure   = "unsure"   // no response; will be retried
	mailFault    = "fault"    // could not be composed; will be retried
)

// pulse sits between the dispatcher and its dependencies and records its last sign of life, whether the
// mail server was reached, and the outcomes of emails.
type pulse struct {
	now    func() time.Time
	count  func(outcome string) // counts the outcome of an attempt
	missed func(cause string)   // counts a failed connection to the mail server
	report func(mail.Failure)   // reports a lost connection, or one restored if Cause is ""

	beat  atomic.Int64 // Unix time of the last sign of life
	ended atomic.Bool
	lines atomic.Int64 // open connections to the mail server
	back  atomic.Int64 // Unix time since when the mail server is reachable, as far as known

	mu    sync.Mutex
	cause string    // why there is no connection to the mail server, "" if it was reached or not tried
	met   bool      // this process has reached it
	said  time.Time // when report was last called
}

// sayEvery is how often a persistent problem is reported.
const sayEvery = 5 * time.Minute

func newPulse() *pulse {
	p := &pulse{now: time.Now, count: func(string) {}, missed: func(string) {}, report: func(mail.Failure) {}}
	p.alive()
	p.back.Store(p.now().Unix()) // the backlog from before the start is not this process's fault
	return p
}

func (p *pulse) alive() { p.beat.Store(p.now().Unix()) }

// still returns the time since the last sign of life.
func (p *pulse) still() time.Duration { return p.now().Sub(time.Unix(p.beat.Load(), 0)) }

// missing records why there is no connection to the mail server. A failure without a cause records that
// there is one.
func (p *pulse) missing(f mail.Failure) {
	p.mu.Lock()
	before, now := p.cause, p.now()
	p.cause, p.met = f.Cause, p.met || f.Cause == ""
	if before != "" || f.Cause != "" {
		p.back.Store(now.Unix())
	}
	tell := before != f.Cause || f.Cause != "" && now.Sub(p.said) >= sayEvery
	if tell {
		p.said = now
	}
	p.mu.Unlock()
	if tell {
		p.report(f)
	}
}

// away returns why there is no connection to the mail server, or "" if it was reached or not tried. met
// reports whether this process ever reached it.
func (p *pulse) away() (cause string, met bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cause, p.met
}

// reached returns how long the mail server has been reachable.
func (p *pulse) reached() time.Duration { return p.now().Sub(time.Unix(p.back.Load(), 0)) }

// composer observes the composing of emails.
func (p *pulse) composer(compose mail.Composer) mail.Composer {
	return func(ctx context.Context, shop, id string, e mail.Entry) (mail.Message, error) {
		p.alive()
		m, err := compose(ctx, shop, id, e)
		switch {
		case errors.Is(err, mail.ErrDrop):
			p.count(mailDropped)
		case err != nil:
			p.count(mailFault)
		}
		return m, err
	}
}

// sender observes the mail server.
func (p *pulse) sender(to mail.Sender) mail.Sender { return watchedSender{to, p} }

type watchedSender struct {
	to    mail.Sender
	pulse *pulse
}

// Connect implements mail.Sender.
func (s watchedSender) Connect(ctx context.Context) (mail.Conn, error) {
	s.pulse.alive()
	conn, err := s.to.Connect(ctx)
	if err != nil {
		f := mail.Failure{Reason: err.Error()}
		if told := (*mail.Failure)(nil); errors.As(err, &told) {
			f = *told
		}
		f.Cause = cmp.Or(f.Cause, mail.ServerUnreachable)
		if ctx.Err() == nil && s.pulse.lines.Load() == 0 {
			// The caller did not give up, and no other connection is open: the server is unreachable.
			s.pulse.missing(f)
		}
		s.pulse.missed(f.Cause)
		return nil, err
	}
	s.pulse.lines.Add(1)
	s.pulse.missing(mail.Failure{})
	return watchedConn{conn, s.pulse}, nil
}

type watchedConn struct {
	mail.Conn
	pulse *pulse
}

// Send implements mail.Conn.
func (c watchedConn) Send(ctx context.Context, m mail.Message) error {
	c.pulse.alive()
	err := c.Conn.Send(ctx, m)
	c.pulse.count(outcomeOf(err))
	return err
}

// Close implements mail.Conn.
func (c watchedConn) Close() error {
	c.pulse.lines.Add(-1)
	return c.Conn.Close()
}

func outcomeOf(err error) string {
	var failed *mail.Failure
	switch {
	case err == nil:
		return mailSent
	case !errors.As(err, &failed) || failed.Unsure:
		return mailUnsure
	case failed.Temporary:
		return mailDeferred
	}
	return mailRefused
}
