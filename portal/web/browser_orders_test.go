package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"postern/portal/web/webtest/chrome"
)

// moreOrderShapes returns the orders that show one part of the page each.
func moreOrderShapes(home object) map[string]map[string]any {
	account := object{"account_name": "Test shop, s. r. o.", "iban": "SK3112000000198742637541", "bic": "TATRSKBX",
		"variable_symbol": "2026001234", "due_at": "2026-03-12"}
	pay := func(more object) map[string]any {
		shape := object{"payment": "pending", "fulfillment": "unfulfilled", "placed_at": "2026-03-04T10:00:00Z",
			"billing_address": home}
		for name, value := range more {
			shape[name] = value
		}
		return shape
	}
	return map[string]map[string]any{
		"transfer": pay(object{"payment_kind": "transfer", "payment_instructions": account}),
		"crowns": pay(object{"payment_kind": "transfer", "currency": "CZK", "total": "1249.00",
			"lines":                []any{notebook("1249.00")},
			"payment_instructions": object{"iban": "CZ6508000000192000145399", "variable_symbol": "77"}}),
		"girocode": pay(object{"payment": "partially_paid", "amount_paid": "10.00", "payment_kind": "transfer",
			"payment_instructions": object{"iban": "DE89370400440532013000", "reference": "Bestellung 4711"}}),
		"cod": pay(object{"payment_kind": "cod", "fulfillment": "processing", "total": "26.40", "subtotal": "24.90",
			"fees": []any{object{"kind": "cod", "amount": "1.50"}}}),
		"invoice": pay(object{"payment_kind": "invoice", "fulfillment": "processing",
			"payment_instructions": object{"iban": "SK3112000000198742637541", "due_at": "2026-03-20"}}),
		"failed":    pay(object{"payment": "failed", "payment_kind": "card", "links": object{"payment": storefront + "/pay"}}),
		"downloads": downloadShape(),
		"bundle":    bundleShape(),
		"refund":    refundShape(home),
		"long":      longShape(30),
		"longest":   longShape(120),
		"locked": pay(object{"is_digital": true, "links": object{"payment": storefront + "/pay"}, "total": "36.00",
			"lines": downloadShape()["lines"], "downloads": downloadShape()["downloads"]}),
		"again": {"fulfillment": "delivered", "shipping_address": home, "shipments": []any{object{"carrier": "DHL",
			"number": "JD014600003SK", "url": "https://dhl.test/t", "shipped_at": "2026-03-01T08:00:00Z",
			"delivered_at": "2026-03-03T12:00:00Z"}}},
		"return-approved": returnShape(object{"state": "approved"}),
		"return-label": returnShape(object{"state": "label", "label_url": storefront + "/label.pdf", "carrier": "Packeta",
			"tracking_number": "Z123456789"}),
		"return-received": returnShape(object{"state": "received"}),
		"return-declined": returnShape(object{"state": "declined", "declined": "The notebook has been written in."}),
		"pickup": {"fulfillment": "ready_for_pickup", "phone": "+421905123456",
			"shipments": []any{object{"carrier": "Packeta", "pickup_point": "Corner shop, Hlavná 3, Trnava",
				"pickup_hours": "Mon to Fri 8:00 to 18:00\nSat 9:00 to 12:00"}}},
	}
}

// returnShape is a delivered order with a return in the shop's system.
func returnShape(given object) map[string]any {
	given["number"], given["reason"], given["updated_at"] = "R-2026-7", "damaged", "2026-03-04T10:00:00Z"
	given["lines"] = []any{object{"line": "1", "quantity": "1"}}
	return object{"fulfillment": "delivered", "returns": []any{given},
		"shipments": []any{object{"carrier": "DHL", "delivered_at": "2026-03-01T12:00:00Z"}}}
}

func downloadShape() map[string]any {
	return object{"is_digital": true, "fulfillment": "shipped", "total": "36.00",
		"lines": []any{object{"id": "1", "name": "Field guide to mountain birds (e-book)", "quantity": "1", "total": "36.00"}},
		"downloads": []any{
			object{"line": "1", "name": "Field guide to mountain birds.epub", "url": storefront + "/d/1", "left": 3,
				"until": "2036-03-01T10:00:00Z"},
			object{"line": "1", "name": "Field guide to mountain birds.pdf", "url": storefront + "/d/2"},
			object{"line": "1", "name": "Bird songs.zip", "url": storefront + "/d/3", "until": "2026-02-21T10:00:00Z"},
			object{"line": "1", "name": "Map of the mountains.pdf", "url": storefront + "/d/4", "left": 0},
		}}
}

