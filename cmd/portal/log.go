package main

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// logGroup holds the subcommands for the log of acts on customers.
type logGroup struct {
	List   logList   `cmd:"" help:"List what was done to customers, newest first."`
	Export logExport `cmd:"" help:"Print the log as CSV."`
	Head   logHead   `cmd:"" help:"Print the number and the hash of the last entry, to be kept elsewhere."`
	Verify logVerify `cmd:"" help:"Check that no entry was changed, removed or moved."`
}

// logFilter selects entries of a shop's log.
type logFilter struct {
	storeFlag
	shopFlag
	Customer string `setting:"log-customer" help:"Only acts on this customer: an email, your shop system's id, or the portal's id." placeholder:"CUSTOMER"`
	Act      string `setting:"log-act" help:"Only acts of this kind, such as customer.changed." placeholder:"KIND"`
	Actor    string `setting:"log-actor" help:"Only acts of this kind of actor (staff, operator, feed or worker), or of one of them, such as feed:KXWJ5T3A." placeholder:"ACTOR"`
	Since    string `setting:"log-since" help:"Only acts since this day in the shop's time zone, or this time." placeholder:"2026-11-01"`
	Until    string `setting:"log-until" help:"Only acts until the end of this day, or before this time." placeholder:"2026-11-30"`
}

// use reads the filter and calls do with the query.
func (f logFilter) use(ctx context.Context, command string,
	do func(portal.Operator, shop.Shop, audit.Query) error) error {
	return f.storeFlag.use(ctx, func(operator portal.Operator) error {
		shop, err := f.pick(ctx, operator)
		if err != nil {
			return err
		}
		q, wrong := f.query(shop)
		if err := wrong.usage(command); err != nil {
			return err
		}
		if f.Customer != "" {
			account, err := operator.FindCustomer(ctx, shop.ID, f.Customer)
			if validate.KindOf(err) == validate.NotFound {
				return failf("Shop %s has no customer with the email or id %q.", shop.ID, f.Customer)
			}
			if err != nil {
				return err
			}
			q.Customer, q.Merged = account.ID, account.IDs()[1:]
		}
		return do(operator, shop, q)
	})
}

func (f logFilter) query(sh shop.Shop) (q audit.Query, wrong problems) {
	q = audit.Query{Kind: audit.Kind(f.Act), Actor: f.Actor}
	var kinds, actors []string
	for _, kind := range audit.Kinds() {
		kinds = append(kinds, string(kind))
	}
	for _, kind := range audit.ActorKinds() {
		actors = append(actors, string(kind))
	}
	kind, _, _ := strings.Cut(f.Actor, ":")
	if f.Act != "" && !slices.Contains(kinds, f.Act) {
		wrong.add("--act: must be %s, not %q.", listOf(kinds), f.Act)
	}
	if f.Actor != "" && !slices.Contains(actors, kind) {
		wrong.add("--actor: must be %s, or one of them with a colon and an id, not %q.", listOf(actors), f.Actor)
	}
	q.From = momentOf("--since", f.Since, 0, sh.Location(), &wrong)
	q.To = momentOf("--until", f.Until, 1, sh.Location(), &wrong)
	return q, wrong
}

// momentOf reads a time, or a day in a time zone, to which it adds days.
func momentOf(flag, text string, days int, zone *time.Location, wrong *problems) time.Time {
	if text == "" {
		return time.Time{}
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at
	}
	day, err := time.ParseInLocation(time.DateOnly+" 15", text+" 12", zone)
	if err != nil {
		wrong.add("%s: %q is neither a day such as 2026-11-30 nor a time such as 2026-11-30T08:00:00Z.", flag, text)
		return time.Time{}
	}
	return validate.Dawn(day.AddDate(0, 0, days))
}

