package main

import (
	"context"
	"errors"
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

// pulse stands between the dispatcher and what the dispatcher is handed, and notes what passes: its last sign of life,
// whether the mail server was reached, and what became of mails.
type pulse struct {
	now    func() time.Time
	count  func(outcome string) // of an attempt at a mail
	missed func()               // a connection to the mail server

	beat  atomic.Int64 // Unix time of the last sign of life
	ended atomic.Bool
	lines atomic.Int64 // connections to the mail server
	away  atomic.Bool  // the mail server, when it was asked last and there was no connection to it
	back  atomic.Int64 // Unix time since which it is not away, as far as this process knows
}

func newPulse() *pulse {
	p := &pulse{now: time.Now, count: func(string) {}, missed: func() {}}
	p.alive()
	p.back.Store(p.now().Unix()) // what has piled up before is no fault of this process
	return p
}

func (p *pulse) alive() { p.beat.Store(p.now().Unix()) }

// still is how long there was no sign of life.
func (p *pulse) still() time.Duration { return p.now().Sub(time.Unix(p.beat.Load(), 0)) }

// missing notes whether the mail server is away.
func (p *pulse) missing(away bool) {
	if p.away.Swap(away) || away {
		p.back.Store(p.now().Unix())
	}
}

// reached is for how long the mail server has not been away.
func (p *pulse) reached() time.Duration { return p.now().Sub(time.Unix(p.back.Load(), 0)) }

// shops watches the list of shops that each round begins with.
func (p *pulse) shops(list func(context.Context) ([]string, error)) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		p.alive()
		return list(ctx)
	}
}

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
		if ctx.Err() == nil && s.pulse.lines.Load() == 0 { // else it gave up itself, or the server takes no further connection
			s.pulse.missing(true)
		}
		s.pulse.missed()
		return nil, err
	}
	s.pulse.lines.Add(1)
	s.pulse.missing(false)
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
