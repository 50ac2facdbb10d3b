package merchant

import (
	"context"
	"errors"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/group"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// GroupRow is a group with the number of its members.
type GroupRow struct {
	group.Group
	Count customer.Count
}

func (s Staff) groups() storage.Docs[group.Groups] { return group.Docs(s.app.Engine(), s.shop.ID) }

// readGroups returns the groups of the shop, of which there may be none yet.
func (s Staff) readGroups(ctx context.Context) (group.Groups, error) {
	if !s.May(staff.PermissionCustomers) {
		return group.Groups{}, denied()
	}
	read, err := s.groups().Read(ctx, group.Key)
	return read.Doc, err
}

// Groups returns the shop's groups by name.
func (s Staff) Groups(ctx context.Context) ([]group.Group, error) {
	all, err := s.readGroups(ctx)
	return all.Present(), err
}

// CountedGroups is Groups with the numbers of members.
func (s Staff) CountedGroups(ctx context.Context) ([]GroupRow, error) {
	list, err := s.Groups(ctx)
	rows := make([]GroupRow, len(list))
	filters := make([]map[string]string, len(list))
	for i, g := range list {
		rows[i].Group, filters[i] = g, membersOf(g.ID)
	}
	if err != nil {
		return nil, err
	}
	counts, err := s.counts(ctx, filters)
	for i := range counts {
		rows[i].Count = counts[i]
	}
	return rows, err
}

func membersOf(group string) map[string]string { return map[string]string{"group": group} }

// Group returns a group with the number of its members, or validate.NotFound.
func (s Staff) Group(ctx context.Context, id string) (GroupRow, error) {
	all, err := s.readGroups(ctx)
	if err != nil {
		return GroupRow{}, err
	}
	g, found := all.ByID(id)
	if !found {
		return GroupRow{}, validate.NewError(validate.NotFound, "group.gone")
	}
	counts, err := s.counts(ctx, []map[string]string{membersOf(id)})
	if err != nil {
		return GroupRow{}, err
	}
	return GroupRow{Group: g, Count: counts[0]}, nil
}

// maxRecounts is how many counts one page has renewed.
const maxRecounts = 25

// counts returns the kept counts of what the filters select, and has those renewed that are old.
func (s Staff) counts(ctx context.Context, filters []map[string]string) ([]customer.Count, error) {
	docs, now, looked := customer.CountDocs(s.app.Engine(), s.shop.ID), s.app.Now(), 0
	counts := make([]customer.Count, len(filters))
	for i, chosen := range filters {
		read, err := docs.Read(ctx, customer.CountKey(chosen))
		if err == nil && looked < maxRecounts && read.Doc.Look(chosen, now) {
			looked++
			read.Doc, err = docs.Put(ctx, customer.CountKey(chosen), func(c *customer.Count, _ bool) error {
				if !c.Look(chosen, now) {
					return storage.ErrUnchanged
				}
				return nil
			})
		}
		if err != nil {
			return nil, err
		}
		counts[i] = read.Doc
	}
	return counts, nil
}

// actOnGroups is the one way of every act of a person on the groups: it changes them, and they then carry the
// act with what it changed. An act that changes nothing is not recorded; its id is then "".
func (s Staff) actOnGroups(ctx context.Context, act audit.Act, alter func(*group.Groups) error) (string,
	error) {
	changed := false
	_, err := s.groups().Put(ctx, group.Key, func(all *group.Groups, _ bool) error {
		if err := s.requireStill(ctx, staff.PermissionGroups); err != nil {
			return err
		}
		before := all.Fields()
		if err := alter(all); err != nil {
			return err
		}
		if changed = len(audit.Changes(before, all.Fields())) > 0; !changed {
			return storage.ErrUnchanged
		}
		err := all.Carry(act, before)
		all.Settle(s.app.Now())
		return err
	})
	if err != nil || !changed {
		return "", err
	}
	return act.ID, nil
}

// CreateGroup creates a group and returns its id. Field errors are at "name" and "description".
func (s Staff) CreateGroup(ctx context.Context, name, description string) (string, error) {
	f := &validate.Validator{}
	name, description = group.Read(f, name, description)
	if len(f.Rejected) > 0 {
		return "", validate.InvalidFields(f.Rejected)
	}
	g := group.Group{ID: storage.NewID(), Name: name, Description: description, CreatedAt: s.app.Now(),
		ChangedAt: s.app.Now()}
	_, err := s.actOnGroups(ctx, s.groupAct(audit.GroupCreated),
		func(all *group.Groups) error { return all.Create(g) })
	return g.ID, err
}

func (s Staff) groupAct(kind audit.Kind) audit.Act {
	act := audit.New(kind, s.actor(), s.app.Now())
	act.Address = s.address
	return act
}

// GroupEdit is a form with a group's name and description. Base has the values that the form was made from,
// so that only what somebody typed is saved.
type GroupEdit struct {
	ID           string
	Base, Values map[string]string
}

// EditGroup changes what was typed in a form with "name" and "description", and returns the act, "" if
// nothing changed. What somebody else changed since to something else is a Conflict, with an error at the
// field.
func (s Staff) EditGroup(ctx context.Context, e GroupEdit) (act string, err error) {
	f := &validate.Validator{}
	name, description := group.Read(f, e.Values["name"], e.Values["description"])
	if len(f.Rejected) > 0 {
		return "", validate.InvalidFields(f.Rejected)
	}
	return s.actOnGroups(ctx, s.groupAct(audit.GroupChanged), func(all *group.Groups) error {
		g, found := all.ByID(e.ID)
		if !found {
			return validate.NewError(validate.NotFound, "group.gone")
		}
		var conflicts []validate.FieldError
		merge := func(field, base, typed, stored string) string {
			if typed == base {
				return stored
			}
			if stored != base && stored != typed {
				conflicts = append(conflicts, validate.FieldError{Field: field, Key: "edit.conflict",
					Args: map[string]string{"Stored": stored}})
			}
			return typed
		}
		name := merge("name", e.Base["name"], name, g.Name)
		description := merge("description", e.Base["description"], description, g.Description)
		if len(conflicts) > 0 {
			return &validate.Error{Kind: validate.Conflict, Key: "edit.changed", Fields: conflicts}
		}
		return all.Set(e.ID, name, description, s.app.Now())
	})
}

// UndoGroup undoes a change of a group's name or description. It is a Conflict if something else changed it
// since, if it is older than audit.UndoPeriod, and if it was undone already.
func (s Staff) UndoGroup(ctx context.Context, act string) error {
	undo := audit.UndoOf(act, s.actor(), s.app.Now())
	undo.Kind, undo.Address = audit.GroupUndone, s.address
	_, err := s.actOnGroups(ctx, undo, func(all *group.Groups) error {
		earlier, err := s.log().Find(ctx, all.Work, act)
		if errors.Is(err, storage.ErrNotFound) || err == nil && earlier.Kind != audit.GroupChanged {
			return validate.NewError(validate.NotFound, "undo.gone")
		}
		if err != nil {
			return err
		}
		switch _, err := s.log().Find(ctx, all.Work, undo.ID); {
		case err == nil:
			return validate.NewError(validate.Conflict, "undo.already")
		case !errors.Is(err, storage.ErrNotFound):
			return err
		}
		if err := audit.Undoable(earlier, s.app.Now()); err != nil {
			return err
		}
		return all.Undo(earlier, s.app.Now())
	})
	return err
}

// GroupChange puts a customer into a group, or takes them out of it.
type GroupChange struct {
	Customer, Group string
	Member          bool
	Reason          string
}

// SetGroup makes a customer a member of a group or ends that, and returns the act, "" if nothing changed. A
// field error is at "group" if there is no such group, and at "reason".
func (s Staff) SetGroup(ctx context.Context, change GroupChange) (string, error) {
	act, err := s.newAct(audit.CustomerChanged, change.Customer, change.Reason)
	if err != nil {
		return "", err
	}
	changed := false
	_, err = s.actOn(ctx, staff.PermissionEditCustomers, act, func(c *customer.Customer) error {
		_, before := c.Membership(change.Group)
		err := portal.ChangeGroup(ctx, s.app, s.shop, c, portal.GroupChange{Group: change.Group,
			Member: change.Member, Act: act})
		_, after := c.Membership(change.Group)
		changed = before != after
		return err
	})
	if err != nil || !changed {
		return "", err
	}
	return act.ID, nil
}

// MembershipRow is a membership with the name of its group and the email of who gave it, "" for somebody who
// left.
type MembershipRow struct {
	customer.Membership
	Name  string
	Email string
}

// Memberships returns the groups of a customer by name, and those that the customer could join.
func (s Staff) Memberships(ctx context.Context, c customer.Customer) (rows []MembershipRow,
	others []group.Group, err error) {
	list, err := s.Groups(ctx)
	if err != nil {
		return nil, nil, err
	}
	roster, _, err := s.rosters().Get(ctx, staff.RosterKey)
	for _, g := range list {
		m, found := c.Membership(g.ID)
		if !found {
			others = append(others, g)
			continue
		}
		row := MembershipRow{Membership: m, Name: g.Name}
		for _, member := range roster.Members {
			if m.By == (audit.Actor{Kind: audit.Staff, ID: member.ID}).String() {
				row.Email = member.Email
			}
		}
		rows = append(rows, row)
	}
	return rows, others, err
}
