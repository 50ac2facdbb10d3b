package admin

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// customerAct is an act on one customer with a page that names its effect and asks for the reason. Its texts
// are at
// "customer.NAME.title", ".text" and ".button", and its confirmation at "done.customer.NAME".
type customerAct struct {
	name       string // in the path, too
	permission staff.Permission
	fresh      bool                         // requires a fresh second factor
	danger     bool                         // ends something
	reason     bool                         // requires a reason
	applies    func(customer.Customer) bool // to this customer
	// do returns the id of the act if it can be undone.
	do func(c *fiber.Ctx, s merchant.Staff, id, reason string) (act string, err error)
}

// key returns the key of a text of the act.
func (a customerAct) key(text string) string {
	return "customer." + strings.ReplaceAll(a.name, "-", "_") + text
}

// customerActs lists them in the order of the menu.
func customerActs() []customerAct {
	open := func(c customer.Customer) bool { return c.Disabled.IsZero() }
	closed := func(c customer.Customer) bool { return !c.Disabled.IsZero() }
	erasing := func(c customer.Customer) bool { return c.Erasure.Pending() }
	staying := func(c customer.Customer) bool { return !c.Erasure.Pending() }
	edit := staff.PermissionEditCustomers
	return []customerAct{
		{name: "link", permission: edit, applies: open, do: mailSignIn},
		{name: "sign-out", permission: edit, applies: always, danger: true, do: signOutCustomer},
		{name: "enable", permission: edit, applies: closed, do: enable},
		{name: "keep", permission: staff.PermissionErase, applies: erasing, reason: true, do: keepCustomer},
		{name: "disable", permission: edit, applies: open, danger: true, reason: true, do: disable},
		{name: "erase", permission: staff.PermissionErase, fresh: true, applies: staying, danger: true,
			do: eraseCustomer},
	}
}

func always(customer.Customer) bool { return true }

func (h *Handler) actRoutes() []gate.Route {
	var routes []gate.Route
	for _, act := range customerActs() {
		path, ask, send := customerPath+"/"+act.name, get, post
		if act.fresh {
			ask, send = getFresh, postFresh
		}
		routes = append(routes,
			ask(act.permission, path, func(c *fiber.Ctx, s merchant.Staff) error { return h.showAct(c, s, act, nil) }),
			send(act.permission, path, func(c *fiber.Ctx, s merchant.Staff) error { return h.doAct(c, s, act) }))
	}
	return routes
}

// actPage names the effect of an act on a customer and asks for the reason.
type actPage struct {
	page.Base
	Form         page.Form
	Path, Action string
	Name         string // of the customer
	Text, Button string
	Effects      []string // further ones, each a line
	Reason       page.Field
	Danger       bool
}

func (h *Handler) showAct(c *fiber.Ctx, s merchant.Staff, act customerAct, refused error) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	found, err := s.ReadCustomer(c.UserContext(), id)
	if err != nil {
		return err
	}
	if refused == nil && !act.applies(found) {
		return page.To(c, customerPathOf(id))
	}
	page.SetRetryAfter(c, refused)
	data := actPage{Base: h.base(c, s, "customers", act.key(".title")), Path: customerPathOf(id),
		Name: nameOf(found), Danger: act.danger}
	data.Action = data.Path + "/" + act.name
	data.Text = data.T(act.key(".text"), "Email", found.Email, "Shop", data.Shop.Name,
		"When", found.ErasureDate(h.app.Now()))
	if first, rest, found := strings.Cut(data.Text, "\n"); found {
		data.Text, data.Effects = first, strings.Split(rest, "\n")
	}
	data.Button = data.T(act.key(".button"), "Name", data.Name, "When", found.ErasureDate(h.app.Now()))
	data.Form = data.Base.Form(page.Values(c, "reason"), refused)
	attributes := []string{"maxlength", "5000", "hint", data.T("customer.reason.hint"), "optional", "yes"}
	if act.reason {
		attributes = append(attributes[:4], "required", "yes")
	}
	if data.Reason, err = data.Form.Field("reason", data.T("customer.reason"), attributes...); err != nil {
		return err
	}
	return h.pages.Render(c, page.Refusal(refused), "admin/customer-act", data)
}

func (h *Handler) doAct(c *fiber.Ctx, s merchant.Staff, act customerAct) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	undo, err := act.do(c, s, id, c.FormValue("reason"))
	switch {
	case page.Refused(err):
		return h.showAct(c, s, act, err)
	case err != nil:
		return err
	}
	return page.To(c, page.WithQuery(customerPathOf(id), "done", act.key(""), "undo", undo))
}

// actMenu returns links to the acts that the person may do on a customer.
func actMenu(b page.Base, s merchant.Staff, of customer.Customer) []page.Link {
	var links []page.Link
	for _, act := range customerActs() {
		if s.May(act.permission) && act.applies(of) {
			links = append(links, page.Link{Label: b.T(act.key(".menu")),
				Path: customerPathOf(of.ID) + "/" + act.name})
		}
	}
	if s.May(staff.PermissionEditCustomers) {
		links = append(links, page.Link{Label: b.T("customer.email.menu"),
			Path: customerPathOf(of.ID) + "/email"})
	}
	if s.May(staff.PermissionMerge) {
		links = append(links, page.Link{Label: b.T("customer.merge.menu"),
			Path: customerPathOf(of.ID) + "/merge"})
	}
	return slices.Clip(links)
}

// disabledSentence says since when and why an account is closed.
func disabledSentence(b page.Base, d customer.Disabled) string {
	if d.IsZero() {
		return ""
	}
	return b.T("customer.disabled.since", "When", d.Since, "Reason", d.Reason)
}

// nameOf returns a customer's name, or the email if it is unknown.
func nameOf(c customer.Customer) string {
	if name := c.Name(); name != "" {
		return name
	}
	return c.Email
}

func mailSignIn(c *fiber.Ctx, s merchant.Staff, id, reason string) (string, error) {
	return "", s.MailSignIn(c.UserContext(), id, reason)
}

func signOutCustomer(c *fiber.Ctx, s merchant.Staff, id, reason string) (string, error) {
	_, err := s.SignOutCustomer(c.UserContext(), id, reason)
	return "", err
}

func enable(c *fiber.Ctx, s merchant.Staff, id, reason string) (string, error) {
	return "", s.EnableCustomer(c.UserContext(), id, reason)
}

func disable(c *fiber.Ctx, s merchant.Staff, id, reason string) (string, error) {
	return s.DisableCustomer(c.UserContext(), id, reason)
}

func eraseCustomer(c *fiber.Ctx, s merchant.Staff, id, reason string) (string, error) {
	return s.EraseCustomer(c.UserContext(), id, reason)
}

func keepCustomer(c *fiber.Ctx, s merchant.Staff, id, reason string) (string, error) {
	return "", s.CancelErasure(c.UserContext(), id, reason)
}
