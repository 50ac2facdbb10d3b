package shopper_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
)

// TestRowTellsOfAReturn checks the status of rows with a return: the latest one, unless it was cancelled, and
// only once the order is paid.
func TestRowTellsOfAReturn(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	given := func(number, state, day string) fields {
		return fields{"number": number, "state": state, "updated_at": "2026-03-" + day + "T10:00:00Z"}
	}
	for _, row := range []struct {
		number, day, payment string
		returns              []fields
	}{
		{"1", "09", "paid", []fields{given("a", "requested", "05")}},
		{"2", "08", "paid", []fields{given("a", "approved", "05"), given("b", "declined", "04")}},
		{"3", "07", "paid", []fields{given("a", "approved", "04"), given("b", "label", "05")}},
		{"4", "06", "paid", []fields{{"number": "a", "state": "received"}}},
		{"5", "05", "paid", []fields{given("a", "refunded", "05"), given("b", "cancelled", "06")}},
		{"6", "04", "paid", []fields{given("a", "cancelled", "05")}},
		{"7", "03", "pending", []fields{given("a", "approved", "05")}},
	} {
		put(t, i, row.number, fields{"placed_at": "2026-02-" + row.day + "T10:00:00Z", "payment": row.payment,
			"payment_kind": "invoice", "fulfillment": "delivered", "returns": row.returns})
	}
	b := signedIn(i)
	want := []string{"Return requested.", "Return approved.", "Return label ready.",
		"The shop received your return.", "Return refunded.", "Your order was delivered.", "Payment by invoice."}
	if diff := cmp.Diff(want, b.Page.Texts(".orders .status")); diff != "" {
		t.Error(diff)
	}
}

// TestRowTellsWhenARefundIsDue checks the status of the row of an order after a withdrawal: until the refund.
func TestRowTellsWhenARefundIsDue(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t, consumerShop())
	order := delivered()
	order["payment"] = "paid"
	put(t, i, "1", order)
	b := signedIn(i)
	b.Get("/orders/1/withdraw").Want(http.StatusOK)
	b.Submit("main form", map[string]string{"what": "whole", "name": "Jana"}).Want(http.StatusOK)
	b.Submit("main form", nil).Want(http.StatusOK)
	i.Work()
	status := func(want string) {
		t.Helper()
		if got := b.Get("/orders").Want(http.StatusOK).Text(".orders .status"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	status("Refund due by Thursday 19 March.")
	order["updated_at"] = "2026-03-02T11:00:00Z"
	put(t, i, "1", order)
	status("Refund due by Thursday 19 March.")
	i.Clock.Move(13 * 24 * time.Hour)
	b = signedIn(i)
	i.Clock.Move(2 * 24 * time.Hour)
	status("Your refund was due on 19 March 2026.")
	order["payment"], order["updated_at"] = "refunded", "2026-03-12T11:00:00Z"
	put(t, i, "1", order)
	status("Your order was delivered on 4 March 2026.")
}

// TestRowTellsOfARequest checks the rows of orders about which only the customer has said something yet.
func TestRowTellsOfARequest(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "1", fields{"placed_at": "2026-02-09T10:00:00Z", "fulfillment": "delivered"})
	put(t, i, "2", fields{"placed_at": "2026-02-08T10:00:00Z", "fulfillment": "processing"})
	b := signedIn(i)
	rows := func(want ...string) {
		t.Helper()
		i.Work()
		if diff := cmp.Diff(want, b.Get("/orders").Want(http.StatusOK).Texts(".orders .status")); diff != "" {
			t.Error(diff)
		}
	}
	b.Get("/orders/1/return")
	b.Submit("main form", map[string]string{"line/0": "1", "reason": "damaged"}).Want(http.StatusOK)
	b.Get("/orders/2/cancel")
	b.Submit("main form", nil).Want(http.StatusOK)
	rows("Return requested.", "Cancellation requested.")
	put(t, i, "2", fields{"placed_at": "2026-02-08T10:00:00Z", "fulfillment": "unfulfilled", "updated_at": "2026-03-02T10:00:00Z"})
	i.Clock.Move(2 * time.Minute) // the list of requests ends a moment ago
	list := i.Browser().Send(webtest.Request{Path: "/api/v1/requests",
		Header: map[string]string{"Authorization": "Bearer " + i.Key("main")}}).Want(http.StatusOK)
	for _, part := range strings.Split(list.Body, `{"id":"`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		sendToAPI(i, "/api/v1/requests/"+id+"/decline", `{"text":"No."}`).Want(http.StatusOK)
	}
	rows("Return declined.", "Cancellation declined.")
	put(t, i, "1", fields{"placed_at": "2026-02-09T10:00:00Z", "fulfillment": "returned", "updated_at": "2026-03-04T10:00:00Z"})
	put(t, i, "2", fields{"placed_at": "2026-02-08T10:00:00Z", "fulfillment": "shipped", "updated_at": "2026-03-04T10:00:00Z"})
	rows("Your order has been returned.", "Your order is on its way.")
}

