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
	// mailPatience is how long an email may be due before the check fails.
	mailPatience = 15 * time.Minute
	// dispatcherPatience is how long the dispatcher may take for one step. An attempt to send an email ends
	// sooner.
	dispatcherPatience = 5 * time.Minute
	// clockPatience is the maximum difference between this machine's clock and the store's. Links, codes
	// and sessions depend on it.
	clockPatience = 30 * time.Second
)

// mailCheck fails if no email has been sent for too long: the dispatcher has stopped or hangs, or an email
// has been due for more than mailPatience. An unreachable mail server is reported but does not fail the
// check, because signed-in customers need no email and new ones wait in the outbox. When the server is
// reachable again, the backlog gets the same time to be sent.
//
// A problem that someone must fix, such as a refused sign-in, fails the check of a process that has never
// reached the mail server, so that a rollout with a wrong password does not become ready. A process that
// has reached it stays ready. A refused sender affects only one shop and is only reported.
func mailCheck(m *mailMonitor, b *backlog) web.Check {
	return web.Check{Name: "mail", Run: func(ctx context.Context) (string, error) {
		if m.ended.Load() {
			return "stopped", errors.New("the dispatcher has stopped")
		}
		if still := m.still(); still > dispatcherPatience {
			return "stopped", fmt.Errorf("the dispatcher has not responded for %s", still)
		}
		found, err := b.look(ctx)
		switch {
		case err != nil:
			return "unknown", err
		}
		switch cause, met := m.away(); {
		case cause != "" && cause != mail.ServerUnreachable && !met:
			return cause, fmt.Errorf("the mail server has not been reached since the start: %s", cause)
		case cause != "":
			return cause, nil
		case min(found.overdue, m.reached()) > mailPatience:
			return "late", fmt.Errorf("an email has been due for %s", found.overdue)
		case found.refused > 0:
			return mail.SenderRefused, nil
		}
		return "ok", nil
	}}
}

// clockCheck fails if this machine's clock differs too much from the store's.
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
		// The store read its clock between the request and the response.
		answered := now()
		off := max(asked.Sub(theirs), theirs.Sub(answered))
		if off > clockPatience {
			return "off", fmt.Errorf("this machine's clock differs from the store's by %s", off)
		}
		return "ok", nil
	}}
}
