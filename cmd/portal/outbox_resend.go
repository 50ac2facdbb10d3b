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

// Run puts it back among those to be sent.
func (c outboxResend) Run(ctx context.Context, w *world) error {
	return useOutbox(ctx, c.storeFlag, c.Shop, func(box mail.Outbox) error {
		err := box.Resend(ctx, c.ID)
		if errors.Is(err, mail.ErrDrop) {
			return failf("Mail %s was dropped, since there was nothing to send: nobody has the address, or it asked too often.", c.ID)
		}
		if err != nil {
			return noSuchMail(c.ID, err)
		}
		w.say("Mail %s will be sent again; \"portal serve\" does it within a second.", c.ID)
		return nil
	})
}