func bundleShape() map[string]any {
	return object{"total": "67.90", "lines_discounted": true, "subtotal": "61.00",
		"lines": []any{
			object{"id": "set", "sku": "SET", "name": "Breakfast set for two", "quantity": "1", "unit_price": "49.00", "subtotal": "54.00",
				"total": "49.00", "warranty_months": 24},
			object{"id": "a", "parent": "set", "name": "Enamel mug", "quantity": "2", "total": "0.00"},
			object{"id": "b", "parent": "set", "name": "Plate, blueprint", "quantity": "2", "total": "0.00"},
			object{"id": "tea", "sku": "TEA", "name": "Lime blossom", "quantity": "0.250", "unit_price": "48.00", "total": "12.00"},
		},
		"fees":      []any{object{"kind": "gift_wrap", "amount": "3.90"}, object{"kind": "tip", "label": "Thank you", "amount": "5.00"}},
		"discounts": []any{object{"label": "Spring", "amount": "5.00"}}, "store_credit": "2.00",
		"payments": []any{object{"kind": "gift_card", "last_digits": "9F2K", "amount": "5.00"},
			object{"kind": "card", "method": "Visa", "last_digits": "4242", "amount": "62.90"}},
		"shipments": []any{object{"carrier": "DHL", "delivered_at": "2026-03-03T12:00:00Z"}}, "fulfillment": "delivered",
	}
}

func refundShape(home object) map[string]any {
	return object{"payment": "partially_refunded", "fulfillment": "partially_returned", "total": "54.90",
		"lines": []any{object{"id": "1", "name": "Notebook", "quantity": "2", "unit_price": "12.45", "total": "24.90", "picture": storefront + "/p/1.png"},
			object{"id": "2", "name": "Desk lamp", "quantity": "1", "unit_price": "30.00", "total": "30.00"}},
		"payments": []any{object{"kind": "card", "method": "Visa", "last_digits": "4242", "amount": "44.90",
			"at": "2026-02-20T10:01:00Z"}, object{"kind": "gift_card", "amount": "10.00", "at": "2026-02-20T10:01:00Z"}},
		"refunds": []any{object{"amount": "12.45", "at": "2026-03-03T10:00:00Z", "reason": "Torn cover",
			"lines": []any{object{"line": "1", "quantity": "1"}}}, object{"amount": "5.00", "at": "2026-03-04T10:00:00Z", "reason": "Postage"}},
		"shipping_address": home, "billing_address": home,
	}
}

// longShape is an order of many lines in one parcel.
func longShape(count int) map[string]any {
	var lines, items []any
	for n := range count {
		id := fmt.Sprint(n)
		lines = append(lines, object{"id": id, "name": "Notebook number " + id, "sku": "B-" + id, "quantity": "1",
			"unit_price": "8.95", "total": "8.95"})
		items = append(items, object{"line": id, "quantity": "1"})
	}
	return object{"total": fmt.Sprintf("%.2f", 8.95*float64(count)), "fulfillment": "shipped", "lines": lines, "shipments": []any{object{
		"carrier": "DHL", "number": "JD014600003SK", "url": "https://dhl.test/t", "shipped_at": "2026-03-03T08:00:00Z",
		"expected_to": "2026-03-06T12:00:00Z", "items": items}}}
}

// order opens an order of a shape for a new customer.
func (s stand) order(t *testing.T, name string, look chrome.Look) *chrome.Tab {
	t.Helper()
	email := name + "@shop.test"
	shape := orderShapes()[name]
	s.putOrder(t, s.Key("main"), email, name, shape)
	tab := s.tab(t, chrome.Options{})
	s.signIn(t, tab, email)
	tab.Visit("/orders/" + name)
	tab.Look(look)
	return tab
}

// firstScreen is the height of a small phone's screen.
const firstScreen = 740

// below returns the elements among the selectors that end below the first screen of the page.
const below = `((selectors) => selectors.filter((s) => {
	const shown = [...document.querySelectorAll(s)].find((e) => e.getClientRects().length);
	return !shown || shown.getBoundingClientRect().bottom + scrollY > %d;
}))(%s)`

