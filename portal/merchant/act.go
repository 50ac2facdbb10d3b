package merchant

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/note"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// From returns the person with the address of the client, for the log.
func (s Staff) From(address string) Staff {
	s.address = address
	return s
}

// newAct returns an act of the person. The customer can read the reason, which is a field error at "reason"
// if it is too long.
func (s Staff) newAct(kind audit.Kind, customer, reason string) (audit.Act, error) {
	f := &validate.Validator{}
	act := audit.New(kind, s.actor(), s.app.Now())
	act.Customer, act.Reason, act.Address = customer, f.Text("reason", reason, validate.MaxText), s.address
	return act, validate.InvalidFields(f.Rejected)
}

func (p person) actor() audit.Actor {
	return audit.Actor{Kind: audit.Staff, ID: p.member.ID, Role: string(p.member.Role)}
}

// ownAct returns an act of the person on their own sign-in.
func (p person) ownAct(kind audit.Kind, changes ...audit.Change) audit.Act {
	act := audit.New(kind, p.actor(), p.app.Now())
	act.Member, act.Email, act.Changes, act.Address = p.member.ID, p.member.Email, changes, p.address
	return act
}

// actOn is the one way of every act of a person on a customer: it changes the customer, who then carries the
// act with what it changed. The permission is decided in the attempt itself, so that somebody who lost the
// role after opening the form changes nothing. An act that changes nothing is not recorded.
func (s Staff) actOn(ctx context.Context, p staff.Permission, act audit.Act,
	alter func(*customer.Customer) error) (customer.Customer, error) {
	return s.record(ctx, p, act, func(c *customer.Customer) error {
		before := c.Fields()
		if err := alter(c); err != nil {
			return err
		}
		changes := audit.Changes(before, c.Fields())
		if len(changes) == 0 {
			return storage.ErrUnchanged
		}
		c.ChangedAt = s.app.Now()
		if slices.ContainsFunc(changes, func(change audit.Change) bool { return customer.IsFed(change.Field) }) {
			c.StaffAt = c.ChangedAt
		}
		s.tell(c, changes)
		return nil
	})
}

// tell has the customer told by email of changes that a thief could gain by: of addresses and of the VAT ID.
func (s Staff) tell(c *customer.Customer, changes []audit.Change) {
	address := func(change audit.Change) bool {
		return strings.HasPrefix(change.Field, "addresses.") || strings.HasPrefix(change.Field,
			"default_addresses.")
	}
	if slices.ContainsFunc(changes, address) {
		c.NotifyOfChange(portal.ChangedAddress, c.ChangedAt)
	}
	if slices.ContainsFunc(changes, func(change audit.Change) bool { return change.Field == "company.vat_id" }) {
		c.NotifyOfChange(portal.ChangedVATID, c.ChangedAt)
	}
}

// changed is actOn that returns the id of the act, "" if nothing changed.
func (s Staff) changed(ctx context.Context, p staff.Permission, act audit.Act,
	alter func(*customer.Customer) error) (id string, err error) {
	_, err = s.actOn(ctx, p, act, func(c *customer.Customer) error {
		id = "" // the change may be repeated
		before := c.Fields()
		if err := alter(c); err != nil {
			return err
		}
		if len(audit.Changes(before, c.Fields())) > 0 {
			id = act.ID
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// record is actOn for an act that is recorded although it may change no field, such as the end of all
// sessions.
func (s Staff) record(ctx context.Context, p staff.Permission, act audit.Act,
	alter func(*customer.Customer) error) (customer.Customer, error) {
	c, err := customer.Change(ctx, s.customers(), act.Customer, s.app.Now, func(c *customer.Customer) error {
		if err := s.requireStill(ctx, p); err != nil {
			return err
		}
		act.Customer = c.ID // another one for an account that was merged
		before := c.Fields()
		if err := alter(c); err != nil {
			return err
		}
		return c.Carry(act, before)
	})
	return c, validate.NotFoundIfMissing(err)
}

// requireStill is an error unless the person's role has the permission at this moment.
func (s Staff) requireStill(ctx context.Context, p staff.Permission) error {
	roster, _, err := s.rosters().Get(ctx, staff.RosterKey)
	if err != nil {
		return strangerIfMissing(err)
	}
	present, found := roster.ByID(s.member.ID)
	switch {
	case !found || present.Sessions != s.member.Sessions || present.HasEnded(s.session.ID()):
		return stranger()
	case !present.Role.May(p):
		return denied()
	}
	return nil
}

// Undo undoes an act on a customer. It is a Conflict, with an error at each field, if something else has
// changed one of them since, if the act cannot be undone, if it is older than audit.UndoPeriod, and if it has
// been undone already. It is NotFound if there is no such act on this customer.
func (s Staff) Undo(ctx context.Context, id, act string) error {
	undo := audit.UndoOf(act, s.actor(), s.app.Now())
	c, err := s.ReadCustomer(ctx, id)
	if err != nil {
		return err
	}
	undo.Customer, undo.Address = c.ID, s.address
	earlier, err := s.toUndo(ctx, c, act, undo)
	if err != nil {
		return err
	}
	if earlier.Kind == audit.CustomerMerged {
		return validate.NewError(validate.Conflict, "merge.undo_batch")
	}
	if note.IsAct(earlier) {
		return s.undoNote(ctx, earlier, undo)
	}
	needs := staff.PermissionEditCustomers
	if earlier.Kind == audit.CustomerErasureRequested {
		needs = staff.PermissionErase
	}
	_, err = s.actOn(ctx, needs, undo, func(c *customer.Customer) error {
		err := c.UndoRecorded(ctx, s.log(), undo, s.app.Now())
		if err == nil && earlier.Kind == audit.CustomerErasureRequested {
			c.NotifyOfChange(portal.ChangedErasure, s.app.Now()) // who was told that it would happen
		}
		return err
	})
	return err
}

// toUndo returns an act that can be undone, as far as its kind and age tell, and that no other undo has
// undone.
func (s Staff) toUndo(ctx context.Context, c customer.Customer, act string, undo audit.Act) (audit.Act,
	error) {
	earlier, err := s.actAgainst(ctx, c, act)
	if err != nil {
		return earlier, err
	}
	_, err = s.actAgainst(ctx, c, undo.ID)
	switch {
	case err == nil:
		return earlier, validate.NewError(validate.Conflict, "undo.already")
	case validate.KindOf(err) != validate.NotFound:
		return earlier, err
	}
	return earlier, audit.Undoable(earlier, s.app.Now())
}

// actAgainst returns an act on a customer, which the customer or a note may still carry. Otherwise it is
// validate.NotFound.
func (s Staff) actAgainst(ctx context.Context, c customer.Customer, id string) (audit.Act, error) {
	found, err := s.log().Find(ctx, c.Work, id)
	if errors.Is(err, storage.ErrNotFound) {
		return s.noteAct(ctx, c, id)
	}
	if err == nil && !c.Is(found.Customer) {
		return audit.Act{}, validate.NewError(validate.NotFound, "undo.gone")
	}
	return found, err
}

func (s Staff) log() audit.Log { return audit.Open(s.app.Engine(), s.shop.ID, s.app.Now) }

// today returns the present day in the shop's time zone.
func (s Staff) today() time.Time { return s.app.Now().In(s.shop.Location()) }

// NewForm returns an id for a form, so that one sent twice is processed once.
func (s Staff) NewForm() string { return storage.NewID() }
