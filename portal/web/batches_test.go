package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/webtest"
)

// bulk opens the bulk changes at a path, sends the form of one action, and returns the page of the preview.
func bulk(b *webtest.Employee, path, action string, values typed) *webtest.Page {
	b.Get(path).Want(http.StatusOK)
	full := typed{}
	for name, value := range values {
		full[action+"."+name] = value
	}
	return b.Submit(`details:has([value="`+action+`"]) form`, full)
}

// carryOut starts the batch that a page previews and returns the page of the report.
func carryOut(i *webtest.Installation, b *webtest.Employee) *webtest.Page {
	i.Work()
	b.Get(b.Page.URL.Path)
	b.Submit(`form[action$="/start"]`, nil).Want(http.StatusOK)
	i.Work()
	return b.Get(b.Page.URL.Path).Want(http.StatusOK)
}

func TestABulkChangeOfAllThatMatchIsPreviewedDoneAndUndone(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("manager@shop.test", staff.Manager)
	page := b.Get("/admin/customers?status=registered").Want(http.StatusOK)
	link := page.Attr(`a[href^="/admin/batches/new"]`, "href")
	page = bulk(b, link, "add_tag", typed{"tag": " ViP ", "reason": "Spring"}).Want(http.StatusOK)
	i.Work()
	page = b.Get(page.URL.Path)
	for _, want := range []string{"Add the tag “vip”", "Nothing has changed yet", "Start for 3 customers", "30 days",
		"Account: Registered", "Jan Čermák", "Spring"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("the preview lacks %q: %s", want, page.Text("main"))
		}
	}
	if got := listed(b, "/admin/customers?tag=vip"); len(got) != 0 {
		t.Errorf("before the start, %v are tagged", got)
	}
	b.Get(page.URL.Path)
	batch := page.URL.Path
	page = carryOut(i, b)
	if text := page.Text("main"); !strings.Contains(text, "3 customers changed.") || !strings.Contains(text, "Changed3") {
		t.Errorf("the report: %s", text)
	}
	if got := listed(b, "/admin/customers?tag=vip"); len(got) != 3 {
		t.Errorf("tagged are %v", got)
	}
	openCustomer(b, "cermak")
	b.Follow("main .heading a")
	b.Submit("main form", typed{"first_name": "Johann"}).Want(http.StatusOK) // a later act on another field
	openCustomer(b, "abraham")
	b.Follow("main .heading a")
	b.Submit("main form", typed{"tags": "gold"}).Want(http.StatusOK) // takes the tag away
	b.Get(batch)
	page = b.Submit(`form[action$="/undo"]`, nil).Want(http.StatusOK)
	i.Work()
	page = b.Get(page.URL.Path)
	for _, want := range []string{"Undo: Add the tag", "1 customer will stay unchanged", "Eva Abrahámová", "Start for 2 customers"} {
		if !strings.Contains(page.Text("main"), want) {
			t.Errorf("the preview of the undo lacks %q: %s", want, page.Text("main"))
		}
	}
	page = carryOut(i, b)
	if text := page.Text("main"); !strings.Contains(text, "Changed2") || !strings.Contains(text, "Skipped1") {
		t.Errorf("the report of the undo: %s", text)
	}
	if got := listed(b, "/admin/customers?tag=vip"); len(got) != 0 {
		t.Errorf("undone, %v are tagged", got)
	}
	if text := openCustomer(b, "cermak").Text("main h1"); text != "Johann Čermák" {
		t.Errorf("the later act is undone, too: %s", text)
	}
	if text := b.Get("/admin/batches").Want(http.StatusOK).Text("main table"); strings.Count(text, "Add the tag “vip”") != 2 {
		t.Errorf("the list of batches: %s", text)
	}
}

