package shopper_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal/shop"
	"postern/portal/web/webtest"
)

// orderPage stores an order and returns its page, as a signed-in customer sees it.
func orderPage(t *testing.T, members fields) *webtest.Page {
	t.Helper()
	i := webtest.Portal(t)
	put(t, i, "1", members)
	b := signedIn(i)
	return b.Get("/orders/1").Want(http.StatusOK)
}

// wantRows compares the texts of a table's or a list's rows, but not their white space, which the stylesheet
// makes.
func wantRows(t *testing.T, page *webtest.Page, selector string, want ...string) {
	t.Helper()
	got := page.Texts(selector)
	for i := range got {
		got[i] = tight(got[i])
	}
	for i := range want {
		want[i] = tight(want[i])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestPaymentComesFirst checks the two sentences at the top for each way to pay. What the customer has to do
// comes before what the shop does after it.
func TestPaymentComesFirst(t *testing.T) {
	t.Parallel()
	due := fields{"iban": "SK3112000000198742637541", "due_at": "2026-03-12"}
	tests := []struct {
		name    string
		members fields
		want    string
	}{
		{"transfer", fields{"payment": "pending", "payment_kind": "transfer", "fulfillment": "processing",
			"payment_instructions": due}, "Pay €12.50 by bank transfer by Thursday 12 March.|Your order is being processed."},
		{"transfer that is late", fields{"payment": "pending", "payment_kind": "transfer", "fulfillment": "unfulfilled",
			"payment_instructions": fields{"iban": due["iban"], "due_at": "2026-03-01"}},
			"Your payment of €12.50 was due on 1 March 2026. You can still pay it now."},
		{"transfer, no day", fields{"payment": "pending", "payment_kind": "transfer", "fulfillment": "unfulfilled"},
			"Pay €12.50 by bank transfer."},
		{"transfer, on its way already", fields{"payment": "pending", "payment_kind": "transfer", "fulfillment": "shipped",
			"payment_instructions": due}, "Your order is on its way.|Pay €12.50 by bank transfer by Thursday 12 March."},
		{"partly paid", fields{"payment": "partially_paid", "amount_paid": "2.50", "fulfillment": "unfulfilled"},
			"You’ve paid €2.50 of €12.50. €10.00 is left to pay."},
		{"cash on delivery", fields{"payment": "pending", "payment_kind": "cod", "fulfillment": "processing"},
			"Your order is being processed.|You’ll pay €12.50 on delivery."},
		{"invoice", fields{"payment": "pending", "payment_kind": "invoice", "fulfillment": "processing"},
			"Your order is being processed.|You’ll pay €12.50 by invoice."},
		{"invoice with a day", fields{"payment": "pending", "payment_kind": "invoice", "fulfillment": "processing",
			"payment_instructions": due}, "Pay the invoice for €12.50 by Thursday 12 March.|Your order is being processed."},
		{"failed card", fields{"payment": "failed", "payment_kind": "card", "fulfillment": "unfulfilled"},
			"Your card payment failed."},
		{"failed card, with a link", fields{"payment": "failed", "payment_kind": "card", "fulfillment": "unfulfilled",
			"links": fields{"payment": "https://pay.test"}},
			"Your card payment of €12.50 failed. Pay again to complete your order."},
		{"partly refunded", fields{"payment": "partially_refunded", "fulfillment": "delivered", "refunded": "2.50"},
			"Your order was delivered.|€2.50 was refunded to you."},
		{"refunded, nobody knows how much", fields{"payment": "partially_refunded", "fulfillment": "delivered"},
			"Your order was delivered.|Your payment was partly refunded."},
		{"nothing known but the payment", fields{"payment": "paid"}, "The shop has received your order.|Paid."},
		{"paid", fields{"payment": "paid", "fulfillment": "processing"}, "Your order is being processed."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			page := orderPage(t, test.members)
			if got := strings.Join(page.Texts(".headline p"), "|"); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// TestTransfer checks that an unpaid order says how to pay, with a QR code that has a text and says who reads
// it, and that a paid one does not.
func TestTransfer(t *testing.T) {
	t.Parallel()
	order := fields{"payment": "pending", "payment_kind": "transfer", "fulfillment": "unfulfilled",
		"payment_instructions": fields{"account_name": "Test shop", "iban": "sk31 1200 0000 1987 4263 7541",
			"bic": "TATRSKBX", "variable_symbol": "2026001", "reference": "Order 1", "due_at": "2026-03-12"}}
	page := orderPage(t, order)
	wantRows(t, page, ".payment-facts > div", "Recipient Test shop Copy", "IBAN SK31 1200 0000 1987 4263 7541 Copy", "BIC TATRSKBX Copy",
		"Amount €12.50 Copy", "Due Thursday 12 March", "Variable symbol 2026001 Copy", "Message for recipient Order 1 Copy")
	if got := page.Text(".payment-facts .whole"); got != "SK31 1200 0000 1987 4263 7541" {
		t.Errorf("kept in one line: %q", got)
	}
	copied := []string{"Test shop", "SK3112000000198742637541", "TATRSKBX", "12.50", "2026001", "Order 1"}
	if diff := cmp.Diff(copied, page.Attrs(".payment-facts button[hidden]", "data-copy")); diff != "" {
		t.Error(diff)
	}
	if page.Attr("svg.qr", "aria-label") == "" || page.Attr("svg.qr path", "d") == "" ||
		page.Text(".payment-code figcaption") != "Scan with a Slovak banking app (PAY by square)." {
		t.Errorf("the code: %s", page.Text(".payment-code"))
	}
	if page.Has(".button.main") {
		t.Error("there is a button besides")
	}
	for _, iban := range []string{"DE89370400440532013000"} {
		order["payment_instructions"] = fields{"iban": iban}
		page := orderPage(t, order)
		if got := page.Text(".payment-code figcaption"); !strings.Contains(got, "GiroCode") {
			t.Errorf("%s: %q", iban, got)
		}
		wantRows(t, page, ".payment-facts > div", "Recipient Bookshop Copy", "IBAN DE89 3704 0044 0532 0130 00 Copy", "Amount €12.50 Copy",
			"Message for recipient 1 Copy")
	}
	order["payment_instructions"] = fields{"account": "12-345/6700"}
	if page = orderPage(t, order); page.Has("svg.qr") || !strings.Contains(page.Text(".payment-facts"), "12-345/6700") {
		t.Errorf("a national account: %s", page.Text(".payment"))
	}
	order["payment"] = "paid"
	if page = orderPage(t, order); page.Has(".payment") {
		t.Error("a paid order asks for a payment")
	}
}

// TestDigitalOrder checks that a digital order offers its downloads, says which are gone and why, and never
// says that anything was shipped, whatever the feed's words are.
func TestDigitalOrder(t *testing.T) {
	t.Parallel()
	files := []fields{
		{"name": "Birds.epub", "url": "https://www.shop.test/1", "left": 3, "until": "2036-03-01T10:00:00Z"},
		{"name": "Birds.pdf", "url": "https://www.shop.test/2"},
		{"name": "Songs.zip", "url": "https://www.shop.test/3", "until": "2026-02-01T10:00:00Z"},
		{"name": "Map.pdf", "url": "https://www.shop.test/4", "left": 0},
	}
	for _, word := range []string{"shipped", "partially_shipped", "out_for_delivery", "delivered", "ready_for_pickup"} {
		page := orderPage(t, fields{"is_digital": true, "fulfillment": word, "payment": "paid", "downloads": files,
			"lines":     []fields{{"id": "1", "name": "Birds", "quantity": "1", "total": "12.50", "fulfillment": "shipped"}},
			"shipments": []fields{{"carrier": "Email", "shipped_at": "2026-03-01T10:00:00Z"}},
			"events":    []fields{{"type": "placed", "at": "2026-03-01T10:00:00Z"}, {"type": "shipped", "at": "2026-03-01T10:05:00Z"}}})
		if got := page.Text(".headline"); got != "Your downloads are ready." {
			t.Errorf("%s: %q", word, got)
		}
		wantRows(t, page, "#downloads li", "Birds.epub 3 downloads left, available until 1 March 2036 Download", "Birds.pdf Download",
			"Songs.zip Expired on 1 February 2026. Contact the shop if you still need the file.",
			"Map.pdf No downloads left. Contact the shop if you still need the file.")
		if diff := cmp.Diff([]string{"https://www.shop.test/1", "https://www.shop.test/2"},
			page.Attrs("#downloads a", "href")); diff != "" {
			t.Error(diff)
		}
		text := strings.ToLower(page.Text("main"))
		for _, never := range []string{"ship", "parcel", "carrier", "pickup", "out for delivery"} {
			if strings.Contains(text, never) {
				t.Errorf("%s: the page says %q: %s", word, never, text)
			}
		}
	}
	one := orderPage(t, fields{"is_digital": true, "fulfillment": "delivered", "payment": "paid", "downloads": files[1:2]})
	if got := one.Attr(".button.main", "href"); got != "https://www.shop.test/2" {
		t.Errorf("the main action leads to %q", got)
	}
	unpaid := orderPage(t, fields{"is_digital": true, "fulfillment": "delivered", "payment": "pending", "downloads": files})
	if got := unpaid.Text(".headline"); strings.Contains(got, "ready") {
		t.Errorf("an unpaid order says %q", got)
	}
	wantRows(t, unpaid, "#downloads li", "Birds.epub", "Birds.pdf", "Songs.zip", "Map.pdf")
	if got := unpaid.Text("#downloads p"); got != "You can download your files as soon as your payment arrives." ||
		unpaid.Has("#downloads a") || strings.Contains(unpaid.Body, "https://www.shop.test/1") {
		t.Errorf("an unpaid order offers its files: %q", unpaid.Text("#downloads"))
	}
	payable := orderPage(t, fields{"is_digital": true, "payment": "pending", "downloads": files,
		"links": fields{"payment": "https://pay.test"}})
	if got := payable.Text(".headline"); got != "Pay €12.50 to get your files." || !payable.Has(".order-actions:has(.main) + #downloads") {
		t.Errorf("to pay is not above the files: %q", got)
	}
	for word, want := range map[string]string{"shipped": "Your digital order has been delivered." +
		"There are no files here. Look for the shop’s email, or ask the shop.",
		"processing": "The shop is preparing your digital order."} {
		page := orderPage(t, fields{"is_digital": true, "fulfillment": word, "payment": "paid"})
		if got := page.Text(".headline"); got != want {
			t.Errorf("%s: %q", word, got)
		}
	}
}

// TestTotalsOfEveryKind checks the rows of the totals in their order: discounts that are already deducted,
// fees by their kind or label, gift cards, store credit, refunds with their day, reason and lines, and the
// rest.
func TestTotalsOfEveryKind(t *testing.T) {
	t.Parallel()
	page := orderPage(t, fields{
		"lines":    []fields{{"id": "a", "name": "Pen", "quantity": "3", "subtotal": "33.00", "total": "30.00"}},
		"subtotal": "30.00", "shipping": "4.00", "lines_discounted": true, "total": "31.50", "payment": "partially_paid",
		"discounts":  []fields{{"code": "MAY", "amount": "-3.00"}},
		"fees":       []fields{{"kind": "cod", "amount": "1.50"}, {"kind": "tip", "label": "For the team", "amount": "2.00"}, {"kind": "rounding", "amount": "-0.01"}},
		"gift_cards": []fields{{"last_digits": "9F2K", "amount": "5.00"}}, "store_credit": "1.00",
		"amount_paid": "20.00", "amount_due": "11.50",
		"refunds": []fields{{"amount": "10.00", "at": "2026-03-02T10:00:00Z", "reason": "Leaks", "lines": []fields{{"line": "a", "quantity": "1"}}},
			{"amount": "2.00"}},
		"refunded": "15.00",
		"payments": []fields{{"kind": "card", "method": "Visa", "last_digits": "4242", "amount": "18.00", "at": "2026-03-01T10:00:00Z"},
			{"kind": "gift_card", "amount": "2.00"}},
	})
	wantRows(t, page, ".totals tr", "Subtotal €30.00", "Delivery €4.00",
		"Cash on delivery fee €1.50", "Tip · For the team €2.00", "Rounding −€0.01", "Gift card •••• 9F2K −€5.00",
		"Store credit −€1.00", "Total €31.50", "Discount (MAY) (already deducted) −€3.00", "Paid −€20.00", "Refunded on 2 Mar 2026 Leaks · 1 × Pen −€10.00", "Refunded −€2.00",
		"Refunded −€3.00", "Left to pay €11.50")
	wantRows(t, page, ".order-side section:has(dl.details dd.figures) dl > div", "Visa •••• 4242 €18.00 on 1 March 2026", "Gift card €2.00")
	wantRows(t, page, ".lines tbody td:last-child", "€30.00 before discount: €33.00")
}

// TestBundles checks that parts follow their parent and that no money and no piece is shown twice.
func TestBundles(t *testing.T) {
	t.Parallel()
	bundle := func(parent, part string) *webtest.Page {
		return orderPage(t, fields{"lines": []fields{
			{"id": "p", "parent": "set", "name": "Plate", "quantity": "2", "unit_price": "4.00", "total": part},
			{"id": "tea", "name": "Tea", "quantity": "1", "total": "2.50"},
			{"id": "set", "name": "Set", "quantity": "1", "unit_price": "10.00", "total": parent},
			{"id": "m", "parent": "set", "name": "Mug", "quantity": "2", "total": "0.00"}}})
	}
	tests := []struct {
		name, parent, part string
		want               []string
		count              string
	}{
		{"the set has the price", "10.00", "0.00", []string{"Tea 1 €2.50", "Set 1 × €10.00 1 €10.00 €10.00",
			"2 × Plate (part of Set)", "2 × Mug (part of Set)"}, "2 items"},
		{"both have one", "10.00", "8.00", []string{"Tea 1 €2.50", "Set 1 × €10.00 1 €10.00 €10.00",
			"Plate (part of Set) 2 × €4.00 2 €4.00 €8.00", "2 × Mug (part of Set)"}, "3 items"},
		{"only the parts have one", "0.00", "8.00", []string{"Tea 1 €2.50", "Set 1",
			"Plate (part of Set) 2 × €4.00 2 €4.00 €8.00", "Mug (part of Set) × 2 2 €0.00"}, "3 items"},
	}
	for _, test := range tests {
		page := bundle(test.parent, test.part)
		wantRows(t, page, ".lines tbody tr", test.want...)
		if got := page.Text(".summary"); !strings.HasPrefix(got, test.count) {
			t.Errorf("%s: %q", test.name, got)
		}
		if got := len(page.Texts(".lines tr.part")); got != 2 {
			t.Errorf("%s: %d parts", test.name, got)
		}
	}
}

// TestWarranty checks that a line says until when it has a warranty, from its delivery, or for how long.
func TestWarranty(t *testing.T) {
	t.Parallel()
	lines := []fields{{"name": "Lamp", "quantity": "1", "total": "12.50", "warranty_months": 24}}
	came := orderPage(t, fields{"lines": lines, "fulfillment": "delivered",
		"shipments": []fields{{"delivered_at": "2024-02-29T12:00:00Z"}}, "placed_at": "2024-02-20T12:00:00Z"})
	if got := came.Text(".lines .meta"); got != "Warranty until 28 February 2026" {
		t.Errorf("delivered: %q", got)
	}
	coming := orderPage(t, fields{"lines": lines, "fulfillment": "processing"})
	if got := coming.Text(".lines .meta"); got != "24-month warranty" {
		t.Errorf("not delivered: %q", got)
	}
}

// TestPickup checks that the headline names the one place to collect an order and a card its hours, that
// several places stay with their parcels, and that such an order is collected, not delivered.
func TestPickup(t *testing.T) {
	t.Parallel()
	corner := fields{"carrier": "Packeta", "pickup_point": "Corner shop", "pickup_hours": "Mon 8 to 18\nSat 9 to 12"}
	page := orderPage(t, fields{"fulfillment": "ready_for_pickup", "shipments": []fields{corner}})
	wantRows(t, page, ".headline p", "Your order is ready for pickup at Corner shop.")
	wantRows(t, page, ".parcel", "Pickup point Corner shop Carrier Packeta Opening hours Mon 8 to 18 Sat 9 to 12")
	if page.Has(".order-actions") {
		t.Error("a name without an address leads to a map, or the cancellation is a button")
	}
	if got := page.Texts(".timeline .step-future"); len(got) != 1 || !strings.HasPrefix(got[0], "Collected") {
		t.Errorf("to come: %q, the parcel: %q", got, page.Text(".parcel"))
	}
	page = orderPage(t, fields{"fulfillment": "ready_for_pickup", "payment": "pending", "payment_kind": "cod",
		"shipments": []fields{corner}})
	wantRows(t, page, ".headline p", "Your order is ready for pickup at Corner shop.", "You’ll pay €12.50 on delivery.")
	if got := page.Text(".parcel"); !strings.Contains(got, "Opening hours") || !strings.Contains(got, "Sat 9 to 12") {
		t.Errorf("the parcel: %q", got)
	}
	page = orderPage(t, fields{"fulfillment": "ready_for_pickup", "shipments": []fields{corner, {"pickup_point": "Kiosk"}}})
	wantRows(t, page, ".headline p", "Your order is ready for pickup.")
	if got := page.Text("#parcels"); !strings.Contains(got, "Corner shop") || !strings.Contains(got, "Kiosk") {
		t.Errorf("the parcels: %q", got)
	}
	corner["delivered_at"] = "2026-03-03T10:00:00Z"
	page = orderPage(t, fields{"fulfillment": "delivered", "shipments": []fields{corner}})
	wantRows(t, page, ".headline p", "You collected your order on 3 March 2026.")
	if got := page.Text(".timeline .step-present"); !strings.HasPrefix(got, "Collected") {
		t.Errorf("the last step: %q", got)
	}
}

// TestPhoneStandsOnce checks that the order's phone number is shown unless an address has the same.
func TestPhoneStandsOnce(t *testing.T) {
	t.Parallel()
	home := fields{"last_name": "Nová", "line1": "Hlavná 1", "city": "Trnava", "postal_code": "91701", "country": "SK",
		"phone": "+421905123456"}
	page := orderPage(t, fields{"phone": "+421905123457", "shipping_address": home})
	if got := page.Text("main"); strings.Count(got, "0905 123 457") != 1 || strings.Count(got, "0905 123 456") != 1 {
		t.Errorf("phone numbers: %q", got)
	}
	page = orderPage(t, fields{"phone": "+421905123456", "shipping_address": home})
	if got := page.Text("main"); strings.Count(got, "0905 123 456") != 1 {
		t.Errorf("the same number: %q", got)
	}
}

// TestPolishLawIsForPoland checks that the page of a business's order tells of sole traders only in Poland.
func TestPolishLawIsForPoland(t *testing.T) {
	t.Parallel()
	address := func(country, code string) fields {
		return fields{"last_name": "Nová", "line1": "Hlavná 1", "city": "Kraków", "postal_code": code, "country": country}
	}
	for want, members := range map[bool]fields{
		false: {"business": true, "billing_address": address("SK", "91701")},
		true:  {"business": true, "billing_address": address("PL", "30-001")},
	} {
		if got := orderPage(t, members).Text("main"); !strings.Contains(got, "You bought this as a business") ||
			strings.Contains(got, "In Poland") != want {
			t.Errorf("Poland %t: %s", want, got)
		}
	}
}

// TestItemsOfADelivery checks that what a parcel holds is folded under a heading.
func TestItemsOfADelivery(t *testing.T) {
	t.Parallel()
	lines := []fields{{"id": "a", "name": "Pen", "quantity": "2", "total": "1"}, {"id": "b", "name": "Ink", "quantity": "1", "total": "1"}}
	items := []fields{{"line": "a", "quantity": "2"}, {"line": "b", "quantity": "1"}}
	whole := fields{"lines": lines, "fulfillment": "shipped", "shipments": []fields{{"carrier": "DHL", "number": "1", "items": items}}}
	if page := orderPage(t, whole); !page.Has(".parcel") || page.Has(".parcel details") {
		t.Errorf("the only parcel repeats the few items below it: %s", page.Text(".parcel"))
	}
	items = items[:1]
	page := orderPage(t, fields{"lines": lines, "fulfillment": "shipped", "shipments": []fields{{"carrier": "DHL", "items": items}}})
	if page.Text(".parcel h2") != "Parcel with DHL" || page.Text(".parcel details:not([open]) summary") != "All items in this delivery" ||
		page.Text(".parcel details li") != "2 × Pen" {
		t.Errorf("the parcel: %s", page.Text(".parcel"))
	}
}

// TestBuyAgain checks that "Buy again" leads to the feed's link, else to the shop's cart by its template, on
// an order that is over, and nowhere before.
func TestBuyAgain(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	_, err := i.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{
		ReorderURL: new("https://www.shop.test/cart?add={items}&from={number}")})
	if err != nil {
		t.Fatal(err)
	}
	lines := []fields{{"sku": "A&1", "name": "Pen", "quantity": "2", "total": "1"}, {"name": "Tip", "quantity": "1", "total": "1"}}
	for number, members := range map[string]fields{
		"came":    {"fulfillment": "delivered", "lines": lines},
		"linked":  {"fulfillment": "delivered", "lines": lines, "links": fields{"reorder": "https://www.shop.test/own"}},
		"coming":  {"fulfillment": "processing", "lines": lines},
		"stopped": {"state": "cancelled", "lines": lines},
	} {
		put(t, i, number, members)
	}
	b := signedIn(i)
	for number, want := range map[string]string{
		"came": "https://www.shop.test/cart?add=A%261:2&from=came", "linked": "https://www.shop.test/own",
		"coming": "", "stopped": "https://www.shop.test/cart?add=A%261:2&from=stopped",
	} {
		page := b.Get("/orders/" + number).Want(http.StatusOK)
		if got := page.Attr("main .button.main", "href"); got != want {
			t.Errorf("%s: %q", number, got)
		}
	}
}

// TestPickupWithAnAddress checks that the main action leads to a map if the pickup point has an address.
func TestPickupWithAnAddress(t *testing.T) {
	t.Parallel()
	page := orderPage(t, fields{"fulfillment": "ready_for_pickup", "shipments": []fields{{"pickup_point": "Kiosk, Hlavná 3"}}})
	if got := page.Attr(".order-actions .main", "href"); !strings.HasSuffix(got, "query=Kiosk%2C+Hlavn%C3%A1+3") {
		t.Errorf("the main action leads to %q", got)
	}
	if got := page.Attr(".headline", "class"); got != "headline tone-done" {
		t.Errorf("good news has the class %q", got)
	}
}

// TestLatePayment checks that a payment that is late is marked, and that the page says how late it is.
func TestLatePayment(t *testing.T) {
	t.Parallel()
	page := orderPage(t, fields{"payment": "pending", "payment_kind": "transfer", "fulfillment": "unfulfilled",
		"payment_instructions": fields{"iban": "SK3112000000198742637541", "due_at": "2026-02-20"}})
	if got := page.Text(".payment-facts .late"); !strings.HasPrefix(got, "20 February 2026 (") || !strings.HasSuffix(got, " days ago)") {
		t.Errorf("the day: %q", got)
	}
	if got := page.Attr(".headline", "class"); got != "headline tone-stopped" {
		t.Errorf("the headline has the class %q", got)
	}
}

// TestHeadlineFollowsTheParcels checks that the sentence agrees with what the parcels and lines say.
func TestHeadlineFollowsTheParcels(t *testing.T) {
	t.Parallel()
	came := fields{"delivered_at": "2026-03-01T10:00:00Z", "carrier": "DHL"}
	for want, members := range map[string]fields{
		"1 of 2 parcels has been delivered. The rest is on its way.": {"fulfillment": "partially_shipped",
			"shipments": []fields{came, {"carrier": "DHL", "number": "1"}}},
		"2 of 3 parcels have been delivered. The rest is on its way.": {"fulfillment": "shipped",
			"shipments": []fields{came, came, {"carrier": "DHL", "number": "1"}}},
		"Part of your order is on its way. The rest will follow.": {"fulfillment": "shipped", "lines": []fields{
			{"name": "Pen", "quantity": "1", "total": "1"}, {"name": "Ink", "quantity": "1", "total": "1", "fulfillment": "processing"}}},
		"Your order was delivered on 1 March 2026.": {"fulfillment": "delivered", "shipments": []fields{came}},
	} {
		page := orderPage(t, members)
		if got := page.Text(".headline"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if page.Has(".parcel") != (len(page.Texts("#parcels h2")) > 1) {
			t.Errorf("%s: a parcel only repeats the headline: %s", want, page.Text("#parcels"))
		}
	}
}

// TestReturnedGoods checks that the lines say what came back and the totals what the order costs in the end.
func TestReturnedGoods(t *testing.T) {
	t.Parallel()
	lines := []fields{{"id": "a", "name": "Pen", "quantity": "3", "total": "9.00"}, {"id": "b", "name": "Ink", "quantity": "1", "total": "3.50"}}
	back := []fields{{"line": "a", "quantity": "1"}}
	refunds := []fields{{"amount": "3.00", "lines": back}, {"amount": "3.00", "lines": back}}
	page := orderPage(t, fields{"lines": lines, "fulfillment": "partially_returned", "payment": "partially_refunded", "refunds": refunds})
	if diff := cmp.Diff([]string{"2 of 3 returned"}, page.Texts(".lines .tag")); diff != "" {
		t.Error(diff)
	}
	if got := page.Text(".totals .due"); tight(got) != tight("Total after refunds €6.50") {
		t.Errorf("in the end: %q", got)
	}
	if page = orderPage(t, fields{"lines": lines, "fulfillment": "delivered", "payment": "partially_refunded",
		"refunds": refunds}); page.Has(".lines .tag") {
		t.Error("a refund without a return is a return")
	}
	if page = orderPage(t, fields{"lines": lines, "fulfillment": "delivered", "payment": "paid", "returns": []fields{
		{"number": "r", "state": "received", "lines": back}, {"number": "s", "state": "requested", "lines": back}}}); page.Text(".lines .tag") != "1 of 3 returned" {
		t.Errorf("of two returns one has arrived: %q", page.Text(".lines .tag"))
	}
}

// TestPayableOrderWithoutAnAccountSaysWhatPaymentDoes checks that an order to be paid by transfer, whose shop
// gives a link but no account, does not ask for a transfer.
func TestPayableOrderWithoutAnAccountSaysWhatPaymentDoes(t *testing.T) {
	t.Parallel()
	page := orderPage(t, fields{"payment": "pending", "payment_kind": "transfer", "fulfillment": "unfulfilled",
		"links": fields{"payment": "https://pay.test"}})
	if got := page.Text(".headline p"); got != "Pay €12.50 to complete your order." {
		t.Errorf("the page says %q", got)
	}
}

// TestSettledCancellationOffersNoWithdrawal checks that the page of a cancelled order tells of withdrawal only
// until the money is back.
func TestSettledCancellationOffersNoWithdrawal(t *testing.T) {
	t.Parallel()
	for payment, want := range map[string]bool{"paid": true, "refunded": false} {
		page := orderPage(t, fields{"state": "cancelled", "fulfillment": "cancelled", "payment": payment})
		if got := page.Has("#withdrawal"); got != want {
			t.Errorf("%s: withdrawal is there: %v", payment, got)
		}
	}
}

// TestClosedCancellationSaysSoInItsHeading checks the page of a request that comes too late.
func TestClosedCancellationSaysSoInItsHeading(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	put(t, i, "1", fields{"fulfillment": "shipped"})
	put(t, i, "2", fields{"fulfillment": "processing"})
	b := signedIn(i)
	for number, want := range map[string]string{"1": "This order can’t be cancelled", "2": "Request cancellation"} {
		if got := b.Get("/orders/" + number + "/cancel").Text("h1"); got != want {
			t.Errorf("order %s: %q", number, got)
		}
	}
}
