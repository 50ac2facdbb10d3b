package web_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/audit"
	"postern/portal/staff"
	"postern/portal/web/webtest"
	"postern/templates/i18n"
)

// logged fills a log by a feed, an operator, and two people, and returns an owner.
func logged(t *testing.T) (*webtest.Installation, *webtest.Employee) {
	t.Helper()
	i, support := people(t)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	openEdit(support)
	i.Clock.Move(time.Second)
	support.Submit("main form", typed{"first_name": "Ján", "phone": "+420 777 111 222", "reason": "asked by phone"}).
		Want(http.StatusOK)
	i.Put(i.Key("main"), "/api/v1/customers/2", `{"last_name":"=Nová","updated_at":"2026-01-02T10:00:00Z",
		"addresses":[{"id":"a","first_name":"Eva","last_name":"Nová","line1":"Hlavná 1","city":"Košice","postal_code":"040 01","country":"SK"}]}`)
	operator := i.App.Operator().By("anna")
	account, err := operator.FindCustomer(t.Context(), "main", "eva@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := operator.SignOutCustomer(t.Context(), "main", account.ID); err != nil {
		t.Fatal(err)
	}
	i.Work()
	return i, owner
}

// inLog returns the acts of the list at a path, each with whom it was about.
func inLog(b *webtest.Employee, path string) (acts []string) {
	page := b.Get(path).Want(http.StatusOK)
	whats, whoms := page.Texts(".log tbody th"), page.Texts(".log tbody td:nth-child(3)")
	for n, what := range whats {
		acts = append(acts, what+" "+whoms[n])
	}
	return acts
}

func TestLogIsFilteredByPersonActorActAndDay(t *testing.T) {
	t.Parallel()
	i, b := logged(t)
	members, err := i.App.Operator().Staff(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	supporter := members[0].ID
	today := i.Clock.Now().Format(time.DateOnly)
	changedEva, outEva := "Details changed Eva =Nová", "Signed out everywhere Eva =Nová"
	for query, want := range map[string][]string{
		"person=eva%40example.com&actor=operator":     {outEva},
		"person=2&act=customer.changed&from=" + today: {changedEva, changedEva},
		"person=2024-0001&actor=staff":                {"Details changed Ján Čermák", "Profile opened by staff Ján Čermák"},
		"actor=operator%3Aanna":                       {outEva},
		"act=customer.signed_out&actor=feed":          nil,
		"act=customer.signed_out&to=" + today:         {outEva},
		"act=customer.signed_out&from=2099-01-01":     nil,
		"person=support%40shop.test": {"Authenticator app set up support@shop.test",
			"Invited to staff support@shop.test"},
		"person=" + supporter + "&act=staff.invited":                       {"Invited to staff support@shop.test"},
		"act=customer.viewed&actor=" + url.QueryEscape("staff:"+supporter): {"Profile opened by staff Ján Čermák"},
	} {
		if got := inLog(b, "/admin/log?"+query); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"person=nobody%40example.com":   "No customer or staff member has this email",
		"act=painted":                   "This filter or sort order doesn’t exist",
		"actor=nobody":                  "This filter or sort order doesn’t exist",
		"from=yesterday":                "date",
		"from=2026-02-02&to=2026-01-01": "The start date must not be after",
		"cursor=edited":                 "Show all entries",
	} {
		if text := b.Get("/admin/log?" + query).Want(http.StatusUnprocessableEntity).Text("main"); !strings.Contains(text, want) {
			t.Errorf("%s: %s", query, text)
		}
	}
}

// TestLogShowsBeforeAndAfterInWords checks one entry in full, its links, and the chips.
func TestLogShowsBeforeAndAfterInWords(t *testing.T) {
	t.Parallel()
	i, b := logged(t)
	page := b.Get("/admin/log?act=customer.changed&actor=staff").Want(http.StatusOK)
	if got, want := page.Text(".log-changes"), "first name Jan →changed to Ján phone +420777888999 →changed to "+
		"+420777111222 Reason: asked by phone"; got != want {
		t.Errorf("changes: %q, want %q", got, want)
	}
	if got := page.Text(".log tbody td:nth-child(5)"); got != "support@shop.test Support" {
		t.Errorf("done by %q", got)
	}
	if path := page.Attr(".log tbody td:nth-child(3) a", "href"); !strings.HasPrefix(path, "/admin/customers/") {
		t.Errorf("the customer leads to %q", path)
	}
	if got := page.Texts(".chip"); !slices.Equal(got, []string{"Action: Details changed", "Done by: Staff"}) {
		t.Errorf("chips: %q", got)
	}
	if got := page.Attrs(".chip a", "href"); !slices.Equal(got, []string{"/admin/log?actor=staff", "/admin/log?act=customer.changed"}) {
		t.Errorf("removing chips leads to %q", got)
	}
	page = b.Get("/admin/log?person=2&act=customer.changed").Want(http.StatusOK)
	if got := page.Text(".change .after"); !strings.Contains(got, "Hlavná 1") || !strings.Contains(got, "Košice") || strings.Contains(got, "{") {
		t.Errorf("an address reads %q", got)
	}
	if _, err := i.App.Operator().EraseCustomer(t.Context(), "main", customerID(t, i, "eva@example.com"), true); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		i.Work()
		i.Clock.Move(time.Minute)
	}
	if text := b.Get("/admin/log?act=customer.changed&actor=feed").Text(".log"); !strings.Contains(text, "Deleted customer") ||
		strings.Contains(text, "Eva") {
		t.Errorf("after the erasure: %s", text)
	}
}

