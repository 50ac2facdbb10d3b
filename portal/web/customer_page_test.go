package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/staff"
	"postern/portal/web/webtest"
)

// TestCustomersPageNamesThePresentFirst checks how the page words what it knows: languages by their names, the
// shop's currency first, payment methods on one line, and neighbours in the timeline that say the same once.
func TestCustomersPageNamesThePresentFirst(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	key := i.Key("main")
	for n, order := range []string{`"currency":"CZK","payment_kind":"card"`, `"currency":"CZK","payment_kind":"invoice"`, `"currency":"USD"`, `"currency":"EUR"`} {
		i.Put(key, fmt.Sprintf("/api/v1/orders/P-%d", n), fmt.Sprintf(`{"number":"P-%d","email":"jan.cermak@example.com",
			"placed_at":"2025-%02d-03T12:00:00Z","updated_at":"2025-05-01T12:00:00Z","payment":"paid","total":"9.00",%s,
			"lines":[{"name":"Book","quantity":"1","total":"9.00"}]}`, n, n+1, order)).Want(http.StatusCreated)
	}
	path := openJan(b)
	for range 3 {
		i.Clock.Move(time.Minute)
		b.Post(path+"/sign-out", nil)
	}
	i.Work()
	page := b.Get(path).Want(http.StatusOK)
	if got := page.Texts(".customer-facts dd"); !slices.Contains(got, "Czech") {
		t.Errorf("the language is not named in English: %q", got)
	}
	if got := page.Text(".details.strip"); !strings.Contains(got, "Card 1 · Invoice 1") {
		t.Errorf("the payment methods are not on one line: %s", got)
	}
	if got := page.Texts(".chart figcaption"); len(got) != 2 || !strings.Contains(got[0], "EUR") || !strings.Contains(got[1], "CZK") {
		t.Errorf("the charts, of which a month alone has none: %q", got)
	}
	if got := page.Text("#timeline"); !strings.Contains(got, "language not set →changed to Czech") ||
		!strings.Contains(got, "Signed out everywhere, 3 times") {
		t.Errorf("the timeline: %s", got)
	}
	for _, at := range page.Attrs(".anchors a", "href") {
		if !page.Has(at) {
			t.Errorf("%s leads nowhere", at)
		}
	}
}

// TestListsCountTheirFilters checks the number at the button that opens the filters, which on a phone is an icon,
// and that what belongs to the filters is in one row with them.
func TestListsCountTheirFilters(t *testing.T) {
	t.Parallel()
	_, b := people(t)
	for path, want := range map[string]string{"/admin/customers?view=all": "", "/admin/customers?country=CZ&language=cs": "2",
		"/admin/orders": "", "/admin/orders?from=2020-01-01": "1"} {
		page := b.Get(path).Want(http.StatusOK)
		if got := page.Text(".filters > summary .filter-count"); got != want {
			t.Errorf("%s counts %q filters, want %q", path, got, want)
		}
		if got := page.Has(".list-filters .chip"); got != (want != "") {
			t.Errorf("%s has a row of filters: %t", path, got)
		}
	}
}

// TestNewBulkChangeEndsWithWhatTakesAway checks the groups of the actions, and the number of those who match.
func TestNewBulkChangeEndsWithWhatTakesAway(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	b := i.Enrol("owner@shop.test", staff.Owner)
	b.Get("/admin/customers?language=cs")
	i.Work() // counts them
	page := b.Get("/admin/batches/new?all=yes&language=cs").Want(http.StatusOK)
	want := []string{"Tags and groups", "Email", "Access", "Data", "Disable and delete"}
	if got := page.Texts(".bulk-group > h2"); !slices.Equal(got, want) {
		t.Errorf("the groups: %q", got)
	}
	if got := page.Texts(".bulk-group:last-child .danger > summary"); len(got) != 2 || page.Has(".bulk-group:not(:last-child) .danger") {
		t.Errorf("the last group: %q", got)
	}
	if got := page.Text(".bulk-selection"); !strings.HasPrefix(got, "Matching customers: 1 (") || !strings.HasSuffix(got, "Language: Czech") {
		t.Errorf("the selection: %s", got)
	}
}

// TestEnrolmentOffersTheAppOfThisDevice checks the link and the key to copy, for whom a QR code is of no use
// because the page is on the same phone as the app.
func TestEnrolmentOffersTheAppOfThisDevice(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	if _, err := i.App.Operator().InviteStaff(t.Context(), "main", "owner@shop.test", string(staff.Owner)); err != nil {
		t.Fatal(err)
	}
	visitor := &webtest.Employee{Browser: i.Browser(), Email: "owner@shop.test"}
	visitor.Get("/admin/sign-in")
	visitor.Submit("main form", typed{"email": visitor.Email}).Want(http.StatusOK)
	i.Deliver()
	visitor.Get(webtest.LinkIn(i.Mailbox.Last(visitor.Email)))
	page := visitor.Submit("main form", nil).Want(http.StatusOK)
	key := strings.ReplaceAll(page.Text(".secret"), " ", "")
	if got := page.Attr(".enrol-here a", "href"); !strings.HasPrefix(got, "otpauth://totp/") || key == "" || !strings.Contains(got, "secret="+key) {
		t.Errorf("the link of key %q: %s", key, got)
	}
	if got := page.Attr(".enrol-here [data-copy]", "data-copy"); got != key {
		t.Errorf("%q is copied, want %s", got, key)
	}
}
