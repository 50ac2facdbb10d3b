package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/portal/staff"
	"postern/portal/web/webtest"
)

// mayOpenGroups is the part of the table of roles and routes about groups.
func mayOpenGroups() map[string][]staff.Role {
	all, managers := staff.Roles(), []staff.Role{staff.Owner, staff.Manager}
	return map[string][]staff.Role{
		"GET /admin/customers/columns":  all,
		"POST /admin/customers/columns": all,
		"GET /admin/groups":             all,
		"GET /admin/groups/new":         managers,
		"POST /admin/groups/new":        managers,
		"GET /admin/groups/:id":         all,
		"POST /admin/groups/:id":        managers,
		"POST /admin/groups/:id/undo":   managers,
		"POST /admin/groups/:id/delete": managers,
		"GET /admin/batches":            managers,
		"GET /admin/batches/new":        managers,
		"POST /admin/batches/new":       managers,
		"GET /admin/batches/:id":        managers,
		"POST /admin/batches/:id/start": managers,
		"POST /admin/batches/:id/stop":  managers,
		"POST /admin/batches/:id/undo":  managers,

		"GET /admin/batches/:id/customers.zip": managers,
		"POST /admin/customers/:id/groups":     {staff.Owner, staff.Manager, staff.Support},
	}
}

// newGroup creates a group on the page and returns its path.
func newGroup(b *webtest.Employee, name string) string {
	b.Get("/admin/groups/new").Want(http.StatusOK)
	return b.Submit("main form[novalidate]", typed{"name": name}).Want(http.StatusOK).URL.Path
}

func groupID(path string) string { return strings.TrimPrefix(path, "/admin/groups/") }

// openCustomer opens the page of a customer found by a search.
func openCustomer(b *webtest.Employee, search string) *webtest.Page {
	b.Get("/admin/customers?search=" + search)
	return b.Follow("main tbody a").Want(http.StatusOK)
}

func TestGroupsAreCreatedRenamedAndUndone(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("manager@shop.test", staff.Manager)
	path := newGroup(b, "  Whole   sale ")
	if text := b.Page.Text("main h1"); text != "Whole sale" {
		t.Errorf("the group is %q", text)
	}
	b.Get("/admin/groups/new")
	page := b.Submit("main form[novalidate]", typed{"name": "WHOLE SALE"}).Want(http.StatusUnprocessableEntity)
	if page.Attr("[name=name]", "value") != "WHOLE SALE" || !strings.Contains(page.Text("main"), "Another group has this name") {
		t.Errorf("a name twice: %s", page.Text("main"))
	}
	for _, wrong := range []string{"", "   ", strings.Repeat("ž", 81)} {
		b.Post("/admin/groups/new", url.Values{"name": {wrong}}).Want(http.StatusUnprocessableEntity)
	}
	b.Get(path)
	page = b.Submit("main form[novalidate]", typed{"name": "Wholesale 🏷 جملة", "description": "Net 30"}).Want(http.StatusOK)
	if text := page.Text("main h1"); text != "Wholesale 🏷 جملة" {
		t.Errorf("renamed: %q", text)
	}
	act := page.Attr(".flash [name=act]", "value")
	b.Submit("main form[novalidate]", typed{"description": "Net 60"}).Want(http.StatusOK)
	later := b.Page.Attr(".flash [name=act]", "value")
	b.Post(path+"/undo", url.Values{"act": {act}}).Want(http.StatusConflict)
	if text := b.Page.Text("main"); !strings.Contains(text, "changed again") || !strings.Contains(text, "Wholesale") {
		t.Errorf("a refused undo: %s", text)
	}
	b.Post(path+"/undo", url.Values{"act": {later}}).Want(http.StatusOK)
	i.Work()
	b.Post(path+"/undo", url.Values{"act": {act}}).Want(http.StatusOK)
	b.Post(path+"/undo", url.Values{"act": {act}}).Want(http.StatusConflict)
	if text := b.Get(path).Text("main"); !strings.Contains(text, "Whole sale") || strings.Contains(text, "Net") {
		t.Errorf("undone: %s", text)
	}
	b.Get("/admin/groups/nobody").Want(http.StatusNotFound)
}

