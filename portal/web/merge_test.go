package web_test

import (
	"net/http"
	"strings"
	"testing"

	"postern/portal/identifier"
	"postern/portal/order"
	"postern/portal/staff"
	"postern/portal/web/webtest"
)

// openMerge compares Eva, who stays, with Jan, who was found by the email.
func openMerge(b *webtest.Employee) *webtest.Page {
	b.Get("/admin/customers?search=eva")
	b.Follow("main tbody a").Want(http.StatusOK)
	b.Follow(`.menu.start a[href$="/merge"]`).Want(http.StatusOK)
	b.Submit("main form", typed{"search": "jan.cermak@example.com"}).Want(http.StatusOK)
	return b.Follow(`main a[href*="with="]`).Want(http.StatusOK)
}

func TestStaffMergeTwoCustomersAndUndoIt(t *testing.T) {
	t.Parallel()
	i, support := people(t)
	support.Get("/admin/customers?search=eva")
	if page := support.Follow("main tbody a"); page.Has(`.menu.start a[href$="/merge"]`) {
		t.Error("support is offered a merge")
	}
	b := i.Enrol("manager@shop.test", staff.Manager)
	page := openMerge(b)
	for _, text := range []string{"1 order moves", "Čermák", "Abrahámová", "eva@example.com", "jan.cermak@example.com"} {
		if !strings.Contains(page.Text("main"), text) {
			t.Errorf("the preview lacks %q: %s", text, page.Text("main"))
		}
	}
	page = b.Submit("main form", typed{"keep.first_name": "loser", "keep.last_name": "loser",
		"reason": "Same person"}).Want(http.StatusOK)
	merge := page.URL.Path
	i.Work()
	page = b.Get(merge).Want(http.StatusOK)
	if text := page.Text("main"); !strings.Contains(text, "1 order moved.") {
		t.Errorf("the merge says %s", text)
	}
	both := b.Follow(`main .links li:first-child a`).Want(http.StatusOK)
	if text := both.Text("main"); !strings.Contains(text, "Jan Čermák") || !strings.Contains(text, "2024-0001") ||
		!strings.Contains(text, "Łąka") || !strings.Contains(text, "jan.cermak@example.com") {
		t.Errorf("the customer lacks what was merged: %s", text)
	}
	b.Get(merge)
	if other := b.Follow(`main .links li:last-child a`); other.URL.Path != both.URL.Path {
		t.Errorf("the merged account leads to %s", other.URL)
	}
	if found := listed(b, "/admin/customers?search=jan.cermak@example.com"); len(found) != 1 || found[0] != "eva@example.com" {
		t.Errorf("the merged email finds %q", found)
	}
	b.Get(merge)
	page = b.Submit(`form[action$="/undo"]`, nil).Want(http.StatusOK)
	if text := page.Text(".cards"); !strings.Contains(text, "Jan Čermák gets back") ||
		!strings.Contains(text, "jan.cermak@example.com") || !strings.Contains(text, "1, and any newer ones") ||
		page.Attr("main a.button.text", "href") != merge || !page.Has(`form[action$="/start"] .danger`) {
		t.Errorf("before the undo: %s", page.Text("main"))
	}
	page = b.Submit(`form[action$="/start"]`, nil).Want(http.StatusOK)
	i.Work()
	if text := b.Get(page.URL.Path).Text("main"); !strings.Contains(text, "1 order moved back to Jan Čermák.") {
		t.Errorf("the undo says %s", text)
	}
	i.Clock.Move(order.StandardCountDelay)
	i.Work()
	page = b.Get(both.URL.Path).Want(http.StatusOK)
	if text := page.Text("main"); page.Text("main h1") != "Eva Abrahámová" || strings.Contains(text, "2024-0001") ||
		!strings.Contains(text, "No orders yet") || strings.Contains(text, "Total spent") {
		t.Errorf("after the undo: %s", text)
	}
}

func TestMergeRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("manager@shop.test", staff.Manager)
	openMerge(b)
	id := strings.TrimSuffix(b.Page.URL.Path, "/merge")
	id = id[strings.LastIndex(id, "/")+1:]
	if page := b.Get("/admin/customers/" + id + "/merge?with=" + id); page.Status != http.StatusUnprocessableEntity ||
		!strings.Contains(page.Text("main"), "This is the same one") {
		t.Errorf("with themselves: %d %s", page.Status, page.Text("main"))
	}
	b.Get("/admin/customers/" + id + "/merge?with=nobody").Want(http.StatusNotFound)
	openMerge(b)
	other := i.Enrol("owner@shop.test", staff.Owner)
	openEdit(other)
	other.Submit("main form", typed{"first_name": "Johann"}).Want(http.StatusOK)
	page := b.Submit("main form", nil).Want(http.StatusConflict)
	if text := page.Text("main"); !strings.Contains(text, "Someone has since changed") || !strings.Contains(text, "Johann") {
		t.Errorf("after another change: %s", text)
	}
	b.Submit("main form", typed{"keep.last_name": "both"}).Want(http.StatusUnprocessableEntity)
	b.Submit("main form", typed{"keep.last_name": "survivor"}).Want(http.StatusOK)
	i.Work()
	if page := b.Get("/admin/customers/" + id + "/merge?with=" + jansID(t, i)); page.Status != http.StatusConflict ||
		!strings.Contains(page.Text("main"), "already been merged") {
		t.Errorf("once more: %d %s", page.Status, page.Text("main"))
	}
}

// jansID returns the id of the account that the shop's system made for Jan.
func jansID(t *testing.T, i *webtest.Installation) string {
	t.Helper()
	h, _, err := identifier.Docs(i.App.Engine(), "main").Get(t.Context(), identifier.FeedKey("1"))
	if err != nil {
		t.Fatal(err)
	}
	return h.Customer
}

func TestStaffChangeAnEmailOrAreOfferedAMerge(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("manager@shop.test", staff.Manager)
	b.Get("/admin/customers?search=eva")
	b.Follow("main tbody a").Want(http.StatusOK)
	b.Follow(`.menu.start a[href$="/email"]`).Want(http.StatusOK)
	page := b.Submit("main form", typed{"email": "jan.cermak@example.com", "reason": "asked by phone"}).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(page.Text("main"), "Another customer has this email") {
		t.Errorf("somebody else's: %s", page.Text("main"))
	}
	page = b.Follow(`main a[href*="/merge?with="]`).Want(http.StatusOK)
	if !strings.Contains(page.Text("main"), "1 order moves") {
		t.Errorf("the offer leads to %s", page.Text("main"))
	}
	b.Get(strings.TrimSuffix(page.URL.Path, "/merge") + "/email")
	page = b.Submit("main form", typed{"email": "new@example.com", "reason": "asked by phone"}).Want(http.StatusOK)
	if text := page.Text("main"); !strings.Contains(text, "new@example.com") || !strings.Contains(page.Text(".flash"), "Email changed") {
		t.Errorf("after the change: %s", text)
	}
}
