package web_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
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
