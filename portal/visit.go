package portal

import (
	"context"
	"errors"
	"time"

	"postern/portal/audit"
	"postern/portal/staff"
	"postern/storage"
)

// Visit is a time in which somebody of the staff was signed in as the customer.
type Visit struct {
	BeganAt time.Time
	Until   time.Time // the latest end
	Lasts   bool
	Role    string
	Name    string // the person's email, "" unless the shop shows customers who acted
	Reason  string
	Access  string // audit.AccessRead or audit.AccessWrite
}

// shownVisits is the number of visits that Visits returns at most; Activity has all.
const shownVisits = 5

// Visits returns the latest times in which staff were signed in as the customer, newest first.
func (s Shopper) Visits(ctx context.Context) ([]Visit, error) {
	if err := s.requireOwn(); err != nil {
		return nil, err
	}
	found, err := s.app.auditLog(s.shop.ID).List(ctx, audit.Query{Customer: s.customer.ID,
		Merged: s.customer.IDs()[1:], Kind: audit.CustomerImpersonated, Limit: shownVisits})
	if err != nil || len(found.Entries) == 0 {
		return nil, err
	}
	roster, _, err := staff.RosterDocs(s.app.engine, s.shop.ID).Get(ctx, staff.RosterKey)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	names := s.namesOf(roster)
	visits := make([]Visit, len(found.Entries))
	for i, act := range found.Entries {
		visits[i] = Visit{BeganAt: act.At, Until: act.At.Add(staff.ImpersonationLife), Role: act.Actor.Role,
			Name: names[act.Actor.ID], Reason: act.Reason, Access: audit.AccessRead}
		for _, change := range act.Changes {
			if change.Field == audit.FieldAccess {
				visits[i].Access = change.After
			}
		}
		if visits[i].Lasts, err = s.lasts(ctx, roster, act.Act); err != nil {
			return nil, err
		}
	}
	return visits, nil
}

// lasts reports whether a visit has not ended yet.
func (s Shopper) lasts(ctx context.Context, roster staff.Roster, act audit.Act) (bool, error) {
	m, found := roster.ByID(act.Actor.ID)
	now := s.app.now()
	if !found || !now.Before(act.At.Add(staff.ImpersonationLife)) || !s.customer.Admits(act.At, false) {
		return false, nil
	}
	access, _, err := staff.AccessDocs(s.app.engine, s.shop.ID).Get(ctx, m.ID)
	return err == nil && access.Visits(m, act.Customer, act.At, now), ifFound(err)
}
