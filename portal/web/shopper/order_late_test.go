package shopper_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
)

// parted is an order of which one item is in a parcel and the other is still at the shop.
func parted(parcels ...fields) fields {
	return fields{"fulfillment": "partially_shipped", "payment": "paid", "total": "12.50", "shipments": parcels,
		"lines": []fields{{"id": "a", "name": "Mug", "quantity": "2", "total": "10"},
			{"id": "b", "name": "Pencil", "quantity": "1", "total": "2.50", "fulfillment": "processing"}}}
}

// TestPartialDeliveryIsLate checks that the list and the page of an order say since when its open parcel is
// overdue, whichever of its parcels that is.
func TestPartialDeliveryIsLate(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	held := []fields{{"line": "a", "quantity": "2"}}
	open := fields{"carrier": "DHL", "shipped_at": "2026-03-02T08:00:00Z", "expected_to": "2026-03-06T12:00:00Z", "items": held}
	later := fields{"carrier": "GLS", "shipped_at": "2026-03-02T08:00:00Z", "expected_to": "2026-03-30T12:00:00Z"}
	came := fields{"carrier": "UPS", "delivered_at": "2026-03-01T10:00:00Z", "expected_to": "2026-02-27T12:00:00Z"}
	put(t, i, "1", parted(open))
	put(t, i, "2", parted(later, open))
	put(t, i, "3", parted(came, open))
	put(t, i, "4", parted(came, later))
	b := signedIn(i)
	says := func(number, tone string, want ...string) {
		t.Helper()
		if got := b.Get("/orders/" + number).Texts(".headline.tone-" + tone + " p"); cmp.Diff(want, got) != "" {
			t.Errorf("order %s: %q, want %q", number, b.Page.Texts(".headline p"), want)
		}
		row := `.orders li:has(a[href="/orders/` + number + `"]) .status.tone-` + tone
		if got := b.Get("/orders").Text(row); !strings.HasPrefix(got, want[0]) {
			t.Errorf("the row of order %s: %q, want %q", number, got, want[0])
		}
	}
	says("1", "moving", "Part of your order is on its way. The rest will follow.")
	i.Clock.Move(10 * 24 * time.Hour)
	for _, number := range []string{"1", "2"} {
		says(number, "waiting", "Part of your order is on its way. Delivery was expected by Friday 6 March.", "The rest will follow.")
	}
	says("3", "waiting", "1 of 2 parcels has been delivered. The next one was expected by Friday 6 March.")
	says("4", "moving", "1 of 2 parcels has been delivered. The rest is on its way.")
}

// TestParcelSaysThatItWasExpected checks the label of the expected day before and after that day.
func TestParcelSaysThatItWasExpected(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "1", fields{"fulfillment": "shipped", "shipments": []fields{{"carrier": "DHL", "number": "JD1",
		"expected_to": "2026-03-06T12:00:00Z"}}})
	put(t, i, "2", fields{"fulfillment": "shipped", "shipments": []fields{{"carrier": "DHL", "number": "JD1",
		"expected_from": "2026-03-05T12:00:00Z", "expected_to": "2026-03-06T12:00:00Z"}}})
	b := signedIn(i)
	label := func(number, want string) {
		t.Helper()
		if got := b.Get("/orders/" + number).Want(http.StatusOK).Texts(".parcel dt"); len(got) == 0 || got[0] != want {
			t.Errorf("order %s: %q, want %q", number, got, want)
		}
	}
	label("1", "Expected delivery")
	label("2", "Expected delivery")
	i.Clock.Move(10 * 24 * time.Hour)
	label("1", "Was expected")
	label("2", "Was expected")
}

// TestWhatIsNotShippedCannotBeReturned checks the form and the use case: an item that is still at the shop is
// named, without a choice, and refused.
func TestWhatIsNotShippedCannotBeReturned(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "1", parted(fields{"carrier": "DHL", "shipped_at": "2026-03-02T08:00:00Z",
		"items": []fields{{"line": "a", "quantity": "2"}}}))
	silent := parted(fields{"carrier": "DHL", "shipped_at": "2026-03-02T08:00:00Z", "items": []fields{{"line": "a", "quantity": "1"}}})
	delete(silent["lines"].([]fields)[1], "fulfillment")
	put(t, i, "2", silent)
	vague := parted(fields{"carrier": "DHL", "shipped_at": "2026-03-02T08:00:00Z"})
	delete(vague["lines"].([]fields)[1], "fulfillment")
	put(t, i, "3", vague)
	b := signedIn(i)
	for number, offered := range map[string]string{"1": "Keep|1|All (2)", "2": "Keep|All (1)", "3": "Keep|1|All (2)|Keep|All (1)"} {
		b.Get("/orders/" + number + "/return").Want(http.StatusOK)
		if got := strings.Join(b.Page.Texts(".goods option"), "|"); got != offered {
			t.Errorf("order %s offers %q, want %q", number, got, offered)
		}
	}
	b.Get("/orders/1/return").Want(http.StatusOK)
	wantRows(t, b.Page, ".goods-item.later p", "Pencil", "Not shipped yet. You can return it once it has.")
	values := hidden(b.Page)
	values.Set("line/1", "1")
	values.Set("reason", "size")
	b.Post("/orders/1/return", values).Want(http.StatusUnprocessableEntity)
	b.Get("/orders/1/return").Want(http.StatusOK)
	b.Submit("main form", map[string]string{"line/0": "2", "reason": "size"}).Want(http.StatusOK)
	if got := b.Get("/orders/1/return").Text("main"); !strings.Contains(got, "You can return items once they’ve shipped.") {
		t.Errorf("only what is not shipped is left: %q", got)
	}
}

// TestMissingFilesAreAskedFor checks that a digital order without files offers a message first and to buy it
// again only in the menu.
func TestMissingFilesAreAskedFor(t *testing.T) {
	t.Parallel()
	i := helped(t)
	put(t, i, "1", fields{"is_digital": true, "fulfillment": "delivered", "payment": "paid",
		"links": fields{"reorder": "https://www.shop.test/again"}})
	page := signedIn(i).Get("/orders/1").Want(http.StatusOK)
	if got := page.Texts(".order-actions .button.main"); cmp.Diff([]string{"Message the shop"}, got) != "" {
		t.Errorf("the main button is %q", got)
	}
	if got := page.Texts(".order-actions .menu-list a"); len(got) == 0 || got[0] != "Buy again" {
		t.Errorf("the menu has %q", got)
	}
}