// TestLongOrderInABrowser checks an order of 120 lines on a phone: the status, the delivery and the first
// product are on the first screen, a row has two lines, the parcel's content is folded, and the total stands
// twice.
func TestLongOrderInABrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser: not in a short run")
	}
	s := newStand(t, chrome.Start(t))
	tab := s.order(t, "longest", chrome.Look{Width: 360})
	for _, lost := range chrome.Evaluate[[]string](tab, fmt.Sprintf(below, firstScreen,
		`["h1", ".summary", ".headline", ".order-actions .main", ".parcel", ".lines tbody tr"]`)) {
		t.Errorf("%s is not on the first screen", lost)
	}
	if got := len(tab.Texts(".lines tbody tr")); got != 120 {
		t.Errorf("%d rows", got)
	}
	const tallest = `Math.max(...[...document.querySelectorAll(".lines tbody tr")].map((r) => r.offsetHeight))`
	if got := chrome.Evaluate[float64](tab, tallest); got > 72 {
		t.Errorf("a row is %.0f px tall", got)
	}
	if tab.Sees(".parcel li") {
		t.Error("the parcel's content is not folded")
	}
	tab.Click(".parcel summary")
	tab.WaitUntil(`document.querySelectorAll(".parcel details[open] li").length === 120`)
	for _, selector := range []string{".summary", ".totals .grand-total"} {
		if got := tab.Text(selector); !strings.Contains(got, "1,074.00") {
			t.Errorf("%s: %q", selector, got)
		}
	}
}

// TestPaymentInABrowser checks that an unpaid order shows a QR code and copies each value, and says so.
func TestPaymentInABrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser: not in a short run")
	}
	s := newStand(t, chrome.Start(t))
	tab := s.order(t, "transfer", chrome.Look{Width: 360})
	if size := chrome.Evaluate[float64](tab, `document.querySelector("svg.qr").getBoundingClientRect().width`); size < 160 {
		t.Errorf("the code is %.0f px wide", size)
	}
	chrome.Evaluate[bool](tab, `Object.defineProperty(navigator, "clipboard", { value: { writeText: async (text) => {
		document.body.dataset.clipboard = text; } } }) && true`)
	const iban = `.payment-facts button[data-copy^="SK"]`
	tab.Click(iban)
	tab.WaitUntil(`document.body.dataset.clipboard === "SK3112000000198742637541"`)
	tab.WaitUntil(`document.querySelector('` + iban + `').textContent === "Copied"`)
	tab.WaitUntil(`document.querySelector("[data-copy-status]").textContent === "Copied: SK3112000000198742637541"`)
	if got := tab.Attr(iban, "aria-label"); got != "Copy: IBAN" {
		t.Errorf("the button is called %q", got)
	}
	still := s.stranger(t)
	s.SignIn(still, "transfer@shop.test")
	if page := still.Get("/orders/transfer").Want(http.StatusOK); len(page.Attrs(".payment button:not([hidden])", "data-copy")) > 0 {
		t.Error("a copy button is shown without scripts")
	}
}

// TestDownloadsInABrowser checks that the downloads are on the first screen and lead to the shop, and that
// those which are gone lead nowhere.
func TestDownloadsInABrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser: not in a short run")
	}
	s := newStand(t, chrome.Start(t))
	tab := s.order(t, "downloads", chrome.Look{Width: 360})
	for _, lost := range chrome.Evaluate[[]string](tab, fmt.Sprintf(below, firstScreen,
		`[".headline", "#downloads li a", "#downloads li:nth-child(3)"]`)) {
		t.Errorf("%s is not on the first screen", lost)
	}
	if got := len(tab.Texts("#downloads li")); got != 4 {
		t.Errorf("%d downloads", got)
	}
	if got := len(tab.Texts("#downloads a")); got != 2 {
		t.Errorf("%d links", got)
	}
	if got := tab.Attr("#downloads a", "href"); got != storefront+"/d/1" {
		t.Errorf("the first leads to %q", got)
	}
}

// TestOrderPageHasNoHole checks that on a wide screen neither column of a short order waits for the other:
// goods and messages follow one another closely, and so do steps and details.
func TestOrderPageHasNoHole(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser: not in a short run")
	}
	s := newStand(t, chrome.Start(t))
	const gap = `((a, b) => document.querySelector(b).getBoundingClientRect().top -
		document.querySelector(a).getBoundingClientRect().bottom)`
	for _, name := range []string{"failed", "transfer", "refund", "return-label"} {
		tab := s.order(t, name, chrome.Look{})
		for above, under := range map[string]string{".order-totals": "#messages", ".order-steps": ".order-side > :nth-child(2)",
			".headline": ".order-side"} {
			if got := chrome.Evaluate[float64](tab, fmt.Sprintf(gap+"(%q, %q)", above, under)); got < 0 || got > 48 {
				t.Errorf("%s: %.0f px between %s and %s", name, got, above, under)
			}
		}
		tab.Look(chrome.Look{Width: 360})
		if name == "transfer" {
			continue // how to pay comes first
		}
		for _, lost := range chrome.Evaluate[[]string](tab, fmt.Sprintf(below, firstScreen,
			`["h1", ".headline", ".lines tbody tr"]`)) {
			t.Errorf("%s: %s is not on the first screen of a phone", name, lost)
		}
	}
}
