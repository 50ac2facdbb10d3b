package merchant

import (
	"context"
	"slices"
	"time"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/event"
	"postern/portal/inquiry"
	"postern/portal/order"
	"postern/portal/staff"
	"postern/portal/withdrawal"
	"postern/storage"
)

// Moment is something that happened to a customer: exactly one of the pointers is set.
type Moment struct {
	At      time.Time
	Act     *Event
	Order   *order.Row
	Letter  *inquiry.Record
	Consent *customer.Consent
	Event   *event.Event

	Withdrawal *WithdrawalRow
}

// Event is an act in a timeline.
type Event struct {
	audit.Detail
	CanUndo bool
	Undone  bool
}

// The sources of a timeline.
const (
	SourceActs     = "acts"
	SourceOrders   = "orders"
	SourceLetters  = "letters"
	SourceConsents = "consents"
	SourceEvents   = "events"

	SourceWithdrawals = "withdrawals"
)

// Sources lists the sources of a timeline.
func Sources() []string {
	return []string{SourceOrders, SourceLetters, SourceWithdrawals, SourceActs, SourceConsents, SourceEvents}
}

const momentsPerPage = 15

// Timeline returns what happened to a customer before a time, the latest first, from one source or "" for
// all, and the time to ask for next, zero if nothing is left. An act of the last seconds may be missing.
func (s Staff) Timeline(ctx context.Context, c customer.Customer, source string, before time.Time) (
	list []Moment, next time.Time, err error) {
	if !s.May(staff.PermissionCustomers) {
		return nil, next, denied()
	}
	readers := map[string]func(context.Context, customer.Customer, time.Time) ([]Moment, error){
		SourceActs: s.momentsOfActs, SourceOrders: s.momentsOfOrders, SourceLetters: s.momentsOfLetters,
		SourceConsents: s.momentsOfConsents, SourceEvents: s.momentsOfEvents,
		SourceWithdrawals: s.momentsOfWithdrawals,
	}
	for _, name := range Sources() {
		if source != "" && source != name {
			continue
		}
		accounts := c.IDs() // what was merged stays under the account that it was made for
		if name != SourceActs && name != SourceLetters {
			accounts = accounts[:1]
		}
		for _, id := range accounts {
			of := c
			of.ID = id
			found, err := readers[name](ctx, of, before)
			if err != nil {
				return nil, next, err
			}
			list = append(list, found...)
		}
	}
	slices.SortStableFunc(list, func(a, b Moment) int { return b.At.Compare(a.At) })
	end := min(len(list), momentsPerPage)
	for end > 0 && end < len(list) && list[end].At.Equal(list[end-1].At) {
		end++ // moments of the same time stay together, since the next page begins before it
	}
	if end < len(list) {
		next = list[end-1].At
	}
	return list[:end], next, nil
}

// reach is how many moments each source gives, so that a page can keep those of the same time together.
const reach = 2 * momentsPerPage

func (s Staff) momentsOfActs(ctx context.Context, c customer.Customer, before time.Time) ([]Moment, error) {
	page, err := s.log().List(ctx, audit.Query{Customer: c.ID, To: before, Limit: reach})
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(page.Entries))
	for i, entry := range page.Entries {
		ids[i] = entry.ID
	}
	undone, err := s.log().Undone(ctx, ids)
	var list []Moment
	for _, entry := range page.Entries {
		e := &Event{Detail: entry, Undone: undone[entry.ID]}
		e.CanUndo = s.May(staff.PermissionEditCustomers) && audit.Undoable(entry.Act,
			s.app.Now()) == nil && c.CanUndo(entry.Act)
		list = append(list, Moment{At: entry.At, Act: e})
	}
	return list, err
}

func (s Staff) momentsOfOrders(ctx context.Context, c customer.Customer, before time.Time) ([]Moment, error) {
	query := storage.Query{Index: order.ByPlaced, Equal: []any{c.ID}, Descending: true, Limit: reach}
	if !before.IsZero() {
		query.To = before
	}
	found, err := storage.Find[order.Row](ctx, order.Docs(s.app.Engine(), s.shop.ID), query)
	var list []Moment
	for _, hit := range found.Hits {
		row := hit.Head
		row.Number = hit.Key
		list = append(list, Moment{At: row.PlacedAt, Order: &row})
	}
	return list, err
}

func (s Staff) momentsOfLetters(ctx context.Context, c customer.Customer, before time.Time) ([]Moment,
	error) {
	query := storage.Query{Index: inquiry.ByCustomer, Equal: []any{c.ID}, Descending: true, Limit: reach}
	if !before.IsZero() {
		query.To = withdrawal.PlaceOf(before, "")
	}
	found, err := storage.Find[inquiry.Inquiry](ctx, inquiry.Docs(s.app.Engine(), s.shop.ID), query)
	var list []Moment
	for _, hit := range found.Hits {
		made := hit.Head.Record(hit.Key)
		list = append(list, Moment{At: made.At, Letter: &made})
	}
	return list, err
}

func (s Staff) momentsOfConsents(_ context.Context, c customer.Customer,
	before time.Time) (list []Moment, _ error) {
	for _, said := range c.ConsentHistory() {
		if before.IsZero() || said.At.Before(before) {
			list = append(list, Moment{At: said.At, Consent: &said})
		}
	}
	return list, nil
}

func (s Staff) momentsOfEvents(ctx context.Context, c customer.Customer, before time.Time) ([]Moment, error) {
	events, err := s.app.Events(ctx, s.shop.ID, c)
	var list []Moment
	for _, happened := range events {
		if before.IsZero() || happened.At.Before(before) {
			list = append(list, Moment{At: happened.At, Event: &happened})
		}
	}
	return list, err
}

func (s Staff) momentsOfWithdrawals(ctx context.Context, c customer.Customer,
	before time.Time) ([]Moment, error) {
	rows, err := s.withdrawalsOf(ctx, c, before)
	var list []Moment
	for _, row := range rows {
		list = append(list, Moment{At: row.At, Withdrawal: &row})
	}
	return list, err
}

// MembersOf returns the emails of the staff whose acts are among the moments, by their ids.
func (s Staff) MembersOf(ctx context.Context, list []Moment) (map[string]string, error) {
	roster, _, err := s.rosters().Get(ctx, staff.RosterKey)
	if err != nil {
		return nil, strangerIfMissing(err)
	}
	p := LogPage{Members: map[string]string{}}
	for _, m := range roster.Members {
		p.Members[m.ID] = m.Email
	}
	for _, m := range list {
		if m.Act != nil {
			p.Entries = append(p.Entries, m.Act.Detail)
		}
	}
	return p.Members, s.addMembers(ctx, &p)
}
