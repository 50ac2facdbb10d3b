package main

import (
	"context"
	"slices"
	"strconv"

	"postern/mail"
	"postern/storage"
)

// outboxList lists mails.
type outboxList struct {
	storeFlag
	shopFlag
	State string `setting:"outbox-state" help:"Only mails in this state: waiting, failed, sent or dropped." placeholder:"STATE"`
	Limit int    `setting:"outbox-limit" help:"The most mails of each state." default:"50"`
	JSON  bool   `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Run lists them, what needs attention first.
func (c outboxList) Run(ctx context.Context, w *world) error {
	wanted := states()
	var wrong faults
	if c.State != "" {
		wanted = []string{c.State}
	}
	if !slices.Contains(states(), wanted[0]) {
		wrong.add("--state: a mail is %s, not %q.", listOf(states()), c.State)
	}
	if c.Limit < 1 || c.Limit > storage.MaxLimit {
		wrong.add("--limit: a number from 1 to %d.", storage.MaxLimit)
	}
	if err := wrong.usage("help outbox list"); err != nil {
		return err
	}
	return useOutbox(ctx, c.storeFlag, c.Shop, func(box mail.Outbox) error {
		t := table{head: []string{"ID", "STATE", "KIND", "TO", "CREATED", "NEXT", "ATTEMPTS", "LAST ERROR"}}
		for _, state := range wanted {
			page, err := box.List(ctx, state, "", c.Limit)
			if err != nil {
				return err
			}
			for _, hit := range page.Hits {
				t.add(row(hit.Key, hit.Head)...)
			}
		}
		return t.print(w, c.JSON)
	})
}

func row(id string, e mail.Entry) []string {
	next := ""
	if e.State == mail.Waiting {
		next = moment(e.NextAt)
	}
	return []string{id, e.State, e.Kind, e.To, moment(e.CreatedAt), next, strconv.Itoa(e.Attempts), e.LastError}
}
