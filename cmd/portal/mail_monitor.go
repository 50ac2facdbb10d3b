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

// mailMonitor sits between the dispatcher and its dependencies and records its last sign of life, whether
// the mail server was reached, and the outcomes of emails.
type mailMonitor struct {
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

func newMailMonitor() *mailMonitor {
	m := &mailMonitor{now: time.Now, count: func(string) {}, missed: func(string) {},
		report: func(mail.Failure) {}}
	m.alive()
	m.back.Store(m.now().Unix()) // the backlog from before the start is not this process's fault
	return m
}

func (m *mailMonitor) alive() { m.beat.Store(m.now().Unix()) }

// still returns the time since the last sign of life.
func (m *mailMonitor) still() time.Duration { return m.now().Sub(time.Unix(m.beat.Load(), 0)) }

// missing records why there is no connection to the mail server. A failure without a cause records that
// there is one.
func (m *mailMonitor) missing(f mail.Failure) {
	m.mu.Lock()
	before, now := m.cause, m.now()
	m.cause, m.met = f.Cause, m.met || f.Cause == ""
	if before != "" || f.Cause != "" {
		m.back.Store(now.Unix())
	}
	tell := before != f.Cause || f.Cause != "" && now.Sub(m.said) >= sayEvery
	if tell {
		m.said = now
	}
	m.mu.Unlock()
	if tell {
		m.report(f)
	}
}

// away returns why there is no connection to the mail server, or "" if it was reached or not tried. met
// reports whether this process ever reached it.
func (m *mailMonitor) away() (cause string, met bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cause, m.met
}

// reached returns how long the mail server has been reachable.
func (m *mailMonitor) reached() time.Duration { return m.now().Sub(time.Unix(m.back.Load(), 0)) }

// composer observes the composing of emails.
func (m *mailMonitor) composer(compose mail.Composer) mail.Composer {
	return func(ctx context.Context, shop, id string, e mail.Entry) (mail.Message, error) {
		m.alive()
		message, err := compose(ctx, shop, id, e)
		switch {
		case errors.Is(err, mail.ErrDrop):
			m.count(mailDropped)
		case err != nil:
			m.count(mailFault)
		}
		return message, err
	}
}

// sender observes the mail server.
func (m *mailMonitor) sender(to mail.Sender) mail.Sender { return watchedSender{to, m} }

type watchedSender struct {
	to      mail.Sender
	monitor *mailMonitor
}

// Connect implements mail.Sender.
func (s watchedSender) Connect(ctx context.Context) (mail.Conn, error) {
	s.monitor.alive()
	conn, err := s.to.Connect(ctx)
	if err != nil {
		f := mail.Failure{Reason: err.Error()}
		if told := (*mail.Failure)(nil); errors.As(err, &told) {
			f = *told
		}
		f.Cause = cmp.Or(f.Cause, mail.ServerUnreachable)
		if ctx.Err() == nil && s.monitor.lines.Load() == 0 {
			// The caller did not give up, and no other connection is open: the server is unreachable.
			s.monitor.missing(f)
		}
		s.monitor.missed(f.Cause)
		return nil, err
	}
	s.monitor.lines.Add(1)
	s.monitor.missing(mail.Failure{})
	return watchedConn{conn, s.monitor}, nil
}

type watchedConn struct {
	mail.Conn
	monitor *mailMonitor
}

// Send implements mail.Conn.
func (c watchedConn) Send(ctx context.Context, m mail.Message) error {
	c.monitor.alive()
	err := c.Conn.Send(ctx, m)
	c.monitor.count(outcomeOf(err))
	return err
}

// Close implements mail.Conn.
func (c watchedConn) Close() error {
	c.monitor.lines.Add(-1)
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
