package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postern/portal/staff"
	"postern/portal/view"
	"postern/portal/web/webtest"
)

// mayOpenViews is the part of the table of roles and routes about saved views.
func mayOpenViews() map[string][]staff.Role {
	all := staff.Roles()
	return map[string][]staff.Role{
		"GET /admin/customers/views":               all,
		"GET /admin/customers/views/new":           all,
		"POST /admin/customers/views/new":          all,
		"GET /admin/customers/views/:view":         all,
		"POST /admin/customers/views/:view":        all,
		"POST /admin/customers/views/:view/delete": all,
		"POST /admin/customers/views/:view/share":  {staff.Owner, staff.Manager},
		"POST /admin/customers/views/:view/open":   {staff.Owner},
	}
}

// savedView saves the list at a path as a view and returns the view's id.
func savedView(b *webtest.Employee, path string, values typed) string {
	b.Get(path).Want(http.StatusOK)
	b.Follow(`.matching a[href*="/views/new"]`).Want(http.StatusOK)
	return b.Submit("main form[novalidate]", values).Want(http.StatusOK).URL.Query().Get("view")
}

// viewTabs returns the texts of the tabs of the list.
func viewTabs(b *webtest.Employee) string { return b.Page.Text(".view-tabs") }

func TestAViewIsSavedSharedAndOpensForARole(t *testing.T) {
	t.Parallel()
	i, support := people(t)
	manager := i.Enrol("manager@shop.test", staff.Manager)
	id := savedView(manager, "/admin/customers?country=CZ&company=yes&sort=name", typed{"name": "Czech companies"})
	if text := manager.Page.Text("main"); !strings.Contains(text, "View saved") || !strings.Contains(text, "Country: Czechia") {
		t.Errorf("saved: %s", text)
	}
	if support.Get("/admin/customers"); strings.Contains(viewTabs(support), "Czech") {
		t.Errorf("a colleague sees an own view: %s", viewTabs(support))
	}
	support.Get("/admin/customers/views/" + id).Want(http.StatusNotFound)
	manager.Get("/admin/customers/views/" + id).Want(http.StatusOK)
	manager.Submit(`form[action$="/share"]`, nil).Want(http.StatusOK)
	i.Work()
	support.Get("/admin/customers").Want(http.StatusOK)
	i.Work() // counts what was looked at
	if support.Get("/admin/customers"); viewTabs(support) != "All customers 4 Czech companies 1 Saved views" {
		t.Errorf("the tabs: %s", viewTabs(support))
	}
	support.Get("/admin/customers/views/" + id).Want(http.StatusForbidden)
	support.Post("/admin/customers/views/"+id+"/delete", url.Values{}).Want(http.StatusForbidden)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	owner.Get("/admin/customers/views/" + id).Want(http.StatusOK)
	owner.Submit(`form:has([name=role][value=support])`, nil).Want(http.StatusOK)
	if got := listed(support, "/admin/customers"); len(got) != 1 || got[0] != "jan.cermak@example.com" {
		t.Errorf("the list of support opens with %v", got)
	}
	if got := listed(manager, "/admin/customers"); len(got) != 4 {
		t.Errorf("the list of a manager opens with %v", got)
	}
	for _, path := range []string{"/admin/customers?view=all", "/admin/customers?search=", "/admin/customers?sort=name"} {
		if got := listed(support, path); len(got) != 4 {
			t.Errorf("%s lists %v", path, got)
		}
	}
	i.Work()
	text := owner.Get("/admin/log?act=view.opened").Want(http.StatusOK).Text("main table")
	if !strings.Contains(text, "support") {
		t.Errorf("the log: %s", text)
	}
	owner.Get("/admin/customers/views/" + id)
	owner.Submit(`form[action$="/delete"]`, nil).Want(http.StatusOK)
	if got := listed(support, "/admin/customers"); len(got) != 4 {
		t.Errorf("without the view, the list opens with %v", got)
	}
	if page := support.Get("/admin/customers?country=CZ&view=" + id).Want(http.StatusOK); !strings.Contains(page.Text("main"), "no longer exists") ||
		strings.Contains(page.Text("main table"), "eva@") {
		t.Errorf("a deleted view: %s", page.Text("main"))
	}
}

func TestAViewKeepsItsColumns(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("manager@shop.test", staff.Manager)
	b.Get("/admin/customers/columns")
	b.Submit("main form", typed{"vat": "1", "email": "2"}).Want(http.StatusOK)
	id := savedView(b, "/admin/customers?company=yes", typed{"name": "VAT"})
	with := b.Page.Text("thead")
	b.Get("/admin/customers/columns")
	b.Submit(`form:has([name=usual])`, nil).Want(http.StatusOK)
	if got := b.Get("/admin/customers?company=yes&view=" + id).Text("thead"); got != with {
		t.Errorf("the columns are %s, were %s", got, with)
	}
	if got := b.Get("/admin/customers?company=yes").Text("thead"); got == with {
		t.Error("the columns of the view are everywhere")
	}
	b.Get("/admin/customers/views/" + id)
	b.Submit("main form[novalidate]", typed{"columns": ""}).Want(http.StatusOK)
	if got := b.Get("/admin/customers?company=yes&view=" + id).Text("thead"); got == with {
		t.Errorf("the view still has columns: %s", got)
	}
}

