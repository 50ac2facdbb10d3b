package shopper_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal/order"
	"postern/portal/web/webtest"
)

// manyOrders creates 45 orders of Jana's over three years and signs her in.
func manyOrders(t *testing.T) (*webtest.Installation, *webtest.Browser) {
	t.Helper()
	i := webtest.Portal(t)
	for n := range 45 {
		put(t, i, fmt.Sprintf("%d", 1000+n), fields{
			"placed_at":   fmt.Sprintf("%d-02-%02dT10:00:00Z", 2026-n/20, 1+n%20),
			"fulfillment": []string{"delivered", "shipped"}[n%2],
		})
	}
	return i, signedIn(i)
}

// TestOrderList pages through all orders and back, and checks that the links of each filter keep the other
// filters.
func TestOrderList(t *testing.T) {
	t.Parallel()
	_, b := manyOrders(t)
	seen := map[string]bool{}
	for pages := 1; ; pages++ {
		for _, number := range b.Page.Texts(".order-number") {
			seen[number] = true
		}
		if !b.Page.Has("a[rel=next]") {
			if pages != 3 || len(seen) != 45 {
				t.Errorf("%d pages with %d orders", pages, len(seen))
			}
			break
		}
		b.Follow("a[rel=next]").Want(http.StatusOK)
	}
	b.Follow("a[rel=prev]").Want(http.StatusOK)
	if n := len(b.Page.Texts(".order")); n != 20 {
		t.Errorf("the page before the last has %d orders", n)
	}
	b.Get("/orders?period=2025")
	b.Follow("a[href*='status=delivered']").Want(http.StatusOK)
	if n := len(b.Page.Texts(".order")); n != 10 || b.Page.URL.Query().Get("period") != "2025" {
		t.Errorf("%s has %d orders", b.Page.URL, n)
	}
	b.Get("/orders?period=custom&from=2026-02-03&to=2026-02-04")
	if got := strings.Join(b.Page.Texts(".order-number"), " "); got != "1003 1002" {
		t.Errorf("two days have the orders %s", got)
	}
	b.Get("/orders?period=2024&search=1044")
	if got := b.Page.Texts(".order-number"); len(got) != 1 || got[0] != "1044" {
		t.Errorf("the search finds %v", got)
	}
}

// TestListSaysWhichOrdersItShows checks the sentence beside the heading: which orders of how many, as far as
// that is known.
func TestListSaysWhichOrdersItShows(t *testing.T) {
	t.Parallel()
	i, b := manyOrders(t)
	i.Work()
	says := func(want string) {
		t.Helper()
		if got := strings.Join(b.Page.Texts(".heading .muted"), "|"); got != want {
			t.Errorf("%s says %q, want %q", b.Page.URL, got, want)
		}
	}
	for path, want := range map[string]string{
		"/orders": "1–20 of 45", "/orders?period=2024": "5 orders", "/orders?period=2025": "20 orders",
		"/orders?status=delivered":              "1–20 of 23",
		"/orders?status=delivered&period=2025":  "10 orders",
		"/orders?from=2025-01-01&to=2025-12-31": "20 orders",
		"/orders?from=2024-01-01":               "1–20 of 45",
		"/orders?search=1044":                   "",
		"/orders?status=unpaid":                 "",
		"/orders?period=2025&status=cancelled":  "",
	} {
		b.Get(path).Want(http.StatusOK)
		says(want)
	}
	b.Get("/orders")
	b.Follow("a[rel=next]").Want(http.StatusOK)
	says("21–40 of 45")
	b.Follow("a[rel=next]").Want(http.StatusOK)
	says("41–45 of 45")
	b.Follow("a[rel=prev]").Want(http.StatusOK)
	says("21–40 of 45")
	b.Get(strings.Replace(b.Page.Attr("a[rel=next]", "href"), "before=40", "before=-3", 1)).Want(http.StatusOK)
	says("45 orders")
	b.Get("/orders?status=delivered")
	b.Follow("a[rel=next]").Want(http.StatusOK)
	says("21–23 of 23")
	b.Get("/orders?from=2024-01-01")
	b.Follow("a[rel=next]").Want(http.StatusOK)
	says("21–40 of 45")
	if b.Page.Text(".list-state .clear") != "Clear filters" || b.Get("/orders").Has(".list-state") {
		t.Error("the way to all orders is not beside the count, or is there without a filter")
	}
}

