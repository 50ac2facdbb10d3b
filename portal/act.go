package portal

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// auditLog returns the log of the acts on a shop's customers.
func (a *App) auditLog(shop string) audit.Log { return audit.Open(a.engine, shop, a.now) }

// recordsActs returns the job that records the acts that documents of a kind carry.
func recordsActs[T any](a *App) job.Kind[T] {
	again := job.Retry{Gaps: []time.Duration{time.Second, 10 * time.Second, time.Minute}, Forever: true}
	return job.Kind[T]{Retry: again, Do: func(ctx context.Context, t job.Task[T]) (job.Finish[T], error) {
		act, err := audit.Carried(t.Job.Args)
		if err == nil {
			err = a.auditLog(t.Shop).Record(ctx, act)
		}
		return nil, err
	}}
}

// recordPending records the acts that a document still carries, before it is deleted.
func (a *App) recordPending(ctx context.Context, shop string, list job.List) error {
	acts, err := audit.Pending(list)
	for _, act := range acts {
		err = errors.Join(err, a.auditLog(shop).Record(ctx, act))
	}
	return err
}

// eraseActs empties what the log says about a customer. The erasure is an entry of its own, which does not
// name the customer.
func (w Worker) eraseActs(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	if err := w.app.recordPending(ctx, shop.ID, c.Work); err != nil {
		return err
	}
	erasure := audit.New(audit.CustomerErased, audit.Actor{Kind: audit.Worker}, c.Erasure.Begun)
	erasure.ID = c.Erasure.Act
	return w.app.auditLog(shop.ID).Erase(ctx, c.ID, erasure)
}

// By returns the operator with the name of the system user who gave the command, for the log.
func (o Operator) By(user string) Operator {
	o.user = user
	return o
}

// Because returns the operator with a reason for what it does next. The customer can read it. A reason that
// is too long is a field error at "reason".
func (o Operator) Because(reason string) (Operator, error) {
	f := &validate.Validator{}
	o.reason = f.Text("reason", reason, validate.MaxText)
	return o, validate.InvalidFields(f.Rejected)
}

func (o Operator) act(kind audit.Kind, customer string) audit.Act {
	act := audit.New(kind, audit.Actor{Kind: audit.Operator, ID: o.user}, o.app.now())
	act.Customer, act.Reason = customer, o.reason
	return act
}

// From returns the feed with the client's address, for the log.
func (f Feed) From(address string) Feed {
	f.address = address
	return f
}

func (f Feed) act(kind audit.Kind, customer string) audit.Act {
	act := audit.New(kind, audit.Actor{Kind: audit.Feed, ID: f.key.ID}, f.app.now())
	act.Customer, act.Address = customer, f.address
	return act
}

// changeCustomer changes a customer, who then carries the act with what it changed. introduced says that the
// feed's id for the customer is new.
func (f Feed) changeCustomer(ctx context.Context, id string, introduced bool,
	alter func(*customer.Customer) error) (customer.Customer, error) {
	return f.app.changeCustomer(ctx, f.shop.ID, id, func(c *customer.Customer) error {
		before := c.Fields()
		if introduced {
			delete(before, "customer_id")
		}
		if err := alter(c); err != nil {
			return err
		}
		if maps.Equal(before, c.Fields()) {
			return nil
		}
		return c.Carry(f.act(audit.CustomerChanged, id), before)
	})
}

// Log returns a shop's log of the acts on customers, for reading and verifying it.
func (o Operator) Log(ctx context.Context, shop string) (audit.Log, error) {
	if _, err := o.app.shop(ctx, shop); err != nil {
		return audit.Log{}, err
	}
	return o.app.auditLog(shop), nil
}

// LogCSV writes the entries that a query selects, as package function LogCSV does.
func (o Operator) LogCSV(ctx context.Context, shop string, q audit.Query, to io.Writer) error {
	log, err := o.Log(ctx, shop)
	if err != nil {
		return err
	}
	return LogCSV(ctx, log, q, to)
}

