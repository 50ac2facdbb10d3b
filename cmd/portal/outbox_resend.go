package main

import (
	"context"
	"errors"

	"postern/mail"
)

// outboxResend sends an email again.
type outboxResend struct {
	storeFlag
	shopFlag
	ID string `arg:"" help:"The email's id, from \"portal outbox list\"."`
}

// Help implements kong.HelpProvider.
func (outboxResend) Help() string {
	return `Queues a failed or sent email again, or makes a waiting one due now. A mail server that could not be reached is retried within half a minute. The content is generated when the email is sent. If there is nothing left to send, for example because a code has expired, the email is listed as dropped.`
}

// Run queues the email again.
func (c outboxResend) Run(ctx context.Context, w *environment) error {
	return useOutbox(ctx, c.storeFlag, c.shopFlag, func(box mail.Outbox) error {
		err := box.Resend(ctx, c.ID)
		if errors.Is(err, mail.ErrDrop) {
			return failf("Email %s was dropped because there was nothing to send: no account has this email, or it requested too many emails.", c.ID)
		}
		if err != nil {
			return noSuchMail(c.ID, err)
		}
		w.say("Email %s is due now. \"portal serve\" sends it within a second, or once the mail server can be reached, unless there is nothing left to send.", c.ID)
		return nil
	})
}