// TestRowSaysUntilWhenToPay checks that a row has the day of the payment, and says that it has passed.
func TestRowSaysUntilWhenToPay(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	for n, kind := range []string{"transfer", "invoice", "other"} {
		for m, due := range []string{"2026-03-12", "2026-02-20"} {
			put(t, i, kind+due, fields{"placed_at": fmt.Sprintf("2026-02-1%dT10:00:00Z", 9-2*n-m), "payment": "pending",
				"payment_kind": kind, "fulfillment": "unfulfilled",
				"payment_instructions": fields{"iban": "SK3112000000198742637541", "due_at": due}})
		}
	}
	put(t, i, "pickup", fields{"placed_at": "2026-01-01T10:00:00Z", "fulfillment": "ready_for_pickup",
		"shipments": []fields{{"pickup_point": "Corner shop"}}})
	put(t, i, "held", fields{"placed_at": "2025-12-01T10:00:00Z", "fulfillment": "on_hold"})
	b := signedIn(i)
	late := "Your payment was due on 20 February 2026."
	want := []string{"Pay by bank transfer by Thursday 12 March.", late, "Pay the invoice by Thursday 12 March.", late,
		"Pay by Thursday 12 March.", late, "Your order is ready for pickup.",
		"Your order is on hold. The shop will contact you if it needs anything."}
	if diff := cmp.Diff(want, b.Page.Texts(".orders .status")); diff != "" {
		t.Error(diff)
	}
	if len(b.Page.Texts(".orders .tone-stopped")) != 3 || len(b.Page.Texts(".orders .tone-done")) != 1 {
		t.Error("a late payment is not red, or goods ready for pickup are not green")
	}
	if diff := cmp.Diff([]string{"Where to collect pickup"}, b.Page.Texts(".order-offer")[6:]); diff != "" {
		t.Error(diff)
	}
}

// TestRowSaysThatADeliveryIsLate checks that a row keeps the expected day after it has passed.
func TestRowSaysThatADeliveryIsLate(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "1", fields{"fulfillment": "shipped", "shipments": []fields{{"carrier": "DHL",
		"expected_to": "2026-03-06T12:00:00Z"}}})
	b := signedIn(i)
	says := func(want string) {
		t.Helper()
		if got := b.Get("/orders").Want(http.StatusOK).Text(".orders .status"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	says("Your order is on its way with DHL. Expected by Friday 6 March.")
	i.Clock.Move(10 * 24 * time.Hour)
	says("Your order is on its way with DHL. Delivery was expected by Friday 6 March.")
	if !b.Page.Has(".orders .status.tone-waiting") || !b.Get("/orders/1").Has(".headline.tone-waiting") {
		t.Error("a late delivery is as blue as one in time")
	}
}

// TestRowsKeepTheirPicturesAndOffersApart shows a row with a picture and no offer beside one with an offer
// and no picture: both have the same number of values.
func TestRowsKeepTheirPicturesAndOffersApart(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t, consumerShop())
	line := func(picture string) []fields {
		return []fields{{"name": "Book", "quantity": "1", "total": "12.50", "picture": picture}}
	}
	files := []fields{{"name": "Book.pdf", "url": "https://shop.test/book.pdf"}}
	put(t, i, "1", fields{"placed_at": "2026-02-09T10:00:00Z", "fulfillment": "delivered", "payment": "paid", "is_digital": true, "downloads": files, "lines": line("")})
	put(t, i, "2", fields{"placed_at": "2026-02-08T10:00:00Z", "fulfillment": "delivered", "lines": line("https://www.shop.test/a.png")})
	put(t, i, "3", fields{"placed_at": "2026-02-07T10:00:00Z", "fulfillment": "delivered", "payment": "paid", "is_digital": true, "downloads": files, "lines": line("https://www.shop.test/b.png")})
	b := signedIn(i)
	if got := b.Page.Attrs(".orders img", "src"); len(got) != 2 || !strings.HasSuffix(got[0], "a.png") || !strings.HasSuffix(got[1], "b.png") {
		t.Errorf("the pictures are %v", got)
	}
	if diff := cmp.Diff([]string{"Download 1", "Download 3"}, b.Page.Texts(".orders .order-offer")); diff != "" {
		t.Error(diff)
	}
}

