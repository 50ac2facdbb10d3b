package shopper_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/web/webtest"
	"postern/templates/i18n"
)

// TestPrivacyShowsWhatTheShopDid checks what the page says about acts of a feed and of an operator: when, in
// which role and why, and never by whom. Older acts are on further pages.
func TestPrivacyShowsWhatTheShopDid(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := signedIn(i)
	acts := func() []string { return b.Page.Texts("#activity .row-text p") }
	if b.Get("/privacy"); len(acts()) != 0 || !strings.Contains(b.Page.Text("#activity"), "hasn’t viewed or changed your account") {
		t.Errorf("before: %s", b.Page.Text("#activity"))
	}
	i.Put(i.Key("main"), "/api/v1/customers/77", `{"email":"`+jana+`","phone":"+421905123456","updated_at":"2026-03-01T10:00:00Z",
		"company":{"name":"Kniha","registration_number":"12345678"}}`).Want(http.StatusCreated)
	i.Clock.Move(time.Minute)
	operator, err := i.App.Operator().By("secret-name").Because("<b>Stolen</b> phone")
	if err != nil {
		t.Fatal(err)
	}
	account, err := operator.FindCustomer(t.Context(), "main", jana)
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		i.Clock.Move(time.Minute)
		if _, err := operator.SignOutCustomer(t.Context(), "main", account.ID); err != nil {
			t.Fatal(err)
		}
	}
	i.Work()
	b = signedIn(i)
	b.Get("/privacy").Want(http.StatusOK)
	if got := acts(); len(got) != 15 || !strings.HasSuffix(got[1], ", by the shop") {
		t.Errorf("the first page: %q", got)
	}
	if strings.Contains(b.Page.Text("body"), "secret-name") {
		t.Error("the page names a person")
	}
	if next := b.Page.Attr("#activity .pager-next", "href"); !strings.HasSuffix(next, "#activity") {
		t.Errorf("the next page is %q", next)
	}
	b.Get(strings.TrimSuffix(b.Page.Attr("#activity .pager-next", "href"), "#activity")).Want(http.StatusOK)
	got := acts()
	for n, text := range got {
		if when, by, found := strings.Cut(text, ", by "); found && strings.Contains(when, "March 2026 at") {
			got[n] = "by " + by
		}
	}
	want := []string{
		"Signed you out of all devices", "by the shop", "Reason: <b>Stolen</b> phone",
		"Changed: company details, customer number, phone", "by the shop’s system",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the second page (-want +got):\n%s", diff)
	}
	if !b.Page.Has(`#activity [rel="prev"]`) || b.Page.Has(`#activity [rel="next"]`) {
		t.Error("the second page leads elsewhere than back")
	}
	b.Get("/privacy?cursor=edited").Want(http.StatusNotFound)
}

// TestPrivacyShowsWhoLooked checks that a customer sees that staff viewed the account, in which role, and by
// name only if the shop shows names.
func TestPrivacyShowsWhoLooked(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := signedIn(i)
	owner := i.Enrol("owner@shop.test", staff.Owner)
	account, err := i.App.Operator().FindCustomer(t.Context(), "main", jana)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		owner.Get("/admin/customers/" + account.ID).Want(http.StatusOK)
	}
	i.Work()
	for names, by := range map[bool]string{false: ", by the shop’s staff (role: Owner)",
		true: ", by owner@shop.test (role: Owner)"} {
		if _, err := i.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{StaffNames: &names}); err != nil {
			t.Fatal(err)
		}
		got := b.Get("/privacy").Want(http.StatusOK).Texts("#activity .row-text p")
		if len(got) != 2 || got[0] != "Viewed your account" || !strings.HasSuffix(got[1], by) {
			t.Errorf("with names %t: %q", names, got)
		}
	}
}

// TestEveryActHasASentence checks that each kind of act that a customer can see has its sentence: those on
// groups, on views, on many customers, on background jobs and on API keys name none.
func TestEveryActHasASentence(t *testing.T) {
	t.Parallel()
	words, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	l := words.Localizer("en", time.UTC)
	for _, kind := range audit.Kinds() {
		about, _, _ := strings.Cut(string(kind), ".")
		apart := []string{"staff", "group", "view", "customers", "job", "key"}
		if kind != audit.CustomerErased && !kind.IsOnStaff() && !slices.Contains(apart, about) &&
			!l.Has("activity."+string(kind)) {
			t.Errorf("%s has no sentence", kind)
		}
	}
	for field := range (customer.Customer{FeedID: "1", Email: "e", Title: "t", FirstName: "f", LastName: "l", BirthDate: "b",
		Phone: "p", Language: "l", Groups: []customer.Membership{{Group: "g"}}, Tags: []string{"t"}}).Fields() {
		field, _, _ = strings.Cut(field, ".")
		if !l.Has("activity.field." + field) {
			t.Errorf("%s has no name", field)
		}
	}
}