// TestLongFilteredListSaysThatItHasMore checks that a filtered list is counted only so far.
func TestLongFilteredListSaysThatItHasMore(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	for n := range order.MaxCounted + 1 {
		put(t, i, fmt.Sprintf("%d", 1000+n), fields{"fulfillment": "delivered"})
	}
	b := signedIn(i)
	b.Get("/orders?status=delivered").Want(http.StatusOK)
	if got := b.Page.Text(".heading .muted"); got != "1–20 of more than 200" {
		t.Errorf("says %q", got)
	}
}

// TestRowNamesWhatWasBought checks a row's title, the alternative texts of its pictures and what it offers.
func TestRowNamesWhatWasBought(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	lines := []fields{
		{"name": "The Little Prince", "quantity": "1", "total": "5", "picture": "https://www.shop.test/p.png"},
		{"name": "Pen", "quantity": "1", "total": "5", "picture": "https://www.shop.test/q.png"},
		{"name": "Ink", "quantity": "1", "total": "5"},
	}
	put(t, i, "1", fields{"lines": lines, "payment": "pending", "fulfillment": "unfulfilled",
		"links": fields{"payment": "https://pay.test/1"}, "placed_at": "2026-03-01T10:00:00Z"})
	put(t, i, "2", fields{"lines": lines[:1], "fulfillment": "shipped", "placed_at": "2026-02-03T10:00:00Z",
		"shipments": []fields{{"carrier": "DHL", "url": "https://dhl.test/2"}}})
	put(t, i, "3", fields{"lines": []fields{}, "fulfillment": "delivered", "placed_at": "2026-02-02T10:00:00Z",
		"shipments": []fields{{"carrier": "DHL", "url": "https://dhl.test/3"}}})
	b := signedIn(i)
	for selector, want := range map[string][]string{
		"a.order":      {"The Little Prince and 2 more", "The Little Prince", "Order 3"},
		".order-offer": {"Pay now 1", "Track parcel 2"},
	} {
		if diff := cmp.Diff(want, b.Page.Texts(selector)); diff != "" {
			t.Errorf("%s: %s", selector, diff)
		}
	}
	for attribute, want := range map[[2]string][]string{
		{".order-offer", "href"}:      {"https://pay.test/1", "https://dhl.test/2"},
		{".order-offer", "rel"}:       {"noopener noreferrer", "noopener noreferrer"},
		{".orders .thumb img", "alt"}: {"The Little Prince", "The Little Prince"},
		{".more", "data-more"}:        {"+2"},
	} {
		if diff := cmp.Diff(want, b.Page.Attrs(attribute[0], attribute[1])); diff != "" {
			t.Errorf("%v: %s", attribute, diff)
		}
	}
	if b.Page.Has("a a") {
		t.Error("a link is within a link")
	}
}

// TestNewCustomerSeesNoFilters checks that filters appear with the first order.
func TestNewCustomerSeesNoFilters(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := signedIn(i)
	if b.Page.Has(".filter") {
		t.Error("filters for no orders")
	}
	put(t, i, "1", nil)
	if !b.Get("/orders").Want(http.StatusOK).Has(".filter") {
		t.Error("no filters for an order")
	}
}

// TestPrivacyAndSecurityHaveOnePlace checks that both are in the account menu, and marked there on their
// pages.
func TestPrivacyAndSecurityHaveOnePlace(t *testing.T) {
	t.Parallel()
	b := signedIn(webtest.Portal(t))
	for _, path := range []string{"/privacy", "/security"} {
		b.Get(path).Want(http.StatusOK)
		if got := b.Page.Attrs(".top a[href='"+path+"']", "aria-current"); len(got) != 1 || got[0] != "page" {
			t.Errorf("%s stands in the head as %q", path, got)
		}
	}
}

// TestOrderListInAnotherLanguage checks that changing the language keeps the list.
func TestOrderListInAnotherLanguage(t *testing.T) {
	t.Parallel()
	_, b := manyOrders(t)
	b.Get("/orders?period=2025&status=delivered&done=profile.saved").Want(http.StatusOK)
	before := b.Page.Texts(".order-number")
	b.Submit(".languages", map[string]string{"lang": "sk"}).Want(http.StatusOK)
	if after := b.Page.Texts(".order-number"); b.Page.URL.RawQuery != "period=2025&status=delivered" ||
		len(after) != len(before) {
		t.Errorf("in Slovak, %s: %v, before %v", b.Page.URL, after, before)
	}
}

