package merchant

import (
	"context"
	"slices"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/credential"
	"postern/portal/staff"
	"postern/portal/validate"
)

// Colleagues lists the shop's staff in the order in which they were invited.
func (s Staff) Colleagues(ctx context.Context) ([]staff.Member, error) {
	if !s.May(staff.PermissionStaff) {
		return nil, denied()
	}
	roster, _, err := s.rosters().Get(ctx, staff.RosterKey)
	return roster.Members, err
}

// Colleague returns a person with the live sessions, or validate.NotFound.
func (s Staff) Colleague(ctx context.Context, id string) (staff.Member, []credential.SessionInfo, error) {
	members, err := s.Colleagues(ctx)
	if err != nil {
		return staff.Member{}, nil, err
	}
	roster := staff.Roster{Members: members}
	m, found := roster.ByID(id)
	if !found {
		return m, nil, validate.NewError(validate.NotFound, "")
	}
	read, err := s.docs().Read(ctx, id)
	return m, read.Doc.SessionInfos(m, s.session.Hash, s.app.Now()), err
}

func denied() error { return validate.NewError(validate.Denied, "error.denied") }

// Invite adds a person and returns the one-time code to give to them; it cannot be shown again. Field errors
// are at "email" and "role"; a person who has enrolled is a Conflict.
func (s Staff) Invite(ctx context.Context, email, role string) (code string, err error) {
	canonical, err := portal.ReadInvitation(email, role)
	if err != nil {
		return "", err
	}
	code = credential.NewCode()
	err = s.act(ctx, audit.StaffInvited, func(r *staff.Roster) (string, error) {
		m, err := r.Invite(canonical, staff.Role(role), s.enrolmentHash(code), s.member.Email, s.app.Now())
		return m.ID, err
	})
	return credential.ShowCode(code), err
}

func (s Staff) enrolmentHash(code string) string {
	return portal.EnrolmentHash(s.app.Secret(), s.shop.ID, code)
}

// SetRole changes a person's role and ends their sessions. The last owner is a Conflict.
func (s Staff) SetRole(ctx context.Context, id, role string) error {
	if !staff.IsRole(role) {
		return wrongField("role", "staff.role.unknown")
	}
	return s.act(ctx, audit.StaffRoleChanged, func(r *staff.Roster) (string, error) {
		return id, r.SetRole(id, staff.Role(role), s.member.Email, s.app.Now())
	})
}

// ResetFactor makes a colleague set up a new second factor and returns the one-time code for it. One's own is
// a Conflict: another owner or the command line resets it.
func (s Staff) ResetFactor(ctx context.Context, id string) (code string, err error) {
	if id == s.member.ID {
		return "", validate.NewError(validate.Conflict, "staff.own_factor")
	}
	code = credential.NewCode()
	err = s.act(ctx, audit.StaffFactorReset, func(r *staff.Roster) (string, error) {
		return id, r.ResetFactor(id, s.enrolmentHash(code), s.member.Email, s.app.Now())
	})
	return credential.ShowCode(code), err
}

// Remove removes a person, who is signed out at once. The last owner is a Conflict.
func (s Staff) Remove(ctx context.Context, id string) error {
	return s.act(ctx, audit.StaffRemoved, func(r *staff.Roster) (string, error) {
		return id, r.Remove(id, s.member.Email, s.app.Now())
	})
}

// SignOutColleague ends all sessions of a person.
func (s Staff) SignOutColleague(ctx context.Context, id string) error {
	return s.act(ctx, audit.StaffSignedOut, func(r *staff.Roster) (string, error) {
		return id,
			r.EndSessions(id)
	})
}

// EndColleagueSession ends one session of a person, by its id. It is no error if it has already ended.
func (s Staff) EndColleagueSession(ctx context.Context, id, session string) error {
	_, live, err := s.Colleague(ctx, id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(live, func(info credential.SessionInfo) bool { return info.ID == session }) {
		return nil
	}
	return s.act(ctx, audit.StaffSignedOut, func(r *staff.Roster) (string, error) {
		return id, r.EndSession(id, session, s.app.Now())
	})
}

// act is the one way of every act of a person on the shop's staff. do returns the id of whom it is about. It
// requires that permission and a fresh second factor, and decides again in the write itself: somebody who
// loses the role meanwhile changes nothing. The same write carries the entry for the log.
func (s Staff) act(ctx context.Context, kind audit.Kind, do func(*staff.Roster) (id string,
	err error)) error {
	if !s.May(staff.PermissionStaff) {
		return denied()
	}
	if err := s.requireFresh(); err != nil {
		return err
	}
	act, err := s.newAct(kind, "", "")
	if err != nil {
		return err
	}
	_, err = s.rosters().Change(ctx, staff.RosterKey, func(r *staff.Roster) error {
		present, found := r.ByID(s.member.ID)
		switch {
		case !found || present.Sessions != s.member.Sessions || present.HasEnded(s.session.ID()):
			return stranger()
		case !present.Role.May(staff.PermissionStaff):
			return denied()
		}
		return portal.ActOnStaff(r, act, do)
	})
	return strangerIfMissing(err)
}
