package portal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
)

// times is a JSON list of one element, n times.
func times(n int, element string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

// TestTheLargestOrders: what the bounds let through is stored, and what is beyond them is the feed's fault.
func TestTheLargestOrders(t *testing.T) {
	link := func(n int, letter string) string { return "https://shop.example/" + strings.Repeat(letter, n-21) }
	line := func(options int, url string) string {
		return fmt.Sprintf(`{"name":"x","quantity":"1","total":"0","options":%s,"picture":%q,"url":%q}`, times(options, "{}"), url, url)
	}
	shipment := func(items int) string { return fmt.Sprintf(`{"items":%s}`, times(items, `{"quantity":"1"}`)) }
	many := []string{"/shipments order.items.many"}
	tests := []struct {
		name, lines, shipments string
		want                   []string
	}{
		{"all at once", times(1000, line(50, link(1900, "x"))), times(200, shipment(25)), nil},
		{"options and items alone", times(1000, line(50, "")), times(5, shipment(1000)), nil},
		{"an option more", times(2, line(51, "")), "[]", []string{"/lines/0/options json.too_many", "/lines/1/options json.too_many"}},
		{"items more", "[]", times(200, shipment(26)), many},
		{"more than the store takes", times(1000, line(50, "")), times(200, shipment(1000)), many},
		{"addresses that grow when they are written as browsers do", times(1, line(0, link(1000, "ž"))), "[]", []string{"/lines/0/picture url.form", "/lines/0/url url.form"}},
	}
	h := newHouse(t)
	feed := h.feed()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body := `{"email":"jan@example.com","placed_at":"2026-03-05T10:00:00Z","updated_at":"2026-03-05T10:00:00Z","currency":"EUR","total":"0",
				"lines":` + test.lines + `,"shipments":` + test.shipments + `}`
			if len(body) > 4<<20 {
				t.Fatalf("%d bytes", len(body))
			}
			_, err := feed.PutOrder(t.Context(), "1", []byte(body))
			if diff := cmp.Diff(test.want, faultsOf(err)); diff != "" || err != nil && portal.KindOf(err) != portal.Invalid {
				t.Errorf("%.300v %s", err, diff)
			}
		})
	}
}