func TestTickedCustomersAreChangedAndWhoMissesThePointIsNamed(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("manager@shop.test", staff.Manager)
	page := b.Get("/admin/customers")
	ids := page.Attrs("tbody .tick input", "value")
	if len(ids) != 4 {
		t.Fatalf("there are %d tick boxes", len(ids))
	}
	id := groupID(newGroup(b, "Regulars"))
	query := url.Values{"id": {ids[0], ids[1], ids[1], "nobody"}}
	page = bulk(b, "/admin/batches/new?"+query.Encode(), "add_group", typed{"group": id}).Want(http.StatusOK)
	if text := page.Text("main"); !strings.Contains(text, "Start for 3 customers") {
		t.Errorf("the preview: %s", text)
	}
	page = carryOut(i, b)
	if text := page.Text("main"); !strings.Contains(text, "Changed2") || !strings.Contains(text, "No longer exists") {
		t.Errorf("the report: %s", text)
	}
	if got := listed(b, "/admin/customers?group="+id); len(got) != 2 {
		t.Errorf("members are %v", got)
	}
	b.Get("/admin/batches/new")
	if b.Page.URL.Path != "/admin/customers" || !strings.Contains(b.Page.Text("main"), "select the customers") {
		t.Errorf("nothing ticked leads to %s", b.Page.URL)
	}
	for action, values := range map[string]typed{"add_tag": {"tag": "a, b"}, "withdraw_consent": {"purpose": "newsletter"},
		"add_group": {"group": "nobody"}} {
		page := bulk(b, "/admin/batches/new?all=yes", action, values).Want(http.StatusUnprocessableEntity)
		if len(page.Attrs(".field-errors a", "href")) != 1 || !page.Has(`details[open] [value="`+action+`"]`) {
			t.Errorf("%s: %s", action, page.Text("main"))
		}
	}
	b.Post("/admin/batches/new", url.Values{"all": {"yes"}, "action": {"undo"}}).Want(http.StatusUnprocessableEntity)
	b.Post("/admin/batches/new", url.Values{"all": {"yes"}, "action": {"add_tag"}, "add_tag.tag": {"x"}, "orders_min": {"x"}}).
		Want(http.StatusUnprocessableEntity)
}

// TestAsManyAsAPageHoldsCanBeTicked sends more fields than other forms may have.
func TestAsManyAsAPageHoldsCanBeTicked(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("manager@shop.test", staff.Manager)
	form := url.Values{"action": {"add_tag"}, "add_tag.tag": {"x"}}
	for n := range merchant.MaxTicked {
		form.Add("id", fmt.Sprint("nobody", n))
	}
	for n := range gate.MaxFields - 10 { // which nothing asked for
		form.Add(fmt.Sprint("field", n), "x")
	}
	page := b.Post("/admin/batches/new", form).Want(http.StatusOK)
	if text := page.Text("main"); !strings.Contains(text, "Start for 250 customers") {
		t.Errorf("the preview: %s", text)
	}
	form.Add("id", "one more")
	b.Post("/admin/batches/new", form).Want(http.StatusUnprocessableEntity)
	i.Enrol("viewer@shop.test", staff.Viewer).Post("/admin/batches/new", form).Want(http.StatusForbidden)
}

// TestASelectionThatChangedSinceIsSkippedAndNamed changes a customer between the preview and the start.
func TestASelectionThatChangedSinceIsSkippedAndNamed(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("owner@shop.test", staff.Owner)
	page := bulk(b, "/admin/batches/new?all=yes&newsletter=given", "withdraw_consent",
		typed{"purpose": "newsletter", "source": "letter"}).Want(http.StatusOK)
	i.Work()
	path := page.URL.Path
	i.Put(i.Key("main"), "/api/v1/customers/2", `{"email":"eva@example.com","updated_at":"2026-03-05T08:00:00Z",
		"consents":{"newsletter":{"status":"withdrawn","at":"2026-03-05T07:00:00Z","source":"checkout"}}}`)
	b.Get(path)
	if text := carryOut(i, b).Text("main"); !strings.Contains(text, "Skipped1") || !strings.Contains(text, "No longer matches the filters") {
		t.Errorf("the report: %s", text)
	}
}

func TestDeletingAGroupTakesItsMembersOutAndCanBeUndone(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("owner@shop.test", staff.Owner)
	path := newGroup(b, "Regulars")
	bulk(b, "/admin/batches/new?all=yes", "add_group", typed{"group": groupID(path)}).Want(http.StatusOK)
	carryOut(i, b)
	before := listed(b, "/admin/customers?group="+groupID(path))
	b.Get(path)
	b.Submit(`form[action$="/delete"]`, nil).Want(http.StatusOK)
	deletion := b.Page.URL.Path
	carryOut(i, b)
	b.Get(path).Want(http.StatusNotFound)
	openCustomer(b, "cermak")
	if text := b.Page.Text("#groups"); strings.Contains(text, "Regulars") {
		t.Errorf("still a member: %s", text)
	}
	name := newGroup(b, "regulars")
	b.Get(deletion)
	b.Submit(`form[action$="/undo"]`, nil).Want(http.StatusOK)
	undo := b.Page.URL.Path
	if text := carryOut(i, b).Text("main"); !strings.Contains(text, "Another group has taken this name") {
		t.Errorf("undone although the name is taken: %s", text)
	}
	b.Get(name)
	b.Submit("main form[novalidate]", typed{"name": "Others"}).Want(http.StatusOK)
	b.Get(undo)
	carryOut(i, b)
	b.Get(path).Want(http.StatusOK)
	if after := listed(b, "/admin/customers?group="+groupID(path)); !slices.Equal(before, after) || len(after) != 4 {
		t.Errorf("members were %v, are %v", before, after)
	}
}