func customerID(t *testing.T, i *webtest.Installation, email string) string {
	t.Helper()
	account, err := i.App.Operator().FindCustomer(t.Context(), "main", email)
	if err != nil {
		t.Fatal(err)
	}
	return account.ID
}

// TestLogPagesBothWays goes through 120 entries to the end and back.
func TestLogPagesBothWays(t *testing.T) {
	t.Parallel()
	i, b := logged(t)
	id := customerID(t, i, "eva@example.com")
	for range 120 {
		i.Clock.Move(time.Second)
		if _, err := i.App.Operator().SignOutCustomer(t.Context(), "main", id); err != nil {
			t.Fatal(err)
		}
	}
	i.Work()
	const path = "/admin/log?act=customer.signed_out"
	numbers := func() []string { return b.Page.Texts(".log tbody td:nth-child(6)") }
	var there [][]string
	for b.Get(path); ; b.Follow(`.pager [rel="next"]`) {
		there = append(there, numbers())
		if !b.Page.Has(`.pager [rel="next"]`) {
			break
		}
	}
	if len(there) != 3 || len(slices.Concat(there...)) != 121 || len(slices.Compact(slices.Sorted(slices.Values(
		slices.Concat(there...))))) != 121 {
		t.Fatalf("%d pages, %d entries", len(there), len(slices.Concat(there...)))
	}
	for n := 1; n >= 0; n-- {
		b.Follow(`.pager [rel="prev"]`)
		if diff := cmp.Diff(there[n], numbers()); diff != "" {
			t.Errorf("back on page %d (-there +back):\n%s", n+1, diff)
		}
	}
	if b.Page.Has(`.pager [rel="prev"]`) {
		t.Error("the first page leads further back")
	}
}

