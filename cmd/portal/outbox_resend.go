package main

import (
	"context"
	"errors"

	"postern/mail"
)

// outboxResend sends a mail again.
type outboxResend struct {
	storeFlag
	shopFlag
	ID string `arg:"" help:"The mail's id, as \"portal outbox list\" shows it."`
}

// Help implements kong.HelpProvider.
func (outboxResend) Help() string {
	return `Puts a failed or sent mail back among those to be sent, and a waiting one before its time. A mail server that was out of reach is tried again after at most half a minute, for all mails alike. A mail is made anew when it is sent. One for which there is nothing to say any more, such as a code that is too old, is then listed as dropped.`
}

// Run puts it back among those to be sent.
func (c outboxResend) Run(ctx context.Context, w *world) error {
	return useOutbox(ctx, c.storeFlag, c.shopFlag, func(box mail.Outbox) error {
		err := box.Resend(ctx, c.ID)
		if errors.Is(err, mail.ErrDrop) {
			return failf("Mail %s was dropped, since there was nothing to send: nobody has the address, or it asked too often.", c.ID)
		}
		if err != nil {
			return noSuchMail(c.ID, err)
		}
		w.say("Mail %s is due now; \"portal serve\" sends it within a second, or once the mail server can be reached, unless there is nothing to say in it any more.", c.ID)
		return nil
	})
}
