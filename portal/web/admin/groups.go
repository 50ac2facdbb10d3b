package admin

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	groupsPath   = "/admin/groups"
	newGroupPath = "/admin/groups/new"
	groupPath    = "/admin/groups/:id"
)

func (h *Handler) groupRoutes() []gate.Route {
	return []gate.Route{
		get(staff.PermissionCustomers, groupsPath, h.groups),
		get(staff.PermissionGroups, newGroupPath, h.newGroup),
		post(staff.PermissionGroups, newGroupPath, h.createGroup),
		get(staff.PermissionCustomers, groupPath, h.group),
		post(staff.PermissionGroups, groupPath, h.saveGroup),
		post(staff.PermissionGroups, groupPath+"/undo", h.undoGroup),
		post(staff.PermissionEditCustomers, customerPath+"/groups", h.setGroup),
	}
}

// groupsPage lists the groups.
type groupsPage struct {
	page.Base
	Count   string
	MayEdit bool
	Rows    []groupLine
	Empty   page.Empty
}

// groupLine is one group. Members leads to the list of its members.
type groupLine struct{ Path, Name, Description, Members, Number, Counted string }

func (h *Handler) groups(c *fiber.Ctx, s merchant.Staff) error {
	found, err := s.CountedGroups(c.UserContext())
	if err != nil {
		return err
	}
	data := groupsPage{Base: h.base(c, s, "groups", "admin.groups.title"), Count: strconv.Itoa(len(found)),
		MayEdit: s.May(staff.PermissionGroups)}
	for _, row := range found {
		data.Rows = append(data.Rows, groupLineOf(data.Base, row, h.app.Now()))
	}
	data.Empty = data.Base.Empty(data.T("groups.none"), "", "")
	if data.MayEdit {
		data.Empty = data.Base.Empty(data.T("groups.none"), data.T("group.new"), newGroupPath)
	}
	return h.pages.Render(c, fiber.StatusOK, "admin/groups", data)
}

func groupLineOf(b page.Base, row merchant.GroupRow, now time.Time) groupLine {
	number, counted := countText(b, row.Count, now)
	return groupLine{Path: groupsPath + "/" + row.ID, Name: row.Name, Description: row.Description,
		Number:  number,
		Counted: counted, Members: page.WithQuery(customersPath, "group", row.ID)}
}

// countText returns a kept count and when it was counted, "" for just now.
func countText(b page.Base, count customer.Count, now time.Time) (number, counted string) {
	if !count.IsKnown() {
		return "", b.T("count.pending")
	}
	number = b.L.Number(count.N)
	if count.More {
		number = b.T("count.more", "Number", number)
	}
	if now.Sub(count.At) < customer.CountLife {
		return number, ""
	}
	return number, b.T("count.at", "When", count.At)
}

// groupPage shows a group, or with a form a new one.
type groupPage struct {
	page.Base
	groupLine
	Form    page.Form
	Stored  []page.Hidden // the values that the form was made from
	MayEdit bool
	Action  string // path of the form
}

func (h *Handler) newGroup(c *fiber.Ctx, s merchant.Staff) error {
	return h.showNewGroup(c, s, nil, nil)
}

func (h *Handler) showNewGroup(c *fiber.Ctx, s merchant.Staff, typed map[string]string, err error) error {
	data := groupPage{Base: h.base(c, s, "groups", "group.new"), MayEdit: true, Action: newGroupPath}
	data.Form = data.Base.Form(typed, err).InOrder("name", "description")
	return h.pages.Render(c, page.Refusal(err), "admin/group", data)
}

func (h *Handler) createGroup(c *fiber.Ctx, s merchant.Staff) error {
	typed := page.Values(c, "name", "description")
	id, err := s.CreateGroup(c.UserContext(), typed["name"], typed["description"])
	switch {
	case page.Refused(err):
		return h.showNewGroup(c, s, typed, err)
	case err != nil:
		return err
	}
	return done(c, groupsPath+"/"+id, "group.created")
}

func (h *Handler) group(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	return h.showGroup(c, s, id, nil, nil)
}

