package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/storage"
)

// outboxGroup holds the subcommands for emails.
type outboxGroup struct {
	List   outboxList   `cmd:"" help:"List emails by state (waiting, deferred, failed, sent, dropped), newest first."`
	Show   outboxShow   `cmd:"" help:"Show the delivery state of one email."`
	Resend outboxResend `cmd:"" help:"Send a failed or sent email again, or a waiting one at once."`
}

// useOutbox calls do with a shop's outbox.
func useOutbox(ctx context.Context, store storeFlag, shop shopFlag, do func(mail.Outbox) error) error {
	return store.use(ctx, func(operator portal.Operator) error {
		found, err := shop.pick(ctx, operator)
		if err != nil {
			return err
		}
		box, err := operator.Outbox(ctx, found.ID)
		if err != nil {
			return err
		}
		return do(box)
	})
}

func states() []string {
	return []string{mail.Waiting, mail.Deferred, mail.Failed, mail.Sent, mail.Dropped}
}

// noSuchMail turns a missing entry into a message.
func noSuchMail(id string, err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return failf("There is no email %q in the outbox; \"portal outbox list\" lists them.", id)
	}
	return err
}

// moment formats a time, "" for the zero time.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func listOf(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