// TestAViewWhoseFilterNoLongerExistsIsNeverWider deletes what filters name: the view opens, says so, finds
// nobody, and offers no change of all.
func TestAViewWhoseFilterNoLongerExistsIsNeverWider(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("owner@shop.test", staff.Owner)
	path := newGroup(b, "Regulars")
	saved := map[string]string{"group": groupID(path), "tag": "vip", "country": "ZZ"}
	for name, value := range saved {
		b.Get("/admin/customers?" + name + "=" + value)
		savedView(b, "/admin/customers?"+name+"="+value, typed{"name": "by " + name})
	}
	b.Get(path)
	b.Submit(`form[action$="/delete"]`, nil).Want(http.StatusOK)
	carryOut(i, b)
	saved["rating"], saved["vat"] = "5", "maybe" // of another version
	all := b.Get("/admin/customers")
	docs := view.Docs(i.App.Engine(), "main")
	for _, name := range []string{"rating", "vat"} {
		if _, err := docs.Put(t.Context(), view.SharedKey, func(all *view.Views, _ bool) error {
			return all.Add(view.View{ID: "v-" + name, Name: "by " + name, Filters: map[string]string{name: saved[name]}}, 10)
		}); err != nil {
			t.Fatal(err)
		}
	}
	b.Get("/admin/customers")
	for name := range saved {
		b.Page = b.Get("/admin/customers")
		page := b.Follow(`.view-tabs a:contains("by ` + name + `")`).Want(http.StatusOK)
		if !page.Has(".note.tone-waiting") || page.Has("tbody tr") || page.Has(`a[href*="/batches/new?"]`) {
			t.Errorf("%s: %s", name, page.Text("main"))
		}
		page = b.Follow(".note.tone-waiting .chips a").Want(http.StatusOK)
		if len(page.Texts("tbody tr")) != len(all.Texts("tbody tr")) || page.Has(".note.tone-waiting") {
			t.Errorf("%s is removed: %s", name, page.Text("main"))
		}
	}
}

func TestTwoPeopleEditOneView(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	one, two := i.Enrol("manager@shop.test", staff.Manager), i.Enrol("owner@shop.test", staff.Owner)
	id := savedView(one, "/admin/customers?country=CZ", typed{"name": "Czechs", "shared": "yes"})
	one.Get("/admin/customers?country=SK&view=" + id)
	one.Follow(`.matching a[href*="/views/` + id + `"]`).Want(http.StatusOK)
	two.Get("/admin/customers/views/" + id).Want(http.StatusOK)
	two.Submit("main form[novalidate]", typed{"name": "From Czechia"}).Want(http.StatusOK)
	page := one.Submit("main form[novalidate]", nil).Want(http.StatusConflict)
	for _, want := range []string{"Someone else", "From Czechia", "Country: Czechia", "Country: Slovakia"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("the conflict lacks %q: %s", want, page.Text("main"))
		}
	}
	one.Submit("main form[novalidate]", nil).Want(http.StatusOK)
	if two.Get("/admin/customers/views/" + id); !strings.Contains(two.Page.Text("main"), "Country: Slovakia") ||
		two.Page.Text("h1") != "Czechs" {
		t.Errorf("saved after all: %s", two.Page.Text("main"))
	}
	two.Post("/admin/customers/views/"+id+"/delete", url.Values{"version": {"old"}}).Want(http.StatusConflict)
}

func TestViewsHaveNamesOfAnyKindButEachOnce(t *testing.T) {
	t.Parallel()
	_, b := people(t)
	for _, name := range []string{strings.Repeat("ž", 200), "عملاء دائمون", "🎄 Xmas <b>", "e\u0301te\u0301"} {
		savedView(b, "/admin/customers?country=CZ", typed{"name": name})
		if !strings.Contains(viewTabs(b), strings.Fields(name)[0]) && name[0] != 'e' {
			t.Errorf("%s is not in %s", name, viewTabs(b))
		}
	}
	for name, want := range map[string]string{"": "Enter a name", "  ": "Enter a name", "🎄 XMAS <b>": "Another view",
		strings.Repeat("x", 201): "200"} {
		b.Get("/admin/customers/views/new?country=CZ")
		page := b.Submit("main form[novalidate]", typed{"name": name}).Want(http.StatusUnprocessableEntity)
		if !strings.Contains(page.Text(".field-error"), want) || !strings.Contains(page.Text("main"), "Country: Czechia") {
			t.Errorf("%q: %s", name, page.Text("main"))
		}
	}
	b.Get("/admin/customers/views/new?orders_min=x")
	b.Submit("main form[novalidate]", typed{"name": "wrong"}).Want(http.StatusUnprocessableEntity)
}

func TestTheOwnViewsOfARemovedPersonAreDeleted(t *testing.T) {
	t.Parallel()
	i, support := people(t)
	savedView(support, "/admin/customers?country=CZ", typed{"name": "mine"})
	owner := i.Enrol("owner@shop.test", staff.Owner)
	path := memberPath(t, owner, support.Email)
	key := view.OwnKey(strings.TrimPrefix(path, "/admin/staff/"))
	docs := view.Docs(i.App.Engine(), "main")
	if _, _, err := docs.Get(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	owner.Get(path)
	owner.Submit(`form[action$="/remove"]`, nil).Want(http.StatusOK)
	i.Work()
	if _, _, err := docs.Get(t.Context(), key); err == nil {
		t.Error("the views of a removed person are kept")
	}
	if _, _, err := view.Docs(i.App.Engine(), "other").Get(t.Context(), key); err == nil {
		t.Error("another shop has the views")
	}
}
