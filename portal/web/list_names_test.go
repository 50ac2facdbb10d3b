package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/portal/staff"
	"postern/templates/i18n"
)

// TestEveryKindOfJobHasAName checks that the list of failed jobs says in every language what a job does, and
// shows the identifier of one that this version does not know.
func TestEveryKindOfJobHasAName(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, lang := range texts.Languages() {
		l := texts.Localizer(lang, time.UTC)
		for _, source := range i.App.Worker().Jobs().Sources {
			for _, kind := range source.KindNames() {
				if looked++; !l.Has("jobs.kind." + kind) {
					t.Errorf("%s has no name for the job %s", lang, kind)
				}
			}
		}
	}
	if looked < 5*40 {
		t.Errorf("looked at %d names", looked)
	}
	failJob(t, i, "unheard_of")
	failJob(t, i, "record_act")
	got := strings.Join(i.Enrol("owner@shop.test", staff.Owner).Get("/admin/jobs").Texts("main tbody th"), "|")
	if got != "Record an action in the log record_act|unheard_of" {
		t.Errorf("the jobs are called %s", got)
	}
}

// TestListsSayHowManyThereAre checks the number beside a title: that of the rows, or of all that were counted
// when they do not fit on a page.
func TestListsSayHowManyThereAre(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b, key := i.Enrol("owner@shop.test", staff.Owner), i.Key("main")
	wants := func(path, want string) {
		t.Helper()
		if got := b.Get(path).Want(http.StatusOK).Text("h1"); got != want {
			t.Errorf("%s is titled %q, want %q", path, got, want)
		}
	}
	wants("/admin/orders", "Orders 2")
	for n := range 30 {
		i.Put(key, fmt.Sprintf("/api/v1/orders/N-%d", n), `{"email":"eva@example.com","placed_at":"2026-02-20T10:00:00Z",
			"updated_at":"2026-03-01T10:00:00Z","currency":"EUR","total":"1","lines":[]}`)
		if n == 1 {
			wants("/admin/orders", "Orders 4")
		}
	}
	wants("/admin/orders", "Orders more than 25")
	i.Work()
	wants("/admin/orders", "Orders 32")
	wants("/admin/orders?status=open", "Orders more than 25")
	wants("/admin/inbox", "Inbox")
	withdraws(i, "N-1", "eva@example.com")
	wants("/admin/withdrawals", "Withdrawals 1")
}

// TestEveryPageOfStaffSearchesCustomers checks that the search in the head finds a customer from a page of
// something else, and that each page names its area where a phone folds the navigation.
func TestEveryPageOfStaffSearchesCustomers(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("owner@shop.test", staff.Owner)
	b.Get("/admin/jobs").Want(http.StatusOK)
	found := b.Submit(".top-search", typed{"search": "eva@example.com"}).Want(http.StatusOK)
	if found.URL.Path != "/admin/customers" || len(found.Texts("main tbody tr")) != 1 {
		t.Errorf("the search shows %s: %s", found.URL, found.Text("main"))
	}
	for path, area := range map[string]string{"/admin/jobs": "Failed jobs Menu", "/admin/log": "Log Menu"} {
		if got := b.Get(path).Text(".side-menu summary"); got != area {
			t.Errorf("%s is folded as %q", path, got)
		}
	}
}
