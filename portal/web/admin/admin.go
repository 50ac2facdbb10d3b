// Package admin serves the pages of the people who work for a shop: their sign-in, their own security, and
// the staff. It owns their routes with the permission that each requires, and the names of their form fields.
// A handler reads the request, calls one use case of an actor, and renders or redirects.
//
// It must not know how a request becomes an actor, or which rules the use cases enforce.
package admin

import (
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// Handler serves the pages.
type Handler struct {
	app         *portal.App
	pages       *page.Pages
	refusalStep time.Duration // for answers to rejected codes; see page.InSteps
	areas       map[staff.Role]*page.Area
}

// New returns the pages of an App's staff. Rejected codes are answered at full steps; a step of 0 answers
// them immediately.
func New(app *portal.App, pages *page.Pages, refusalStep time.Duration) *Handler {
	h := &Handler{app: app, pages: pages, refusalStep: refusalStep, areas: map[staff.Role]*page.Area{}}
	for _, role := range append(staff.Roles(), "") {
		h.areas[role] = Area(role)
	}
	return h
}

// navItem is a link of the navigation with the permission that its page requires.
type navItem struct {
	page.NavItem
	permission staff.Permission
}

// navigation returns the areas of the pages of staff, in the order of the navigation.
func navigation() []navItem {
	return []navItem{
		{page.NavItem{ID: "home", Path: homePath, Key: "admin.nav.home", Icon: "home"}, staff.PermissionHome},
		{page.NavItem{ID: "customers", Path: customersPath, Key: "admin.nav.customers", Icon: "person"},
			staff.PermissionCustomers},
		{page.NavItem{ID: "inbox", Path: inboxPath, Key: "admin.nav.inbox", Icon: "inbox"},
			staff.PermissionCustomers},
		{page.NavItem{ID: "orders", Path: ordersPath, Key: "admin.nav.orders", Icon: "parcel"},
			staff.PermissionCustomers},
		{page.NavItem{ID: "withdrawals", Path: withdrawalsPath, Key: "admin.nav.withdrawals", Icon: "return"},
			staff.PermissionCustomers},
		{page.NavItem{ID: "emails", Path: emailsPath, Key: "admin.nav.emails", Icon: "mail"},
			staff.PermissionCustomers},
		{page.NavItem{ID: "jobs", Path: jobsPath, Key: "admin.nav.jobs", Icon: "alert"}, staff.PermissionJobs},
		{page.NavItem{ID: "groups", Path: groupsPath, Key: "admin.nav.groups", Icon: "group"},
			staff.PermissionCustomers},
		{page.NavItem{ID: "log", Path: logPath, Key: "admin.nav.log", Icon: "log"}, staff.PermissionLog},
		{page.NavItem{ID: "keys", Path: keysPath, Key: "admin.nav.keys", Icon: "file"}, staff.PermissionKeys},
		{page.NavItem{ID: "staff", Path: staffPath, Key: "admin.nav.staff", Icon: "people"}, staff.PermissionStaff},
		{page.NavItem{ID: "security", Path: securityPath, Key: "admin.nav.security", Icon: "key"},
			staff.PermissionSecurity},
	}
}

// Area returns the frame of the pages for a role, "" for somebody who is not signed in.
func Area(role staff.Role) *page.Area {
	area := &page.Area{
		Name: "admin/" + string(role), Home: homePath, SignIn: signInPath, SignOut: signOutPath,
		Language: languagePath, Side: true,
	}
	if role != "" {
		area.Role = "staff.role." + string(role)
	}
	for _, item := range navigation() {
		if role.May(item.permission) {
			area.Nav = append(area.Nav, item.NavItem)
		}
	}
	if role.May(staff.PermissionCustomers) {
		area.Search = customersPath
		area.Start = append(area.Start, page.NavItem{Path: customersPath, Key: "problem.customers"})
	}
	if role != "" {
		area.Start = append(area.Start, page.NavItem{Path: homePath, Key: "problem.start"})
	}
	return area
}

// Routes returns the routes of the pages of staff.
func (h *Handler) Routes() []gate.Route {
	return slices.Concat(
		h.signInRoutes(), h.factorRoutes(), h.ownRoutes(), h.passkeyRoutes(),
		h.createRoutes(), h.viewRoutes(),
		h.customerRoutes(),
		h.storyRoutes(),
		h.actRoutes(), h.mergeRoutes(), h.customerEmailRoutes(), h.impersonationRoutes(),
		h.consentRoutes(),
		h.groupRoutes(), h.batchRoutes(), h.addressRoutes(),
		h.inboxRoutes(), h.orderRoutes(), h.withdrawalRoutes(), h.emailRoutes(), h.jobRoutes(), h.keyRoutes(),
		h.logRoutes(),
		h.staffRoutes(),
	)
}

// action is a handler for a signed-in person.
type action func(*fiber.Ctx, merchant.Staff) error

// get and post return a route for people whose role has the permission; the fresh ones also require a second
// factor not older than 15 minutes.
func get(p staff.Permission, path string, do action) gate.Route {
	return route(gate.Get(gate.StaffOnly, path, nil), p, do)
}

func post(p staff.Permission, path string, do action) gate.Route {
	return route(gate.Post(gate.StaffOnly, path, nil), p, do)
}

func getFresh(p staff.Permission, path string, do action) gate.Route {
	return route(gate.Get(gate.StaffFresh, path, nil), p, do)
}

func postFresh(p staff.Permission, path string, do action) gate.Route {
	return route(gate.Post(gate.StaffFresh, path, nil), p, do)
}

func route(r gate.Route, p staff.Permission, do action) gate.Route {
	r.Permission = p
	r.Handler = func(c *fiber.Ctx) error {
		s, err := gate.Admit(c, r)
		if err != nil {
			return err
		}
		return do(c, s)
	}
	return r
}

// Base prepares a page of a signed-in person. title is a message key.
func (h *Handler) base(c *fiber.Ctx, s merchant.Staff, nav, title string) page.Base {
	b := Base(c, h.pages, h.areas[s.Member().Role], s)
	b.L = b.L.AsOf(h.app.Now())
	b.Nav = nav
	if title != "" {
		b.Title = b.T(title)
	}
	return b
}

// Base prepares a page of a signed-in person in an area.
func Base(c *fiber.Ctx, pages *page.Pages, area *page.Area, s merchant.Staff) page.Base {
	return pages.BaseOf(c, area, s.Shop(), &page.Person{Email: s.Member().Email, Language: s.Language()})
}

// visitorBase prepares a page of the sign-in.
func (h *Handler) visitorBase(c *fiber.Ctx, title string) page.Base {
	b := h.pages.BaseOf(c, h.areas[""], gate.Shop(c), nil)
	b.SingleCard, b.Title = true, b.T(title)
	return b
}

// done redirects to a page that confirms the action with the message "done." + name. The path may have a
// query.
func done(c *fiber.Ctx, path, name string) error {
	if strings.Contains(path, "?") {
		return page.To(c, path+"&done="+name)
	}
	return page.To(c, page.WithQuery(path, "done", name))
}
