package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"postern/portal/web/webtest/chrome"
)

// longOrder returns an order with that many lines, all in one parcel.
func longOrder(t *testing.T, lines int) string {
	t.Helper()
	type fields = map[string]any
	order := fields{
		"email": "jana@example.com", "placed_at": "2026-03-01T10:00:00Z",
		"updated_at": "2026-03-01T10:00:00Z",
		"currency":   "EUR", "total": "1074.00", "payment": "paid", "fulfillment": "shipped",
		"customer_note": "Thank you.",
		"shipping_address": fields{"first_name": "Jana", "last_name": "Nová", "line1": "Hlavná 1",
			"city": "Bratislava", "country": "SK"},
	}
	var goods, items []fields
	for n := range lines {
		id := fmt.Sprint(n)
		goods = append(goods, fields{
			"id": id, "name": "Book " + id +
				" with a name so long that it takes more than one line of the table on paper",
			"sku": "B-" + id, "quantity": "1", "unit_price": "8.95", "total": "8.95",
		})
		items = append(items, fields{"line": id, "quantity": "1"})
	}
	order["lines"] = goods
	order["shipments"] = []fields{{"carrier": "DHL", "number": "7", "shipped_at": "2026-03-02T10:00:00Z",
		"items": items}}
	document, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	return string(document)
}

// paper and sheet are the width and height of an A4 page between its margins, in CSS pixels.
const (
	paper = 672
	sheet = 980
)

// cutRows finds rows that a page break may cut, and what would leave a page empty: unbreakable elements too
// tall for one, and forced breaks.
const cutRows = `[...document.querySelectorAll("main *")].flatMap((e) => {
	const style = getComputedStyle(e), whole = style.breakInside !== "auto", box = e.getBoundingClientRect();
	if (!box.height) return [];
	const name = e.tagName + "." + e.className;
	if (![style.breakBefore, style.breakAfter].every((b) => b.startsWith("a"))) return [name + " forces a break"];
	if (e.matches("tr, li, .order, .field, .details > div, address") && !whole) return [name + " may be cut"];
	return whole && box.height > ` + "%d" + ` ? [name + " is " + box.height + " px tall"] : [];
})`

// firstRow returns where the first row of an order is printed, in pixels below the top of the first sheet:
// of the lines, or of the parcel that comes before them.
const firstRow = `document.querySelector("main :is(tbody tr, .card li)").getBoundingClientRect().top + scrollY`

// TestPrinting checks that no row is cut in two and that an order of 120 lines starts on the first sheet.
func TestPrinting(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("a browser prints: not in a short run")
	}
	s := newStand(t, chrome.Start(t))
	key := s.Key("main")
	for number, lines := range map[string]int{"long": 120, "short": 2} {
		if page := s.Put(key, "/api/v1/orders/"+number, longOrder(t, lines)); page.Status != http.StatusOK &&
			page.Status != http.StatusCreated {
			t.Fatalf("%d %s", page.Status, page.Body)
		}
	}
	tab := s.tab(t, chrome.Options{})
	s.ask(tab, "jana@example.com", "/orders/long")
	tab.Visit(s.link(t, "jana@example.com"))
	tab.Follow("main form button")
	for name, path := range map[string]string{"order": "/orders/long", "orders": "/orders",
		"withdraw": "/orders/long/withdraw", "profile": "/profile"} {
		tab.Visit(path)
		tab.Look(chrome.Look{Print: true, Width: paper})
		for _, fault := range chrome.Evaluate[[]string](tab, fmt.Sprintf(cutRows, sheet)) {
			t.Errorf("%s: %s", path, fault)
		}
		if name == "order" {
			if top := chrome.Evaluate[float64](tab, firstRow); top > sheet {
				t.Errorf("the first row is %.0f px below the top", top)
			}
		}
		tab.Look(chrome.Look{})
		if folder := os.Getenv("PORTAL_TEST_PICTURES"); folder != "" {
			if err := os.WriteFile(filepath.Join(folder, "printed-"+name+".pdf"), tab.PDF(),
				0o600); err != nil {
				t.Error(err)
			}
		}
	}
}
