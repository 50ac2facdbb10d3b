package portal

import (
	"cmp"
	"context"
	"slices"

	"postern/portal/audit"
	"postern/portal/credential"
	"postern/portal/passkey"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/validate"
)

// Staff lists the staff of a shop in the order in which they were invited.
func (o Operator) Staff(ctx context.Context, shop string) ([]staff.Member, error) {
	if _, err := o.app.shop(ctx, shop); err != nil {
		return nil, err
	}
	roster, _, err := staff.RosterDocs(o.app.engine, shop).Get(ctx, staff.RosterKey)
	return roster.Members, ifFound(err)
}

// InviteStaff adds a person to the staff and returns the one-time code for setting up the second factor. It
// cannot be shown again. Field errors are at "email" and "role"; a person who has enrolled is a Conflict.
func (o Operator) InviteStaff(ctx context.Context, shop, email, role string) (code string, err error) {
	canonical, err := ReadInvitation(email, role)
	if err != nil {
		return "", err
	}
	code = credential.NewCode()
	err = o.changeRoster(ctx, shop, audit.StaffInvited, func(r *staff.Roster) (string, error) {
		m, err := r.Invite(canonical, staff.Role(role), EnrolmentHash(o.app.secret, shop, code), "", o.app.now())
		return m.ID, err
	})
	return credential.ShowCode(code), err
}

// ReadInvitation checks an invitation and returns its canonical email. Field errors are at "email" and
// "role".
func ReadInvitation(email, role string) (canonical string, err error) {
	f := &validate.Validator{}
	canonical, ok := validate.CanonicalEmail(email)
	if !ok {
		f.Reject("email", "email.form")
	}
	if !staff.IsRole(role) {
		f.Reject("role", "staff.role.unknown")
	}
	return canonical, validate.InvalidFields(f.Rejected)
}

// SetStaffRole changes the role of a person, whose sessions end. Nobody with the email is validate.NotFound,
// the last owner a Conflict.
func (o Operator) SetStaffRole(ctx context.Context, shop, email, role string) error {
	if !staff.IsRole(role) {
		return validate.InvalidFields([]validate.FieldError{{Field: "role", Key: "staff.role.unknown"}})
	}
	return o.changeMember(ctx, shop, email, audit.StaffRoleChanged, func(r *staff.Roster, id string) error {
		return r.SetRole(id, staff.Role(role), "", o.app.now())
	})
}

// ResetStaffFactor makes a person set up a new second factor and returns the one-time code for it.
func (o Operator) ResetStaffFactor(ctx context.Context, shop, email string) (code string, err error) {
	code = credential.NewCode()
	err = o.changeMember(ctx, shop, email, audit.StaffFactorReset, func(r *staff.Roster, id string) error {
		return r.ResetFactor(id, EnrolmentHash(o.app.secret, shop, code), "", o.app.now())
	})
	return credential.ShowCode(code), err
}

// RemoveStaff removes a person, who is signed out at once. The last owner is a Conflict.
func (o Operator) RemoveStaff(ctx context.Context, shop, email string) error {
	return o.changeMember(ctx, shop, email, audit.StaffRemoved, func(r *staff.Roster, id string) error {
		return r.Remove(id, "", o.app.now())
	})
}

func (o Operator) changeMember(ctx context.Context, shop, email string, kind audit.Kind,
	change func(r *staff.Roster, id string) error) error {
	canonical, _ := validate.CanonicalEmail(email)
	return o.changeRoster(ctx, shop, kind, func(r *staff.Roster) (string, error) {
		m, found := r.ByEmail(canonical)
		if !found {
			return "", validate.NewError(validate.NotFound, "")
		}
		return m.ID, change(r, m.ID)
	})
}

// LostPasskeys returns how many passkeys work under a shop's settings before a change of the base URL and not
// after it, and how many people have one of them.
func (o Operator) LostPasskeys(ctx context.Context, before, after shop.Shop) (lost, people int, err error) {
	was, err := passkey.NewSite(before.Name, before.BaseURL)
	if err != nil {
		return 0, 0, nil //nolint:nilerr // there were none
	}
	is, err := passkey.NewSite(after.Name, after.BaseURL)
	if err == nil && is.Host == was.Host {
		return 0, 0, nil
	}
	members, err := o.Staff(ctx, after.ID)
	if err != nil {
		return 0, 0, err
	}
	for _, m := range members {
		doc, _, err := staff.AccessDocs(o.app.engine, after.ID).Get(ctx, m.ID)
		if ifFound(err) != nil {
			return 0, 0, err
		}
		theirs := 0
		for _, k := range doc.Owner(m).Keys {
			if k.Works(was.Host) {
				theirs++
			}
		}
		if theirs > 0 {
			lost, people = lost+theirs, people+1
		}
	}
	return lost, people, nil
}

// changeRoster changes the roster of a shop, which is made with its first member.
func (o Operator) changeRoster(ctx context.Context, shop string, kind audit.Kind,
	change func(*staff.Roster) (id string, err error)) error {
	if _, err := o.app.shop(ctx, shop); err != nil {
		return err
	}
	_, err := staff.RosterDocs(o.app.engine, shop).Put(ctx, staff.RosterKey, func(r *staff.Roster,
		_ bool) error {
		return ActOnStaff(r, o.act(kind, ""), change)
	})
	return err
}

// ActOnStaff changes a roster, which then carries the act with what it changed. change returns the id of the
// member whom the act is about.
func ActOnStaff(r *staff.Roster, act audit.Act, change func(*staff.Roster) (id string, err error)) error {
	was := staff.Roster{Members: slices.Clone(r.Members)}
	id, err := change(r)
	if err != nil {
		return err
	}
	before, _ := was.ByID(id)
	after, _ := r.ByID(id)
	act.Member, act.Email = id, cmp.Or(after.Email, before.Email)
	act.Changes = audit.Changes(before.Fields(), after.Fields())
	return act.Carry(&r.Work)
}
