package main

import (
	"context"
	"strconv"

	"postern/mail"
)

// outboxShow shows one email.
type outboxShow struct {
	storeFlag
	shopFlag
	ID   string `arg:"" help:"The email's id, from \"portal outbox list\"."`
	JSON bool   `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Run prints the entry. It has no body, because that is composed only for sending and never stored.
func (c outboxShow) Run(ctx context.Context, w *environment) error {
	return useOutbox(ctx, c.storeFlag, c.shopFlag, func(box mail.Outbox) error {
		e, err := box.Get(ctx, c.ID)
		if err != nil {
			return noSuchMail(c.ID, err)
		}
		obstacle, err := box.Obstacle(ctx)
		if err != nil {
			return err
		}
		var shown card
		shown.add("id", c.ID)
		shown.add("state", e.State)
		shown.add("kind", e.Kind)
		shown.add("to", e.To)
		shown.add("language", e.Lang)
		shown.add("created", moment(e.CreatedAt))
		shown.add("next", nextTry(e))
		shown.add("sent", moment(e.SentAt))
		shown.add("resent", moment(e.ResentAt))
		shown.add("attempts", strconv.Itoa(e.Attempts))
		shown.add("last-error", whyUnsent(e, obstacle))
		shown.add("may-have-arrived", yesNo(e.Unsure || e.State == mail.Sent))
		return shown.print(w, c.JSON)
	})
}
