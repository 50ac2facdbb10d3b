package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/mail"
	"postern/portal/web"
	"postern/storage"
)

const (
	// mailPatience is how long a mail may be due before something is wrong with the sending of mails.
	mailPatience = 15 * time.Minute
	// pulsePatience is how long the dispatcher may take over one thing: an attempt at a mail has an end of
	// its own before.
	pulsePatience = 5 * time.Minute
	// clockPatience is how far this machine's clock may be from the store's. Links, codes and sessions live
	// by it.
	clockPatience = 30 * time.Second
)

// mailCheck fails when no mail goes out for long: the dispatcher ended or hangs, or a mail has waited for
// more than mailPatience. A mail server out of reach is reported, but is no reason to turn customers away:
// those who are signed in need no mail, and what is asked for waits in the outbox. When it is back, what
// has piled up gets as long to go out.
//
// A fault that somebody must put right, such as a refused sign-in, fails the check of a process that never
// reached the mail server: a roll-out with a wrong password must not become ready. One that did reach it
// goes on. A refused sender is one shop's, and is reported only.
func mailCheck(p *pulse, b *backlog) web.Check {
	return web.Check{Name: "mail", Run: func(ctx context.Context) (string, error) {
		if p.ended.Load() {
			return "stopped", errors.New("the dispatcher has stopped")
		}
		if still := p.still(); still > pulsePatience {
			return "stopped", fmt.Errorf("the dispatcher has not responded for %s", still)
		}
		found, err := b.look(ctx)
		switch {
		case err != nil:
			return "unknown", err
		}
		switch cause, met := p.away(); {
		case cause != "" && cause != mail.ServerUnreachable && !met:
			return cause, fmt.Errorf("the mail server has not been reached since the start: %s", cause)
		case cause != "":
			return cause, nil
		case min(found.overdue, p.reached()) > mailPatience:
			return "late", fmt.Errorf("an email has been due for %s", found.overdue)
		case found.refused > 0:
			return mail.SenderRefused, nil
		}
		return "ok", nil
	}}
}

// clockCheck fails when this machine's clock is off the store's.
func clockCheck(engine storage.Engine, now func() time.Time) web.Check {
	return web.Check{Name: "clock", Run: func(ctx context.Context) (string, error) {
		clock, ok := engine.(storage.Clock)
		if !ok {
			return "unknown", nil
		}
		asked := now()
		theirs, err := clock.Clock(ctx)
		if err != nil {
			return "unknown", err
		}
		// The store read its clock some time between the question and the answer.
		answered := now()
		off := max(asked.Sub(theirs), theirs.Sub(answered))
		if off > clockPatience {
			return "off", fmt.Errorf("this machine's clock differs from the store's by %s", off)
		}
		return "ok", nil
	}}
}
