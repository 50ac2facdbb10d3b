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

// What became of an attempt at a mail, as it is counted.
const (
	mailSent     = "sent"
	mailDropped  = "dropped"  // there was nothing to send
	mailRefused  = "refused"  // for good
	mailDeferred = "deferred" // to be tried again
	mailUnsure   = "unsure"   // no answer came; to be tried again
	mailFault    = "fault"    // it could not be composed; to be tried again
)

// pulse stands between the dispatcher and what the dispatcher is handed, and notes what passes: its last
// sign of life, whether the mail server was reached, and what became of mails.
type pulse struct {
	now    func() time.Time
	count  func(outcome string) // of an attempt at a mail
	missed func(cause string)   // a connection to the mail server
	report func(mail.Failure)   // why there is none; one without a cause says that there is one again

	beat  atomic.Int64 // Unix time of the last sign of life
	ended atomic.Bool
	lines atomic.Int64 // connections to the mail server
	back  atomic.Int64 // Unix time since which the mail server is not away, as far as this process knows

	mu    sync.Mutex
	cause string    // why there is no connection to the mail server, "" when it was reached, or nobody asked it
	met   bool      // it was reached by this process
	said  time.Time // when report was called last
}

// sayEvery is how often a fault that lasts is reported.
const sayEvery = 5 * time.Minute

func newPulse() *pulse {
	p := &pulse{now: time.Now, count: func(string) {}, missed: func(string) {}, report: func(mail.Failure) {}}
	p.alive()
	p.back.Store(p.now().Unix()) // what has piled up before is no fault of this process
	return p
}

func (p *pulse) alive() { p.beat.Store(p.now().Unix()) }

// still is how long there was no sign of life.
func (p *pulse) still() time.Duration { return p.now().Sub(time.Unix(p.beat.Load(), 0)) }

// missing notes that there is no connection to the mail server, and why, or with a failure without a cause
// that there is one.
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

// away is why there is no connection to the mail server, "" when it was reached, or nobody asked it; met,
// whether this process ever reached it.
func (p *pulse) away() (cause string, met bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cause, p.met
}

// reached is for how long the mail server has not been away.
func (p *pulse) reached() time.Duration { return p.now().Sub(time.Unix(p.back.Load(), 0)) }

// composer watches the making of mails.
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

// sender watches the mail server.
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
		if ctx.Err() == nil && s.pulse.lines.Load() == 0 { // else it gave up itself, or the server takes no further connection
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