// logList lists entries.
type logList struct {
	logFilter
	Limit  most   `setting:"log-limit" help:"The most entries." default:"50"`
	Cursor string `setting:"log-cursor" help:"Continue after an earlier page: the value that it printed." placeholder:"CURSOR"`
	JSON   bool   `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Help implements kong.HelpProvider.
func (logList) Help() string {
	return `Shows what staff, operators and feeds did to customers' data, and what was done to the staff: who, when, what, before and after. An operator is the system user who ran the command; the system says so, nothing proves it. An entry appears seconds after its act, when "portal serve" has recorded it. An order that a feed sends is no entry; an order that is deleted is one. An entry without a number is not yet part of the chain.

  portal log list --customer jana@example.com
  portal log list --act order.deleted --since 2026-11-01`
}

// Run lists the entries.
func (c logList) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, "help log list", func(operator portal.Operator, shop shop.Shop, q audit.Query) error {
		log, err := operator.Log(ctx, shop.ID)
		if err != nil {
			return err
		}
		q.Cursor = c.Cursor
		var found []audit.Detail
		for more := true; more; more = q.Cursor != "" && len(found) < int(c.Limit) {
			q.Limit = int(c.Limit) - len(found)
			page, err := log.List(ctx, q)
			if errors.Is(err, storage.ErrCursor) {
				return problems{"--cursor: belongs to another list, or is damaged."}.usage("help log list")
			}
			if err != nil {
				return err
			}
			found, q.Cursor = append(found, page.Entries...), page.Next
		}
		if err := c.print(w, found); err != nil {
			return err
		}
		if q.Cursor != "" {
			w.note("There are older entries: add --cursor %s", q.Cursor)
		}
		return nil
	})
}

// loggedAct is an entry as JSON.
type loggedAct struct {
	Number int64 `json:"number,omitempty"`
	audit.Act
	Erased bool `json:"erased"`
}

func (c logList) print(w *environment, found []audit.Detail) error {
	t := table{head: []string{"NUMBER", "TIME", "ACT", "ACTOR", "ON", "CHANGES", "REASON"}}
	list := make([]loggedAct, 0, len(found))
	for _, entry := range found {
		list = append(list, loggedAct{entry.Number, entry.Act, entry.IsErased()})
		t.add(logRow(entry)...)
	}
	if c.JSON {
		return printJSON(w, list)
	}
	return t.print(w, false)
}

func logRow(entry audit.Detail) []string {
	number, customer := "", entry.Customer
	if entry.Number > 0 {
		number = strconv.FormatInt(entry.Number, 10)
	}
	switch {
	case entry.IsErased():
		customer = "(deleted)"
	case entry.Member != "":
		customer = entry.Email
	}
	var changes []string
	for _, c := range entry.Changes {
		changes = append(changes, c.Field+": "+orNothing(c.Before)+" → "+orNothing(c.After))
	}
	return []string{number, moment(entry.At), string(entry.Kind), entry.Actor.String(), customer,
		strings.Join(changes, "; "), entry.Reason}
}

func orNothing(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// logExport prints the log as CSV.
type logExport struct{ logFilter }

// Help implements kong.HelpProvider.
func (logExport) Help() string {
	return `Prints one line for each changed field, newest first. Times are in UTC. The output contains personal data.

  portal log export --since 2026-01-01 > log.csv`
}

// Run prints the log.
func (c logExport) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, "help log export", func(operator portal.Operator, shop shop.Shop, q audit.Query) error {
		return operator.LogCSV(ctx, shop.ID, q, w.stdout)
	})
}

// logHead prints the head of the log.
type logHead struct {
	storeFlag
	shopFlag
}

// Help implements kong.HelpProvider.
func (logHead) Help() string {
	return `Each entry contains a hash of the one before, so the last hash stands for the whole log. Keep it where nobody who can write to the store can change it, such as in a mailbox or on paper. "portal log verify --head" then finds an end that was cut off, and a log that was rewritten from some entry on.`
}

// Run prints "NUMBER:HASH".
func (c logHead) Run(ctx context.Context, w *environment) error {
	return useLog(ctx, c.storeFlag, c.shopFlag, func(_ shop.Shop, log audit.Log) error {
		head, waits, err := log.Head(ctx)
		if err != nil {
			return err
		}
		w.say("%s", head)
		if waits {
			w.note("Further acts are waiting; \"portal serve\" appends them within seconds.")
		}
		return nil
	})
}

// useLog calls do with a shop's log.
func useLog(ctx context.Context, store storeFlag, of shopFlag, do func(shop.Shop, audit.Log) error) error {
	return store.use(ctx, func(operator portal.Operator) error {
		shop, err := of.pick(ctx, operator)
		if err != nil {
			return err
		}
		log, err := operator.Log(ctx, shop.ID)
		if err != nil {
			return err
		}
		return do(shop, log)
	})
}

// logVerify verifies the log.
type logVerify struct {
	storeFlag
	shopFlag
	Head string `setting:"log-head" help:"A head that \"portal log head\" printed earlier." placeholder:"NUMBER:HASH"`
}

// Help implements kong.HelpProvider.
func (logVerify) Help() string {
	return `Reads the whole log and finds entries that were changed, removed, moved or copied. Without --head it cannot find an end that was cut off together with the stored head, nor a log whose hashes were all computed again: the program that writes the log could do both. Entries of deleted customers are counted as erased; that is no fault.`
}

// Run verifies the log. Faults make the command fail.
func (c logVerify) Run(ctx context.Context, w *environment) error {
	var known audit.Head
	if c.Head != "" {
		var err error
		if known, err = audit.ParseHead(c.Head); err != nil {
			return problems{"--head: " + err.Error() + "."}.usage("help log verify")
		}
	}
	return useLog(ctx, c.storeFlag, c.shopFlag, func(shop shop.Shop, log audit.Log) error {
		report, err := log.Verify(ctx, known)
		if err != nil {
			return err
		}
		for _, fault := range report.Faults {
			w.say("Entry %d: %s", fault.Number, fault.Text)
		}
		if report.Further > 0 {
			w.say("Further faults: %d.", report.Further)
		}
		if !report.IsSound() {
			return failf("The log of shop %s was tampered with or is damaged.", shop.ID)
		}
		w.say("The log of shop %s is intact. Entries: %d, erased with their customers: %d. Head: %s", shop.ID,
			report.Head.Number, report.Erased, report.Head)
		return nil
	})
}