// showGroup shows a group. After a conflict the form has the typed values, and is made from the present ones.
func (h *Handler) showGroup(c *fiber.Ctx, s merchant.Staff, id string, typed map[string]string,
	refused error) error {
	row, err := s.Group(c.UserContext(), id)
	if err != nil {
		return err
	}
	data := groupPage{Base: h.base(c, s, "groups", ""), MayEdit: s.May(staff.PermissionGroups)}
	data.groupLine = groupLineOf(data.Base, row, h.app.Now())
	data.Title, data.Action = row.Name, data.Path
	data.OfferUndo(data.Path+"/undo", page.Hidden{Name: "act", Value: c.Query("undo")})
	values := map[string]string{"name": row.Name, "description": row.Description}
	for _, name := range []string{"name", "description"} {
		base := values[name]
		if typed != nil && validate.KindOf(refused) != validate.Conflict {
			base = c.FormValue(storedPrefix + name)
		}
		data.Stored = append(data.Stored, page.Hidden{Name: storedPrefix + name, Value: base})
	}
	if typed != nil {
		values = typed
	}
	data.Form = data.Base.Form(values, refused).InOrder("name", "description")
	return h.pages.Render(c, page.Refusal(refused), "admin/group", data)
}

func (h *Handler) saveGroup(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	edit := merchant.GroupEdit{ID: id, Values: page.Values(c, "name", "description"), Base: map[string]string{
		"name": c.FormValue(storedPrefix + "name"), "description": c.FormValue(storedPrefix + "description")}}
	act, err := s.EditGroup(c.UserContext(), edit)
	switch {
	case page.Refused(err):
		return h.showGroup(c, s, id, edit.Values, err)
	case err != nil:
		return err
	case act == "":
		return done(c, groupsPath+"/"+id, "customer.unchanged")
	}
	return page.To(c, page.WithQuery(groupsPath+"/"+id, "done", "customer.saved", "undo", act))
}

func (h *Handler) undoGroup(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err == nil {
		err = s.UndoGroup(c.UserContext(), c.FormValue("act"))
	}
	switch {
	case validate.KindOf(err) == validate.Conflict || validate.KindOf(err) == validate.Invalid:
		return h.showGroup(c, s, id, nil, err)
	case err != nil:
		return err
	}
	return done(c, groupsPath+"/"+id, "customer.undone")
}

// setGroup puts a customer into a group, or takes them out with the field "leave".
func (h *Handler) setGroup(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	change := merchant.GroupChange{Customer: id, Group: c.FormValue("group"), Member: true,
		Reason: c.FormValue("group_reason")}
	name := "customer.group_joined"
	if left := c.FormValue("leave"); left != "" {
		change.Group, change.Member, change.Reason = left, false, c.FormValue("leave_reason")
		name = "customer.group_left"
	}
	act, err := s.SetGroup(c.UserContext(), change)
	switch {
	case page.Refused(err):
		values := page.Values(c, "group", "group_reason", "leave", "leave_reason")
		return h.showCustomer(c, s, id, typedForm{name: formGroups, values: values, err: err})
	case err != nil:
		return err
	case act == "":
		return done(c, customerPathOf(id), "customer.unchanged")
	}
	return page.To(c, page.WithQuery(customerPathOf(id), "done", name, "undo", act))
}

// formGroups is the name of the forms of groups on a customer's page.
const formGroups = "groups"

// groupCard is the part of a customer's page with the groups.
type groupCard struct {
	GroupForm page.Form
	Groups    []groupFact
	Joining   []page.Option // groups to join, nil for none
	Leaving   []page.Option // groups to leave, nil for none
}

// groupFact is a customer's membership.
type groupFact struct{ Path, Name, Since, Reason string }

// addGroups fills the card with the groups and adds their badges.
func (p *customerView) addGroups(c *fiber.Ctx, s merchant.Staff, of customer.Customer) error {
	rows, others, err := s.Memberships(c.UserContext(), of)
	for _, row := range rows {
		since := p.T("group.since", "When", row.At, "Who", row.Email)
		if row.Email == "" {
			since = p.T("group.since.unknown", "When", row.At)
		}
		p.Groups = append(p.Groups, groupFact{Path: page.WithQuery(customersPath, "group", row.Group),
			Name: row.Name, Since: since, Reason: row.Reason})
		p.Leaving = append(p.Leaving, page.Option{Value: row.Group, Label: row.Name})
		p.Badges = append(p.Badges, p.Pill("moving", row.Name))
	}
	for _, g := range others {
		p.Joining = append(p.Joining, page.Option{Value: g.ID, Label: g.Name})
	}
	return err
}