// TestLogDownload checks the file of a filtered log: its rows, that no cell is a formula, that it needs a
// fresh code, and that it is an entry itself.
func TestLogDownload(t *testing.T) {
	t.Parallel()
	i, b := logged(t)
	path := b.Get("/admin/log?person=2&act=customer.changed").Attr(".log-heading a", "href")
	page := b.Get(path).Want(http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(page.Body)).ReadAll()
	if err != nil || len(rows) < 4 || rows[0][0] != "number" {
		t.Fatalf("%q, %v", rows, err)
	}
	var cells []string
	for _, row := range rows[1:] {
		if row[3] != "customer.changed" {
			t.Errorf("a row of another act: %q", row)
		}
		cells = append(cells, row[9])
	}
	if !slices.Contains(cells, "'=Nová") || slices.Contains(cells, "=Nová") {
		t.Errorf("values: %q", cells)
	}
	if name := page.Header.Get("Content-Disposition"); name != `attachment; filename="main-log.csv"` {
		t.Errorf("named %q", name)
	}
	i.Work()
	if got := inLog(b, "/admin/log?act=log.exported"); len(got) != 1 || got[0] != "Log downloaded Eva =Nová" {
		t.Errorf("the download is in the log as %q", got)
	}
	i.Clock.Move(16 * time.Minute)
	if b.Get(path); b.Page.URL.Path != "/admin/confirm" {
		t.Fatalf("without a fresh code the download leads to %s", b.Page.URL)
	}
	b.Submit("main form", map[string]string{"code": b.Code()})
	if got := fmt.Sprint(b.Page.URL); !strings.HasSuffix(got, "/admin/log?act=customer.changed&person=2") {
		t.Errorf("the code leads to %s", got)
	}
	if got := inLog(b, "/admin/log?act=log.exported"); len(got) != 1 {
		t.Errorf("a download that did not take place is in the log: %q", got)
	}
}

// TestLogNamesStaffWhoLeft checks that acts of somebody who was removed still name them.
func TestLogNamesStaffWhoLeft(t *testing.T) {
	t.Parallel()
	i, b := logged(t)
	if err := i.App.Operator().RemoveStaff(t.Context(), "main", "support@shop.test"); err != nil {
		t.Fatal(err)
	}
	i.Work()
	page := b.Get("/admin/log?act=customer.changed&actor=staff").Want(http.StatusOK)
	if got := page.Text(".log tbody td:nth-child(5)"); got != "support@shop.test Support" {
		t.Errorf("done by %q", got)
	}
	page = b.Get("/admin/log?act=customer.changed&to=2020-01-01").Want(http.StatusOK)
	if loosen := page.Attrs(".empty + .chips a", "href"); !slices.Contains(loosen, "/admin/log?act=customer.changed") || len(loosen) != 2 {
		t.Errorf("nothing is found, and %q is offered", loosen)
	}
	page = b.Get("/admin/log?act=staff.removed").Want(http.StatusOK)
	if got := page.Text(".log tbody td:nth-child(3)"); got != "support@shop.test" || page.Has(".log tbody td:nth-child(3) a") {
		t.Errorf("removed: %q", got)
	}
}

// TestOwnerEndsOneSessionOnThePage ends a colleague's session and finds the act in the log of that person.
func TestOwnerEndsOneSessionOnThePage(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	owner, other := i.Enrol("owner@shop.test", staff.Owner), i.Enrol("jo@shop.test", staff.Support)
	owner.Get(memberPath(t, owner, other.Email))
	owner.Submit(`form[action$="/end"]`, nil).Want(http.StatusOK)
	if other.Get("/admin").URL.Path != "/admin/sign-in" {
		t.Errorf("the person is at %s", other.Page.URL)
	}
	i.Work()
	links := owner.Page.Attrs(`main section a[href^="/admin/log"]`, "href")
	if len(links) != 2 {
		t.Fatalf("the page leads to %q", links)
	}
	if got := inLog(owner, links[0]); len(got) != 1 {
		t.Errorf("done by the person: %q", got)
	}
	if got := inLog(owner, links[1]); len(got) != 3 || got[0] != "Staff signed out jo@shop.test" {
		t.Errorf("done to the person: %q", got)
	}
}

// TestEveryActAndActorHasAName checks that the log shows each kind of act and actor in words.
func TestEveryActAndActorHasAName(t *testing.T) {
	t.Parallel()
	words, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	l := words.Localizer("en", time.UTC)
	for _, kind := range audit.Kinds() {
		if !l.Has("log.act." + string(kind)) {
			t.Errorf("the act %s has no name", kind)
		}
	}
	for _, kind := range audit.ActorKinds() {
		if !l.Has("log.actor." + string(kind)) {
			t.Errorf("the actor %s has no name", kind)
		}
	}
}