// TestSearchOfMany checks that a search shows how many orders match or, when it stops at its limit, that
// there may be more.
func TestSearchOfMany(t *testing.T) {
	t.Parallel()
	i, b := manyOrders(t)
	search := func() string {
		b.Get("/orders?search=10").Want(http.StatusOK)
		return b.Page.Text("p[role=status]")
	}
	if text := search(); !strings.HasPrefix(text, "45 orders match “10”.") {
		t.Errorf("of 45: %q", text)
	}
	for n := range 6 {
		put(t, i, fmt.Sprintf("%d", 1050+n), nil)
	}
	if text := search(); !strings.HasPrefix(text, "At least 50 orders match “10”.") {
		t.Errorf("of 51: %q", text)
	}
}

// TestOrderListErrors checks that errors are shown at their fields, which keep their input.
func TestOrderListErrors(t *testing.T) {
	t.Parallel()
	_, b := manyOrders(t)
	edited := b.Page.Attr("a[rel=next]", "href")
	other := strings.Replace(edited, "/orders?", "/orders?status=open&", 1)
	tests := []struct{ name, path, at string }{
		{"from after to", "/orders?from=2026-03-02&to=2026-03-01&status=open", "#f-to-error"},
		{"no such day", "/orders?period=custom&from=2026-02-31", "#f-from-error"},
		{"no day at all", "/orders?period=custom&to=soon", "#f-to-error"},
		{"This period doesn’t exist", "/orders?period=7w", ".empty[role=alert]"},
		{"no such status", "/orders?status=lost", ".empty[role=alert]"},
		{"edited cursor", strings.Replace(edited, "&before", "x&before", 1), ".empty[role=alert]"},
		{"cursor of another list", other, ".empty[role=alert]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b.Get(test.path).Want(http.StatusUnprocessableEntity)
			if b.Page.Text(test.at) == "" {
				t.Errorf("nothing at %s: %s", test.at, b.Page.Text("main"))
			}
			if test.at == "#f-to-error" && b.Page.Has("#f-from-error") {
				t.Error("one fault is said twice")
			}
			query := b.Page.URL.Query()
			for _, field := range []string{"from", "to"} {
				if got := b.Page.Attr("[name="+field+"]", "value"); got != query.Get(field) {
					t.Errorf("%s is %q now", field, got)
				}
			}
			if status := query.Get("status"); status != "" && test.at != ".note" &&
				b.Page.Attr("[name=status]", "value") != status {
				t.Error("the status is lost")
			}
		})
	}
}

// TestFilterNamesWhatLimitsTheList checks the names of the filters, which of them are marked as chosen, and
// the choice that the open menu marks. What the page refuses limits nothing.
func TestFilterNamesWhatLimitsTheList(t *testing.T) {
	t.Parallel()
	_, b := manyOrders(t)
	tests := []struct{ query, names, chosen, marked string }{
		{"", "All orders|All time", "", "All orders|All time"},
		{"period=2025&status=delivered", "Delivered|Last year", "Delivered|Last year", "Delivered|Last year"},
		{"from=2025-01-01&to=2025-12-31", "All orders|Last year", "Last year", "All orders|Last year"},
		{"from=2024-01-01&to=2024-12-31", "All orders|2024", "2024", "All orders|2024"},
		{"period=2019", "All orders|2019", "2019", "All orders|2019"},
		{"from=2025-01-01&to=2025-12-30", "All orders|1 Jan 2025 – 30 Dec 2025", "1 Jan 2025 – 30 Dec 2025",
			"All orders"},
		{"from=2026-02-01", "All orders|From 1 Feb 2026", "From 1 Feb 2026", "All orders"},
		{"from=2026-03-05&to=2026-03-01", "All orders|All time", "", "All orders|All time"},
		{"from=2026-02-31&status=open", "In progress|All time", "In progress", "In progress|All time"},
		{"period=7w", "All orders|All time", "", "All orders"},
		{"status=lost&period=2025", "All orders|Last year", "Last year", "Last year"},
	}
	for _, test := range tests {
		b.Get("/orders?" + test.query)
		for selector, want := range map[string]string{
			".choice-name": test.names, ".choice.chosen .choice-name": test.chosen,
			".choice [aria-current]": test.marked,
		} {
			if got := strings.Join(b.Page.Texts(selector), "|"); got != want {
				t.Errorf("%s: %s: %q, want %q", test.query, selector, got, want)
			}
		}
	}
	if page := b.Get("/orders?from=2026-02-31&status=delivered"); page.Status != http.StatusUnprocessableEntity ||
		len(page.Texts(".order-number")) == 0 ||
		len(page.Texts(".order-number")) != len(b.Get("/orders?status=delivered").Texts(".order-number")) {
		t.Errorf("a wrong day hides the orders: %s", page.Text("main"))
	}
	if b.Get("/orders?from=soon").Has(".choice.faulty[open] #f-from-error") == b.Get("/orders").Has(".choice.faulty") {
		t.Error("only an open menu with a fault takes room")
	}
	b.Get("/orders?from=2025-01-01&to=2025-12-30").Want(http.StatusOK)
	if !strings.Contains(b.Page.Body, strings.ReplaceAll("1_Jan_2025_– 30_Dec_2025", "_", "\u00a0")) {
		t.Error("a line may end within a date")
	}
}

