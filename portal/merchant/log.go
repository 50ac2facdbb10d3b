package merchant

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// LogQuery asks for a page of the log, as given in the URL; "" selects all.
type LogQuery struct {
	Person   string // a customer by email, id or order number; or a member of staff by email or id
	Actor    string // a kind of actor, or an audit.Actor's String
	Act      string // an audit.Kind
	From, To string // days, both inclusive
	Cursor   string
}

// LogPage is a page of the log, newest first.
type LogPage struct {
	audit.Page
	Person    string            // the name of the person whom the query names
	Members   map[string]string // emails of the staff on the page and on the roster, by id
	Customers map[string]string // names of the customers on the page who still exist, by id
	Roster    []staff.Member
	Head      audit.Head // the last entry of the whole log
}

const entriesPerPage = 50

// Log returns a page of the log. Field errors are at the names of the query's fields and at "cursor".
func (s Staff) Log(ctx context.Context, q LogQuery) (LogPage, error) {
	if !s.May(staff.PermissionLog) {
		return LogPage{}, denied()
	}
	roster, _, err := s.rosters().Get(ctx, staff.RosterKey)
	p := LogPage{Roster: roster.Members, Members: map[string]string{}, Customers: map[string]string{}}
	if err != nil {
		return p, err
	}
	for _, m := range roster.Members {
		p.Members[m.ID] = m.Email
	}
	if p.Head, _, err = s.log().Head(ctx); err != nil {
		return p, err
	}
	find, person, err := s.logQuery(ctx, q)
	if p.Person = person; err != nil {
		return p, err
	}
	if p.Page, err = s.log().List(ctx, find); errors.Is(err, storage.ErrCursor) {
		return p, wrongField("cursor", "cursor.bad")
	}
	if err == nil {
		err = s.addMembers(ctx, &p)
	}
	if err == nil {
		err = s.addCustomers(ctx, &p)
	}
	return p, err
}

// LogCSV prepares the download of everything that a query selects and returns what writes it, as
// portal.LogCSV does. It needs a fresh second factor. The download is an entry in the log before anything is
// written.
func (s Staff) LogCSV(ctx context.Context, q LogQuery) (func(context.Context, io.Writer) error, error) {
	if !s.May(staff.PermissionLog) {
		return nil, denied()
	}
	if err := s.requireFresh(); err != nil {
		return nil, err
	}
	if err := s.requireStill(ctx, staff.PermissionLog); err != nil {
		return nil, err
	}
	find, _, err := s.logQuery(ctx, q)
	if err != nil {
		return nil, err
	}
	find.Cursor = ""
	act, err := s.newAct(audit.LogExported, find.Customer, "")
	if err == nil {
		err = s.log().Record(ctx, act)
	}
	return func(ctx context.Context, to io.Writer) error { return portal.LogCSV(ctx, s.log(), find, to) }, err
}

// logQuery reads a query. person is the name of the person whom it names.
func (s Staff) logQuery(ctx context.Context, q LogQuery) (find audit.Query, person string, err error) {
	f := &validate.Validator{}
	find = audit.Query{Kind: audit.Kind(q.Act), Actor: q.Actor, Limit: entriesPerPage, Cursor: q.Cursor}
	if q.Person != "" {
		person, err = s.findPerson(ctx, q.Person, &find)
		if err != nil {
			return find, "", err
		}
		if person == "" {
			f.Reject("person", "log.person.unknown")
		}
	}
	if q.Act != "" && !slices.Contains(audit.Kinds(), find.Kind) {
		f.Reject("act", "filter.unknown")
	}
	kind, _, _ := strings.Cut(q.Actor, ":")
	if q.Actor != "" && !slices.Contains(audit.ActorKinds(), audit.ActorKind(kind)) {
		f.Reject("actor", "filter.unknown")
	}
	first, last := f.Day("from", q.From, s.shop.Location()), f.Day("to", q.To, s.shop.Location())
	if !first.IsZero() && !last.IsZero() && first.After(last) {
		f.Reject("from", "period.order")
	}
	if !first.IsZero() {
		find.From = validate.Dawn(first)
	}
	if !last.IsZero() {
		find.To = validate.Dawn(last.AddDate(0, 0, 1))
	}
	return find, person, validate.InvalidFields(f.Rejected)
}

// findPerson adds the customer or member of staff to a query and returns the name, "" for nobody. An email of
// both means the customer.
func (s Staff) findPerson(ctx context.Context, text string, find *audit.Query) (name string, err error) {
	ids, err := s.exactly(ctx, text)
	if err != nil {
		return "", err
	}
	rows, err := s.readRows(ctx, ids, nil)
	if err != nil {
		return "", err
	}
	if len(rows) > 0 {
		c, _, err := s.customers().Get(ctx, rows[0].ID)
		if errors.Is(err, storage.ErrNotFound) {
			err = nil
		}
		find.Customer, find.Merged = rows[0].ID, c.IDs()[1:]
		return cmp.Or(rows[0].Name(), rows[0].Email), err
	}
	roster, _, err := s.rosters().Get(ctx, staff.RosterKey)
	if err != nil {
		return "", err
	}
	canonical, _ := validate.CanonicalEmail(text)
	for _, m := range roster.Members {
		if m.ID == text || m.Email == canonical {
			find.Member = m.ID
			return m.Email, nil
		}
	}
	find.Member = text
	return s.formerEmail(ctx, text)
}

// formerEmail returns the email of somebody who was on the staff, from the latest act on them, or "".
func (s Staff) formerEmail(ctx context.Context, id string) (string, error) {
	page, err := s.log().List(ctx, audit.Query{Member: id, Limit: 1})
	if err != nil || len(page.Entries) == 0 {
		return "", err
	}
	return page.Entries[0].Email, nil
}

// addMembers adds the emails of those on the page who have left the staff.
func (s Staff) addMembers(ctx context.Context, p *LogPage) error {
	for _, entry := range p.Entries {
		if _, known := p.Members[entry.Actor.ID]; known || entry.Actor.Kind != audit.Staff {
			continue
		}
		email, err := s.formerEmail(ctx, entry.Actor.ID)
		if err != nil {
			return err
		}
		p.Members[entry.Actor.ID] = email
	}
	return nil
}

// addCustomers adds the names of the customers on the page.
func (s Staff) addCustomers(ctx context.Context, p *LogPage) error {
	var ids []string
	for _, entry := range p.Entries {
		if entry.Customer != "" && !slices.Contains(ids, entry.Customer) {
			ids = append(ids, entry.Customer)
		}
	}
	rows, err := s.readRows(ctx, ids, nil)
	for _, row := range rows {
		p.Customers[row.ID] = cmp.Or(row.Name(), row.Email)
	}
	for _, id := range ids {
		if err != nil || p.Customers[id] != "" {
			continue
		}
		var c customer.Customer // who took in an account that was merged
		if c, err = customer.Get(ctx, s.customers(), id); err == nil {
			p.Customers[id] = cmp.Or(c.Name(), c.Email)
		} else if errors.Is(err, storage.ErrNotFound) {
			err = nil
		}
	}
	return err
}
