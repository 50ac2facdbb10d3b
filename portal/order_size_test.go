package portal_test

import (
	"fmt"
	"strings"
	"testing"

	"postern/portal/validate"

	"github.com/google/go-cmp/cmp"
)

// times returns a JSON list with the element n times.
func times(n int, element string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(element+",", n), ",") + "]"
}

// TestOrderTheStoreDoesNotTake sends an order that keeps every bound but is still too large, because URLs
// grow when written as browsers write them.
func TestOrderTheStoreDoesNotTake(t *testing.T) {
	t.Parallel()
	link := "http://a/" + strings.Repeat("ž", 331)
	long := `{"name":"` + strings.Repeat("x", 470) + `"},`
	options := "[" + strings.Repeat(long, 5) + times(45, "{}")[1:]
	line := fmt.Sprintf(`{"name":"x","quantity":"1","total":"0","options":%s,"picture":%q,"url":%q}`,
		options, link, link)
	shipment := fmt.Sprintf(`{"url":%q,"items":%s}`, link, times(25, `{"quantity":"1"}`))
	body := `{"number":"1","email":"jan@example.com","placed_at":"2026-03-05T10:00:00Z","updated_at":"2026-03-05T10:00:00Z","currency":"EUR","total":"0",
		"lines":` + times(1000, line) + `,"shipments":` + times(200, shipment) + `}`
	if len(body) > 4<<20 {
		t.Fatalf("%d bytes", len(body))
	}
	h := newTestApp(t)
	if _, err := h.feed().PutOrder(t.Context(), "1",
		[]byte(body)); validate.KindOf(err) != validate.TooLarge {
		t.Errorf("%.300v", err)
	}
	report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID,
		strings.NewReader(strings.ReplaceAll(body, "\n", "")), func(int) {})
	if err != nil || report.RefusedCount != 1 {
		t.Errorf("imported: %+v, %v", report.RefusedCount, err)
	}
}

// TestTheLargestOrders checks that an order at the bounds is stored and that a larger one is reported as
// the feed's fault.
func TestTheLargestOrders(t *testing.T) {
	t.Parallel()
	link := func(n int, letter string) string {
		return "https://shop.example/" +
			strings.Repeat(letter, n-21)
	}
	line := func(options int, url string) string {
		return fmt.Sprintf(`{"name":"x","quantity":"1","total":"0","options":%s,"picture":%q,"url":%q}`,
			times(options, "{}"), url, url)
	}
	shipment := func(items int) string {
		return fmt.Sprintf(`{"items":%s}`,
			times(items, `{"quantity":"1"}`))
	}
	many := []string{"/shipments order.items.many"}
	tests := []struct {
		name, lines, shipments string
		want                   []string
	}{
		{"all at once", times(1000, line(50, link(1900, "x"))), times(200, shipment(25)), nil},
		{"options and items alone", times(1000, line(50, "")), times(5, shipment(1000)), nil},
		{"an option more", times(2, line(51, "")), "[]", nil},
		{"items more", "[]", times(200, shipment(26)), many},
		{"more than the store takes", times(1000, line(50, "")), times(200, shipment(1000)), many},
		{"addresses that grow when they are written as browsers do",
			times(1, line(0, link(1000, "ž"))), "[]", nil},
	}
	h := newTestApp(t)
	feed := h.feed()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body := `{"email":"jan@example.com","placed_at":"2026-03-05T10:00:00Z","updated_at":"2026-03-05T10:00:00Z","currency":"EUR","total":"0",
				"lines":` + test.lines + `,"shipments":` + test.shipments + `}`
			if len(body) > 4<<20 {
				t.Fatalf("%d bytes", len(body))
			}
			_, err := feed.PutOrder(t.Context(), "1", []byte(body))
			if diff := cmp.Diff(test.want, fieldErrorsOf(err)); diff != "" || err != nil &&
				validate.KindOf(err) != validate.Invalid {
				t.Errorf("%.300v %s", err, diff)
			}
		})
	}
}
