package admin

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"postern/portal/audit"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	staffPath  = "/admin/staff"
	invitePath = "/admin/staff/invite"
	memberPath = "/admin/staff/:id"
)

func (h *Handler) staffRoutes() []gate.Route {
	return []gate.Route{
		get(staff.PermissionStaff, staffPath, h.list),
		getFresh(staff.PermissionStaff, invitePath, h.invite),
		postFresh(staff.PermissionStaff, invitePath, h.sendInvitation),
		getFresh(staff.PermissionStaff, memberPath, h.member),
		postFresh(staff.PermissionStaff, memberPath+"/role", h.setRole),
		postFresh(staff.PermissionStaff, memberPath+"/reset-factor", h.resetFactor),
		postFresh(staff.PermissionStaff, memberPath+"/sign-out", h.signOutMember),
		postFresh(staff.PermissionStaff, memberPath+"/end", h.endMemberSession),
		postFresh(staff.PermissionStaff, memberPath+"/remove", h.remove),
	}
}

// listPage lists the staff.
type listPage struct {
	page.Base
	Count string
	Rows  []memberRow
}

// memberRow is one person.
type memberRow struct{ Email, Path, Role, Tone, Status, Since string }

func (h *Handler) list(c *fiber.Ctx, s merchant.Staff) error {
	members, err := s.Colleagues(c.UserContext())
	if err != nil {
		return err
	}
	data := listPage{Base: h.base(c, s, "staff", "admin.staff.title"), Count: strconv.Itoa(len(members))}
	for _, m := range members {
		data.Rows = append(data.Rows, h.row(data.Base, m))
	}
	return h.pages.Render(c, fiber.StatusOK, "admin/staff", data)
}

func (h *Handler) row(b page.Base, m staff.Member) memberRow {
	row := memberRow{Email: m.Email, Path: staffPath + "/" + m.ID, Role: b.T("staff.role." + string(m.Role))}
	state, at := "invited", m.Enrolment.Until
	row.Tone = "waiting"
	switch {
	case m.IsEnrolled():
		state, at, row.Tone = "active", m.EnrolledAt, "done"
	case m.HasExpired(h.app.Now()):
		state, row.Tone = "expired", "stopped"
	}
	row.Status = b.T("staff.status." + state)
	row.Since = b.T("staff.since."+state, "When", at)
	return row
}

// invitePage is the form that adds a person.
type invitePage struct {
	page.Base
	roleChoice
	Form page.Form
}

// roleChoice is what a form offers as roles, with a sentence on what each may do.
type roleChoice struct {
	Roles  []page.Option
	Rights []string
}

func rolesOf(b page.Base) roleChoice {
	var choice roleChoice
	for _, role := range staff.Roles() {
		choice.Roles = append(choice.Roles, page.Option{Value: string(role), Label: b.T("staff.role." + string(role))})
		choice.Rights = append(choice.Rights, b.T("staff.role_choice."+string(role)))
	}
	return choice
}

func (h *Handler) invite(c *fiber.Ctx, s merchant.Staff) error {
	return h.showInvite(c, s, map[string]string{"role": string(staff.Viewer)}, nil)
}

func (h *Handler) showInvite(c *fiber.Ctx, s merchant.Staff, values map[string]string, err error) error {
	data := invitePage{Base: h.base(c, s, "staff", "admin.invite.title")}
	data.Form, data.roleChoice = data.Base.Form(values, err).InOrder("email", "role"), rolesOf(data.Base)
	return h.pages.Render(c, page.Refusal(err), "admin/invite", data)
}

// oncePage shows a one-time code, which cannot be shown again.
type oncePage struct {
	page.Base
	Email, Code, Text string
}

func (h *Handler) sendInvitation(c *fiber.Ctx, s merchant.Staff) error {
	code, err := s.Invite(c.UserContext(), c.FormValue("email"), c.FormValue("role"))
	switch {
	case page.Refused(err):
		return h.showInvite(c, s, page.Values(c, "email", "role"), err)
	case err != nil:
		return err
	}
	return h.showOnce(c, s, "admin.once.invited", c.FormValue("email"), code)
}

func (h *Handler) showOnce(c *fiber.Ctx, s merchant.Staff, key, email, code string) error {
	data := oncePage{Base: h.base(c, s, "staff", "admin.once.title"), Email: email, Code: code}
	data.Text = data.T(key, "Email", email)
	return h.pages.Render(c, fiber.StatusOK, "admin/once", data)
}

// memberView shows a person with what can be done.
type memberView struct {
	page.Base
	roleChoice
	Form     page.Form
	Row      memberRow
	Sessions []signedInBrowser
	Self     bool
	Needed   bool   // the last owner, who cannot be removed
	Did, Met string // URLs of the log: what the person did, and what was done to the person
}

func (h *Handler) member(c *fiber.Ctx, s merchant.Staff) error { return h.showMember(c, s, nil) }

func (h *Handler) showMember(c *fiber.Ctx, s merchant.Staff, err error) error {
	id, bad := gate.Param(c, "id")
	if bad != nil {
		return bad
	}
	m, sessions, bad := s.Colleague(c.UserContext(), id)
	if bad != nil {
		return bad
	}
	data := memberView{Base: h.base(c, s, "staff", ""), Self: m.ID == s.Member().ID}
	data.Title = m.Email
	data.Did = logURL(logPath, merchant.LogQuery{Actor: audit.Actor{Kind: audit.Staff, ID: m.ID}.String()})
	data.Met = logURL(logPath, merchant.LogQuery{Person: m.ID})
	colleagues, bad := s.Colleagues(c.UserContext())
	if bad != nil {
		return bad
	}
	data.Needed = (&staff.Roster{Members: colleagues}).IsLastOwner(m)
	data.Form, data.roleChoice = data.Base.Form(map[string]string{"role": string(m.Role)}, err), rolesOf(data.Base)
	data.Row = h.row(data.Base, m)
	for _, given := range sessions {
		data.Sessions = append(data.Sessions, browserOf(data.Base, given))
	}
	return h.pages.Render(c, page.Refusal(err), "admin/member", data)
}

// after shows the person again with an error, or confirms the act.
func (h *Handler) after(c *fiber.Ctx, s merchant.Staff, path, name string, err error) error {
	switch {
	case page.Refused(err):
		return h.showMember(c, s, err)
	case err != nil:
		return err
	}
	return done(c, path, name)
}

func (h *Handler) setRole(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err == nil {
		err = s.SetRole(c.UserContext(), id, c.FormValue("role"))
	}
	return h.after(c, s, staffPath+"/"+id, "staff.role", err)
}

func (h *Handler) resetFactor(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	m, _, err := s.Colleague(c.UserContext(), id)
	if err != nil {
		return err
	}
	code, err := s.ResetFactor(c.UserContext(), id)
	if err != nil {
		return h.after(c, s, staffPath, "", err)
	}
	return h.showOnce(c, s, "admin.once.reset", m.Email, code)
}

func (h *Handler) signOutMember(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err == nil {
		err = s.SignOutColleague(c.UserContext(), id)
	}
	return h.after(c, s, staffPath+"/"+id, "staff.signed_out", err)
}

func (h *Handler) endMemberSession(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err == nil {
		err = s.EndColleagueSession(c.UserContext(), id, c.FormValue("id"))
	}
	return h.after(c, s, staffPath+"/"+id, "device.signed_out", err)
}

func (h *Handler) remove(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err == nil {
		err = s.Remove(c.UserContext(), id)
	}
	return h.after(c, s, staffPath, "staff.removed", err)
}