// TestPageThatTheListNoLongerHas checks that such a page leads to the newest orders of the same list.
func TestPageThatTheListNoLongerHas(t *testing.T) {
	t.Parallel()
	_, b := manyOrders(t)
	b.Get("/orders?period=2025&cursor=edited").Want(http.StatusUnprocessableEntity)
	if got := b.Page.Text(".empty p"); got != "Your list has changed since you opened this page." {
		t.Errorf("says %q", got)
	}
	b.Follow(".empty a").Want(http.StatusOK)
	if got := b.Page.URL.RequestURI(); got != "/orders?period=2025" || !b.Page.Has(".orders") {
		t.Errorf("leads to %s", got)
	}
}

// TestEmptyLists checks that an empty list says why it is empty and offers a next step.
func TestEmptyLists(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := signedIn(i)
	if got := b.Page.Attr(".empty a", "href"); got != "https://www.shop.test/" {
		t.Errorf("without orders the way on is %q", got)
	}
	if got := b.Page.Text(".empty .masked"); got != jana {
		t.Errorf("the address that is kept in one piece is %q", got)
	}
	put(t, i, "1", fields{"placed_at": "2023-06-01T10:00:00Z"})
	i.Work()
	tests := []struct{ query, way, says string }{
		{"period=30d", "/orders?period=2023", "No orders in this period."},
		{"status=unpaid", "/orders", "You have no unpaid orders."},
		{"status=unpaid&period=2023", "/orders", "No unpaid orders in this period."},
		{"search=77", "/orders", "No orders match “77”."},
		{"search=%2077+", "/orders", "No orders match “77”."},
	}
	for _, test := range tests {
		b.Get("/orders?" + test.query).Want(http.StatusOK)
		if got := b.Page.Attr(".empty a", "href"); got != test.way {
			t.Errorf("%s: the way on is %q", test.query, got)
		}
		if got := b.Page.Text(".empty p"); got != test.says {
			t.Errorf("%s: %q", test.query, got)
		}
	}
}