// TestRowSaysWhatIsLeftToPay checks the row of a partly paid order, beside a total that is more than that.
func TestRowSaysWhatIsLeftToPay(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "1", fields{"payment": "partially_paid", "amount_paid": "2.50", "fulfillment": "unfulfilled"})
	if got := signedIn(i).Page.Text(".orders .status"); got != "Partly paid. €10.00 is left to pay." {
		t.Errorf("the row says %q", got)
	}
}

// TestRowOfATransferThatCanBePaidAtOnceAgreesWithItsPage sends a transfer with a link to the shop's payment page and
// without an account.
func TestRowOfATransferThatCanBePaidAtOnceAgreesWithItsPage(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{"": "Waiting for your bank transfer.",
		"https://pay.test": "Your payment hasn’t been received yet."} {
		i := webtest.Portal(t)
		put(t, i, "1", fields{"payment": "pending", "payment_kind": "transfer", "fulfillment": "unfulfilled",
			"links": fields{"payment": link}})
		if got := signedIn(i).Page.Text(".orders .status"); got != want {
			t.Errorf("the row of %q says %q", link, got)
		}
	}
}

// TestDueTodayIsSaidSo checks the row and the page of orders that are to be paid today.
func TestDueTodayIsSaidSo(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	for _, row := range []struct{ kind, row, page string }{
		{"transfer", "Pay by bank transfer today.", "Pay €12.50 by bank transfer today."},
		{"invoice", "Pay the invoice today.", "Pay the invoice for €12.50 today."},
		{"other", "Pay today.", "Pay €12.50 today."},
	} {
		put(t, i, row.kind, fields{"payment": "pending", "payment_kind": row.kind, "fulfillment": "unfulfilled",
			"payment_instructions": fields{"iban": "SK3112000000198742637541", "due_at": i.Clock.Now().Format("2006-01-02")}})
		b := signedIn(i)
		if got := b.Page.Text(`.orders li:has(a[href="/orders/` + row.kind + `"]) .status`); got != row.row {
			t.Errorf("%s: the row says %q", row.kind, got)
		}
		if got := b.Get("/orders/" + row.kind).Text(".headline p"); got != row.page {
			t.Errorf("%s: the page says %q", row.kind, got)
		}
	}
}

// TestRowOffersTheReturnLabel checks that a return whose label is ready has a button for it in the list.
func TestRowOffersTheReturnLabel(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	label := []fields{{"number": "r", "state": "label", "label_url": "https://www.shop.test/label.pdf"}}
	put(t, i, "1", fields{"payment": "paid", "fulfillment": "delivered", "returns": label})
	put(t, i, "2", fields{"payment": "pending", "payment_kind": "invoice", "fulfillment": "delivered", "returns": label})
	b := signedIn(i)
	if diff := cmp.Diff([]string{"Get return label 1"}, b.Page.Texts(".order-offer")); diff != "" {
		t.Error(diff)
	}
	if got := b.Page.Attr(".order-offer", "href"); got != "https://www.shop.test/label.pdf" {
		t.Errorf("it leads to %q", got)
	}
}