// TestABulkChangeNeedsAFreshFactorAndTheRole checks that a preview alone does not need one, and that the
// batch of a person who loses the role stops.
func TestABulkChangeNeedsAFreshFactorAndTheRole(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("manager@shop.test", staff.Manager)
	i.Clock.Move(16 * time.Minute)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	path := bulk(b, "/admin/batches/new?all=yes", "add_tag", typed{"tag": "x"}).Want(http.StatusOK).URL.Path
	i.Work()
	b.Get(path)
	b.Submit(`form[action$="/start"]`, nil)
	if b.Page.URL.Path != "/admin/confirm" {
		t.Fatalf("the start leads to %s", b.Page.URL)
	}
	b.Submit("main form", typed{"code": b.Code()})
	b.Get(path)
	b.Submit(`form[action$="/start"]`, nil).Want(http.StatusOK)
	owner.Get("/admin/staff")
	owner.Follow(`main tbody a:contains("manager")`).Want(http.StatusOK)
	owner.Submit(`form[action$="/role"]`, typed{"role": "support"}).Want(http.StatusOK)
	i.Work()
	if text := owner.Get(path).Text("main"); !strings.Contains(text, "may no longer make bulk changes") || !strings.Contains(text, "0 of 4") {
		t.Errorf("after the role was lost: %s", text)
	}
	support := i.Enrol("support@shop.example", staff.Support)
	support.Get(path).Want(http.StatusForbidden)
	if support.Get("/admin/customers").Has(".tick") {
		t.Error("support staff see tick boxes")
	}
}

// TestABulkChangeOfAllThatASearchFinds combines a search with a filter, and with an exact number, which finds
// somebody once whom the words find, too.
func TestABulkChangeOfAllThatASearchFinds(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("manager@shop.test", staff.Manager)
	for search, want := range map[string]int{"example.com": 4, "example.com&orders_min=1": 2, "jan.cermak@example.com": 1,
		"2024-0002": 1, "%24%24": 0} {
		list := "/admin/customers?search=" + search
		link := "/admin/batches/new?all=yes&search=" + search
		if want > 0 {
			link = b.Get(list).Want(http.StatusOK).Attr(`a[href^="/admin/batches/new?"]`, "href")
		}
		tag := "t" + strings.NewReplacer("@", "", "%", "", "&", "", "=", "").Replace(search)
		page := bulk(b, link, "add_tag", typed{"tag": tag}).Want(http.StatusOK)
		i.Work()
		page = b.Get(page.URL.Path)
		if text := page.Text("main"); !strings.Contains(text, "Search: ") || want > 0 &&
			!strings.Contains(text, "Start for "+strconv.Itoa(want)+" ") {
			t.Errorf("%s: %s", search, text)
		}
		carryOut(i, b)
		if got := listed(b, "/admin/customers?tag="+url.QueryEscape(tag)); len(got) != want {
			t.Errorf("%s changes %v, want %d", search, got, want)
		}
	}
}

// TestAPreviewSaysWhoNoLongerMatches changes one customer after the selection, and deletes one who is ticked.
func TestAPreviewSaysWhoNoLongerMatches(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("owner@shop.test", staff.Owner)
	b.Get("/admin/customers?newsletter=given")
	i.Work()
	page := b.Get("/admin/customers?newsletter=given")
	if text := page.Text(".heading"); !strings.Contains(text, "Change all matching customers: 1") {
		t.Errorf("the number of all that match: %s", text)
	}
	var previews []string
	for _, path := range []string{"all=yes&newsletter=given", "all=yes&search=eva&newsletter=given"} {
		page = bulk(b, "/admin/batches/new?"+path, "add_tag", typed{"tag": "x"}).Want(http.StatusOK)
		i.Work()
		if text := b.Get(page.URL.Path).Text("main"); strings.Contains(text, "no longer match") {
			t.Errorf("%s, at once: %s", path, text)
		}
		previews = append(previews, page.URL.Path)
	}
	i.Put(i.Key("main"), "/api/v1/customers/2", `{"email":"eva@example.com","updated_at":"2026-03-05T08:00:00Z",
		"consents":{"newsletter":{"status":"withdrawn","at":"2026-03-05T07:00:00Z","source":"checkout"}}}`)
	ticked := bulk(b, "/admin/batches/new?id=nobody", "add_tag", typed{"tag": "x"})
	for _, path := range append(previews, ticked.URL.Path) {
		if text := b.Get(path).Text("main"); !strings.Contains(text, "1 of these customers no longer matches") {
			t.Errorf("%s, later: %s", path, text)
		}
	}
}
