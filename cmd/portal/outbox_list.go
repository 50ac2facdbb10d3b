package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/alecthomas/kong"

	"postern/mail"
	"postern/storage"
)

// outboxList lists emails.
type outboxList struct {
	storeFlag
	shopFlag
	State string `setting:"outbox-state" help:"List only this state: waiting, deferred, failed, sent or dropped." placeholder:"STATE"`
	Limit most   `setting:"outbox-limit" help:"The maximum number of emails for each state." default:"50"`
	JSON  bool   `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Run lists the emails. Those that need attention come first.
func (c outboxList) Run(ctx context.Context, w *environment) error {
	wanted := states()
	var wrong problems
	if c.State != "" {
		wanted = []string{c.State}
	}
	if !slices.Contains(states(), wanted[0]) {
		wrong.add("--state: must be %s, not %q.", listOf(states()), c.State)
	}
	if err := wrong.usage("help outbox list"); err != nil {
		return err
	}
	return useOutbox(ctx, c.storeFlag, c.shopFlag, func(box mail.Outbox) error {
		t := table{head: []string{"ID", "STATE", "KIND", "TO", "CREATED", "NEXT", "ATTEMPTS", "LAST ERROR"}}
		obstacle, err := box.Obstacle(ctx)
		if err != nil {
			return err
		}
		for _, state := range wanted {
			page, err := box.List(ctx, state, "", int(c.Limit))
			if err != nil {
				return err
			}
			for _, hit := range page.Hits {
				t.add(row(hit.Key, hit.Head, obstacle)...)
			}
		}
		return t.print(w, c.JSON)
	})
}

func row(id string, e mail.Entry, obstacle string) []string {
	return []string{id, e.State, e.Kind, e.To, moment(e.CreatedAt), nextTry(e), strconv.Itoa(e.Attempts),
		whyUnsent(e, obstacle)}
}

// whyUnsent returns the error of an email's last attempt. For one without attempts it returns the obstacle
// that keeps all emails waiting.
func whyUnsent(e mail.Entry, obstacle string) string {
	if e.LastError == "" && obstacle != "" && isQueued(e) {
		return "not tried: " + obstacle
	}
	return e.LastError
}

// isQueued reports whether an email is still to be sent.
func isQueued(e mail.Entry) bool { return e.State == mail.Waiting || e.State == mail.Deferred }

// nextTry returns when a queued email will be tried, or "" for any other, because its NextAt is the time of
// deletion.
func nextTry(e mail.Entry) string {
	if !isQueued(e) {
		return ""
	}
	return moment(e.NextAt)
}

// most is a maximum number of rows.
type most int

// Decode implements kong.MapperValue. The parser's own number parsing would take "-1" for a flag and
// suggest a value that is invalid.
func (m *most) Decode(parsed *kong.DecodeContext) error {
	text := parsed.Scan.Pop().String()
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > storage.MaxLimit {
		return fmt.Errorf("must be a number from 1 to %d, not %q", storage.MaxLimit, text)
	}
	*m = most(n)
	return nil
}