// TestOrderPage checks all parts of an order's page.
func TestOrderPage(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "SK/2026 1", fields{
		"payment": "pending", "payment_kind": "transfer", "fulfillment": "shipped",
		"source_label": "Vyskladnené",
		"lines": []fields{{"id": "a", "sku": "S-1", "name": "Pen", "quantity": "2.5", "unit_price": "0.455",
			"total":   "1.14",
			"options": []fields{{"name": "Colour", "value": "blue"}}, "fulfillment": "on_hold"}},
		"subtotal": "1.14", "shipping": "3.00", "taxes": []fields{{"rate": "23", "amount": "0.95"}},
		"refunded":  "1.00",
		"discounts": []fields{{"code": "MAY", "amount": "0.14"}}, "total": "4.95",
		"tax_note": "Reverse charge", "vat_id": "DE136695976",
		"shipping_address": fields{"first_name": "Jana", "last_name": "Nová", "line1": "Obchodná 1",
			"city": "Bratislava", "postal_code": "81106", "country": "SK"},
		"shipments": []fields{{"carrier": "DHL", "number": "JD01", "url": "https://dhl.test/JD01",
			"items": []fields{{"line": "a", "quantity": "2.5"}}}},
		"links": fields{"payment": "https://pay.test/1", "invoice": "https://www.shop.test/i.pdf"},
	})
	b := signedIn(i)
	b.Follow("a.order").Want(http.StatusOK)
	for selector, want := range map[string]string{
		"h1": "Order SK/2026 1", ".headline": "Your order is on its way with DHL. Pay €4.95 by bank transfer. Shop status: Vyskladnené",
		".lines tbody th": "Pen 2.5 × €0.455 Colour: blue SKU S-1 On hold", ".summary": "1 item · €4.95",
		"address": "Jana Nová Obchodná 1 81106 Bratislava SLOVAKIA",
		".totals": "Subtotal €1.14 Discount (MAY) −€0.14 Delivery €3.00 Tax (23%) €0.95 Total €4.95 Refunded −€1.00",
	} {
		if got := tight(b.Page.Text(selector)); got != tight(want) {
			t.Errorf("%s: %q, want %q", selector, got, tight(want))
		}
	}
	for _, part := range []string{"Reverse charge", "DE136695976", "Vyskladnené", "https://dhl.test/JD01"} {
		if !strings.Contains(b.Page.Body, part) {
			t.Errorf("%s is not on the page", part)
		}
	}
	if got := b.Page.Attr("a.main", "href"); got != "https://pay.test/1" {
		t.Errorf("paying leads to %q", got)
	}
	for _, rel := range b.Page.Attrs("main a[href^='https://']", "rel") {
		if rel != "noopener noreferrer" {
			t.Errorf("a link to elsewhere has rel %q", rel)
		}
	}
}

// tight removes white space, since the stylesheet separates the elements.
func tight(text string) string { return strings.Join(strings.Fields(text), "") }

// TestOrderOfAnother checks that another customer's order is not found, like one that does not exist.
func TestOrderOfAnother(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "77", fields{"email": "peter@example.com"})
	b := signedIn(i)
	theirs := b.Get("/orders/77").Want(http.StatusNotFound).Text("main p")
	if none := b.Get("/orders/78").Want(http.StatusNotFound).Text("main p"); none != theirs {
		t.Errorf("another's order says %q, none says %q", theirs, none)
	}
}

// TestHostileOrder puts markup into every text of an order and checks that it is shown as text.
func TestHostileOrder(t *testing.T) {
	t.Parallel()
	const probe = `"><img src=x onerror=alert(1)><script>alert(1)</script>`
	i := webtest.Portal(t)
	put(t, i, "1001", fields{
		"payment": probe, "fulfillment": probe, "source_status": probe, "source_label": probe,
		"customer_note": probe,
		"tax_note":      probe, "vat_id": probe, "shipping_method": probe, "payment_method": probe,
		"lines": []fields{{"id": probe, "sku": probe, "name": probe, "quantity": "1", "total": "1",
			"fulfillment": probe, "options": []fields{{"name": probe, "value": probe}},
			"picture": "https://www.shop.test/a.png?" + url.QueryEscape(probe)}},
		"shipping_address": fields{"last_name": probe, "line1": probe, "city": probe, "postal_code": probe,
			"country": probe, "phone": probe},
		"shipments": []fields{{"carrier": probe, "number": probe, "pickup_point": probe,
			"items": []fields{{"line": probe, "quantity": "1"}}}},
		"notes": []fields{{"text": probe}}, "taxes": []fields{{"label": probe, "amount": "1"}},
		"discounts": []fields{{"label": probe, "amount": "1"}},
		"events":    []fields{{"type": probe, "at": "2026-03-01T10:00:00Z", "label": probe}},
	})
	b := signedIn(i)
	for _, path := range []string{"/orders", "/orders/1001", "/orders?search=" + url.QueryEscape(probe),
		"/orders?period=custom&from=" + url.QueryEscape(probe)} {
		b.Get(path)
		if b.Page.Has("main script:not([src]), [onerror], main img[src=x]") {
			t.Errorf("%s lets markup through", path)
		}
	}
	b.Get("/orders/1001").Want(http.StatusOK)
	if n := strings.Count(b.Page.Text("main"), probe); n < 15 {
		t.Errorf("the texts are shown %d times", n)
	}
}