func TestTwoPeopleEditOneGroup(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b, other := i.Enrol("manager@shop.test", staff.Manager), i.Enrol("owner@shop.test", staff.Owner)
	path := newGroup(b, "Gold")
	b.Get(path)
	other.Get(path)
	other.Submit("main form[novalidate]", typed{"name": "Silver"}).Want(http.StatusOK)
	page := b.Submit("main form[novalidate]", typed{"description": "Best"}).Want(http.StatusOK)
	if text := page.Text("main"); !strings.Contains(text, "Silver") || !strings.Contains(text, "Best") {
		t.Errorf("different fields are not merged: %s", text)
	}
	other.Get(path)
	other.Submit("main form[novalidate]", typed{"name": "Bronze"})
	page = b.Submit("main form[novalidate]", typed{"name": "Copper"}).Want(http.StatusConflict)
	if text := page.Text("main"); !strings.Contains(text, "Bronze") || page.Attr("[name=name]", "value") != "Copper" {
		t.Errorf("one field: %s", text)
	}
}

func TestACustomerJoinsAndLeavesAGroup(t *testing.T) {
	t.Parallel()
	i, support := people(t)
	path := newGroup(i.Enrol("manager@shop.test", staff.Manager), "Regulars")
	id := groupID(path)
	customer := openCustomer(support, "cermak").URL.Path
	page := support.Submit(`main form[action$="/groups"]`, typed{"group": id, "group_reason": "Buys <weekly>"}).Want(http.StatusOK)
	if text := page.Text("#groups"); !strings.Contains(text, "Regulars") || !strings.Contains(text, "Buys <weekly>") ||
		!strings.Contains(text, "support@shop.test") {
		t.Errorf("the card says %s", text)
	}
	joined := page.Attr(".flash [name=act]", "value")
	if got := listed(support, "/admin/customers?group="+id); len(got) != 1 || got[0] != "jan.cermak@example.com" {
		t.Errorf("the list of members has %v", got)
	}
	if got := listed(support, "/admin/customers?sort=name&language=cs&group="+id); len(got) != 1 {
		t.Errorf("with further filters: %v", got)
	}
	i.Work()
	if text := support.Get(path).Text("main"); !strings.Contains(text, "Show the members · 1") {
		t.Errorf("the group's page counts: %s", text)
	}
	support.Post(customer+"/groups", url.Values{"leave": {id}}).Want(http.StatusOK)
	if text := support.Get(customer).Text("#groups"); strings.Contains(text, "weekly") {
		t.Errorf("left: %s", text)
	}
	support.Post(customer+"/undo", url.Values{"act": {joined}}).Want(http.StatusConflict)
	support.Post(customer+"/groups", url.Values{"group": {"nobody"}}).Want(http.StatusUnprocessableEntity)
	viewer := i.Enrol("viewer@shop.test", staff.Viewer)
	viewer.Post(customer+"/groups", url.Values{"group": {id}}).Want(http.StatusForbidden)
	viewer.Get(path).Want(http.StatusOK)
}

// TestACustomerReadsWhyTheyAreInAGroup checks that the page about privacy says when, in which role and why
// somebody was put into a group, and names no person of the staff.
func TestACustomerReadsWhyTheyAreInAGroup(t *testing.T) {
	t.Parallel()
	i, support := people(t)
	id := groupID(newGroup(i.Enrol("manager@shop.test", staff.Manager), "Regulars"))
	customer := openCustomer(support, "2024-0002").URL.Path
	support.Post(customer+"/groups", url.Values{"group": {id}, "group_reason": {"Loyal"}}).Want(http.StatusOK)
	i.Work()
	b := i.Browser()
	i.SignIn(b, "adam@example.com")
	b.Get("/privacy")
	if text := b.Page.Text("#activity"); !strings.Contains(text, "Changed: groups") || !strings.Contains(text, "Loyal") ||
		!strings.Contains(text, "by the shop’s staff") || strings.Contains(text, "support@shop.test") {
		t.Errorf("the privacy page says %s", text)
	}
}

func TestEachPersonChoosesTheColumnsOfTheList(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	b.Get("/admin/customers")
	b.Follow(`a[href="/admin/customers/columns"]`).Want(http.StatusOK)
	page := b.Submit("main form", typed{"email": "", "tags": "1", "company": "2", "status": "2"}).Want(http.StatusOK)
	heads := page.Texts("main thead th")
	if len(heads) < 5 || heads[0] != "Name" || heads[1] != "Tags" || strings.Contains(page.Text("main thead"), "Email") {
		t.Errorf("the columns are %q", heads)
	}
	other := i.Enrol("other@shop.test", staff.Support)
	if text := other.Get("/admin/customers").Text("main thead"); !strings.Contains(text, "Email") {
		t.Errorf("somebody else has %s", text)
	}
	b.Get("/admin/customers/columns")
	b.Submit("main form:has([name=usual])", nil).Want(http.StatusOK)
	if text := b.Page.Text("main thead"); !strings.Contains(text, "Email") {
		t.Errorf("the usual columns are %s", text)
	}
}