// LogCSV writes entries of a log as CSV (RFC 4180) in UTF-8, newest first: a header line, then a line for
// each change, and one for an entry without changes. Cells that a spreadsheet would take for a formula are
// made harmless.
func LogCSV(ctx context.Context, log audit.Log, q audit.Query, to io.Writer) error {
	out := csv.NewWriter(to)
	out.UseCRLF = true
	err := out.Write([]string{"number", "time", "act", "kind", "actor", "role", "customer", "field", "before",
		"after", "reason", "address", "erased", "member", "member_email"})
	if err == nil {
		err = log.Each(ctx, q, func(entry audit.Detail) error {
			for _, row := range logRows(entry) {
				if err := out.Write(row); err != nil {
					return err
				}
			}
			return nil
		})
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

func logRows(entry audit.Detail) [][]string {
	number, changes := "", entry.Changes
	if entry.Number > 0 {
		number = strconv.FormatInt(entry.Number, 10)
	}
	if len(changes) == 0 {
		changes = []audit.Change{{}}
	}
	var rows [][]string
	for _, c := range changes {
		row := []string{number, entry.At.UTC().Format(time.RFC3339Nano), entry.ID, string(entry.Kind),
			entry.Actor.String(), entry.Actor.Role, entry.Customer, c.Field, c.Before, c.After, entry.Reason,
			entry.Address, strconv.FormatBool(entry.IsErased()), entry.Member, entry.Email}
		for i, cell := range row {
			row[i] = inert(cell)
		}
		rows = append(rows, row)
	}
	return rows
}

// Activity is a page of what the shop did to an account.
type Activity struct {
	audit.Page
	Names map[string]string // the emails of present staff by id, if the shop shows customers who acted
}

// Activity returns a page of what the shop did to the account, newest first. cursor is "" for the first page.
func (s Shopper) Activity(ctx context.Context, cursor string, limit int) (Activity, error) {
	if err := s.requireOwn(); err != nil {
		return Activity{}, err
	}
	page, err := s.app.auditLog(s.shop.ID).List(ctx, audit.Query{Customer: s.customer.ID,
		Merged: s.customer.IDs()[1:], Cursor: cursor, Limit: limit})
	if errors.Is(err, storage.ErrCursor) {
		err = &validate.Error{Kind: validate.NotFound, Cause: err}
	}
	shown := Activity{Page: page}
	if err != nil || !s.shop.StaffNames {
		return shown, err
	}
	roster, _, err := staff.RosterDocs(s.app.engine, s.shop.ID).Get(ctx, staff.RosterKey)
	shown.Names = s.namesOf(roster)
	return shown, ifFound(err)
}

// namesOf returns the emails of staff by id, nil if the shop does not show customers who acted.
func (s Shopper) namesOf(roster staff.Roster) map[string]string {
	if !s.shop.StaffNames {
		return nil
	}
	names := map[string]string{}
	for _, m := range roster.Members {
		names[m.ID] = m.Email
	}
	return names
}

// actData is an act of the shop in a customer's download.
type actData struct {
	At      time.Time      `json:"at"`
	Kind    audit.Kind     `json:"kind"`
	By      string         `json:"by"`
	Role    string         `json:"role,omitzero"`
	Changes []audit.Change `json:"changes,omitzero"`
	Reason  string         `json:"reason,omitzero"`
}

// acts writes what the shop did to the account. It names roles, not people.
func (x *export) acts(ctx context.Context) error {
	for _, id := range x.customer.IDs() {
		err := x.app.auditLog(x.shop.ID).Each(ctx, audit.Query{Customer: id},
			func(entry audit.Detail) error {
				return json.MarshalEncode(x.out, actData{At: entry.At, Kind: entry.Kind, By: string(entry.Actor.Kind),
					Role: entry.Actor.Role, Changes: customer.ShownChanges(entry.Changes), Reason: entry.Reason})
			})
		if err != nil {
			return fmt.Errorf("acts of the shop: %w", err)
		}
	}
	return nil
}
