package order

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/validate"
)

// statusOf reads the three axes as a feed sends them; "" means that the member is absent.
func statusOf(state, payment, fulfillment string) string {
	s := readStatus(state, payment, fulfillment, "")
	text := strings.Join([]string{s.State, s.Payment, s.Fulfillment}, " ")
	if s.Source != "" {
		text += " (" + s.Source + ")"
	}
	return text
}

// TestStatusWordsOfOtherSystems checks words from systems that send one status and from systems that send
// several.
func TestStatusWordsOfOtherSystems(t *testing.T) {
	t.Parallel()
	tests := []struct{ system, state, payment, fulfillment, want string }{
		{"nothing at all", "", "", "", "open unknown unknown"},
		{"nulls", "null", "NULL", "n/a", "open unknown unknown"},
		{"our own, shouted", "CANCELLED", "Paid", "PARTIALLY_SHIPPED", "cancelled paid partially_shipped"},
		{"American", "canceled", "canceled", "canceled", "cancelled voided cancelled"},
		{"gaps", " Partially Shipped ", "partially-paid", "partially shipped",
			"open partially_paid partially_shipped"},
		{"camels", "Completed", "PartiallyPaid", "PartiallyShipped",
			"completed partially_paid partially_shipped"},
		{"British", "open", "authorised", "awaiting fulfilment", "open authorized unfulfilled"},
		{"own words are kept once", "gnomes", "Gnomes", "gnomes", "open unknown unknown (gnomes)"},
		{"own words of two axes", "gnomes", "", "Wird verpackt",
			"open unknown unknown (gnomes · Wird verpackt)"},
		{"words that look like two", "Paid / shipped", "", "", "open unknown unknown (Paid / shipped)"},
		{"a whole order that is complete", "", "paid", "complete", "completed paid unknown"},
		{"an open order whose goods are complete", "open", "paid", "completed", "open paid unknown"},

		{"Shopify", "closed", "partially_refunded", "fulfilled", "completed partially_refunded shipped"},
		{"Shopify GraphQL", "", "EXPIRED", "PARTIALLY_FULFILLED", "open failed partially_shipped"},
		{"Shopify GraphQL", "", "PAID", "IN_PROGRESS", "open paid processing"},
		{"Shopify GraphQL", "", "PAID", "SCHEDULED", "open paid on_hold"},
		{"Shopify GraphQL", "", "PAID", "RESTOCKED", "open paid returned"},
		{"Shopify shipment", "", "", "attempted_delivery", "open unknown delivery_failed"},
		{"Ecwid", "", "AWAITING_PAYMENT", "AWAITING_PROCESSING", "open pending unfulfilled"},
		{"Ecwid", "", "CANCELLED", "WILL_NOT_DELIVER", "open voided cancelled"},
		{"Ecwid", "", "PAID", "CUSTOM_FULFILLMENT_STATUS_1",
			"open paid unknown (CUSTOM_FULFILLMENT_STATUS_1)"},
		{"WooCommerce", "wc-completed", "", "", "completed unknown unknown"},
		{"WooCommerce", "processing", "", "", "open unknown processing"},
		{"WooCommerce", "on-hold", "", "", "open unknown on_hold"},
		{"WooCommerce", "refunded", "", "", "completed refunded unknown"},
		{"WooCommerce", "failed", "", "", "open failed unknown"},
		{"PrestaShop", "Payment accepted", "", "", "open paid unknown"},
		{"PrestaShop", "Processing in progress", "", "", "open unknown processing"},
		{"PrestaShop", "On backorder (not paid)", "", "", "open unknown on_hold"},
		{"PrestaShop", "Awaiting bank wire payment", "", "", "open pending unknown"},
		{"PrestaShop", "Delivered", "", "", "completed unknown delivered"},
		{"Medusa", "pending", "not_paid", "not_fulfilled", "open pending unfulfilled"},
		{"Medusa", "archived", "captured", "delivered", "completed paid delivered"},
		{"Saleor", "FULFILLED", "FULL", "fulfilled", "completed paid shipped"},
		{"Saleor", "EXPIRED", "NONE", "", "cancelled pending unknown"},
		{"Vendure", "PaymentSettled", "Settled", "Pending", "open paid unfulfilled"},
		{"Vendure", "PartiallyDelivered", "", "", "open unknown partially_delivered"},
		{"Sylius", "new", "awaiting_payment", "ready", "open pending unfulfilled"},
		{"BigCommerce", "Awaiting Shipment", "", "", "open unknown processing"},
		{"BigCommerce", "Declined", "", "", "cancelled failed unknown"},
		{"BigCommerce", "Manual Verification Required", "", "", "open unknown on_hold"},
		{"BigCommerce", "Partially Refunded", "", "", "open partially_refunded unknown"},
		{"Shopware", "in_progress", "paid_partially", "shipped_partially",
			"open partially_paid partially_shipped"},
		{"Shopware", "completed", "refunded_partially", "returned_partially",
			"completed partially_refunded partially_returned"},
		{"Shopware", "open", "chargeback", "open", "open disputed unfulfilled"},
		{"Magento", "complete", "", "", "completed unknown unknown"},
		{"Magento", "holded", "", "", "open unknown on_hold"},
		{"Magento", "pending_payment", "", "", "open pending unknown"},
		{"schema.org", "https://schema.org/OrderCancelled", "http://schema.org/PaymentComplete", "",
			"cancelled paid unknown"},
		{"schema.org", "OrderInTransit", "PaymentDue", "", "open pending shipped"},
	}
	for _, test := range tests {
		if got := statusOf(test.state, test.payment, test.fulfillment); got != test.want {
			t.Errorf("%s, %q %q %q: %s, want %s", test.system, test.state, test.payment,
				test.fulfillment, got, test.want)
		}
	}
}

// TestCanonicalWordsAreReadAsThemselves checks that no table maps one of our own words to another.
func TestCanonicalWordsAreReadAsThemselves(t *testing.T) {
	t.Parallel()
	for _, word := range Payments() {
		if got := paymentWord(word); got != word {
			t.Errorf("payment %s is read as %s", word, got)
		}
	}
	for _, word := range Fulfillments() {
		if got := fulfillmentWord(word); got != word {
			t.Errorf("fulfilment %s is read as %s", word, got)
		}
	}
	for name, table := range map[string]map[string]string{"payment": paymentWords(),
		"fulfilment": fulfillmentWords()} {
		seen := map[string]string{}
		for word, others := range table {
			for other := range strings.FieldsSeq(others) {
				if seen[other] != "" || validate.StatusKey(other) != other {
					t.Errorf("%s: %q of %s is also of %q, or is never a key", name, other, word, seen[other])
				}
				seen[other] = word
			}
		}
	}
}

// orderOf decodes a minimal order with additional members.
func orderOf(t *testing.T, members string) Order {
	t.Helper()
	o, _, err := Decoder{}.Decode([]byte(`{"email":"jan@example.com","placed_at":"2026-03-05T10:00:00Z","updated_at":"2026-03-05T10:00:00Z",
		"currency":"EUR",`+members+`}`), "1")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestWhatTheOneSentenceSays checks orders that the status table does not cover: with labels, payment
// kinds, totals and shipments.
func TestWhatTheOneSentenceSays(t *testing.T) {
	t.Parallel()
	const (
		free = `"total":"0.00"`
		paid = `"total":"9.00"`
	)
	tests := []struct{ name, members, want, views string }{
		{"a label comes before the source's words",
			paid + `,"source_label":"Vo výrobe","source_status":"in_prod","fulfillment":"in_prod"`,
			"label ", "open"},
		{"a label comes before completed", paid + `,"source_label":"Vybavené","state":"completed"`,
			"label ", "delivered"},
		{"source_status alone is read", paid + `,"source_status":"completed"`, "completed ", "delivered"},
		{"source_status is read beside a payment", paid + `,"source_status":"completed","payment":"paid"`,
			"completed ", "delivered"},
		{"source_status is not read beside a state",
			paid + `,"source_status":"completed","state":"open","payment":"pending"`,
			"source payment.pending", "open unpaid"},
		{"no word of the source twice", paid + `,"source_status":"canceled","state":"canceled"`,
			"cancelled ", "cancelled"},
		{"nothing to pay, pending", free + `,"payment":"pending","fulfillment":"unfulfilled"`,
			"unfulfilled ", "open"},
		{"nothing to pay, failed", free + `,"payment":"failed","fulfillment":"processing"`,
			"processing ", "open"},
		{"nothing to pay any more", free + `,"payment":"refunded","fulfillment":"shipped"`,
			"shipped payment.refunded", "open"},
		{"by transfer", paid + `,"payment":"pending","payment_kind":"Bank Transfer","fulfillment":"unfulfilled"`, "received payment.transfer", "open unpaid"},
		{"by invoice", paid + `,"payment":"pending","payment_kind":"invoice","fulfillment":"unfulfilled"`,
			"unfulfilled payment.invoice", "open unpaid"},
		{"on delivery", paid + `,"payment":"pending","payment_kind":"cash_on_delivery","fulfillment":"unfulfilled"`, "unfulfilled payment.cod", "open"},
		{"on delivery, not said", paid + `,"payment_kind":"cod","fulfillment":"shipped"`,
			"shipped payment.cod", "open"},
		{"on delivery, returned", paid + `,"payment":"pending","payment_kind":"cod","fulfillment":"returned"`,
			"returned ", ""},
		{"on delivery, completed", paid + `,"payment":"pending","payment_kind":"cod","state":"complete"`,
			"completed ", "delivered"},
		{"a parcel left, no more said",
			paid + `,"shipments":[{"carrier":"DHL","shipped_at":"2026-03-06T10:00:00Z"}]`,
			"shipped.by ", "open"},
		{"a parcel left, though unfulfilled",
			paid + `,"fulfillment":"unfulfilled","shipments":[{"shipped_at":"2026-03-06T10:00:00Z"},{}]`,
			"partially_shipped ", "open"},
		{"all parcels came", paid + `,"shipments":[{"delivered_at":"2026-03-06T10:00:00Z"}]`,
			"delivered.on ", "delivered"},
		{"one of two came", paid + `,"shipments":[{"delivered_at":"2026-03-06T10:00:00Z"},{}]`,
			"partially_delivered ", "open"},
		{"a parcel left, the feed knows better",
			paid + `,"fulfillment":"returned","shipments":[{"shipped_at":"2026-03-06T10:00:00Z"}]`,
			"returned ", ""},
		{"a parcel left of an order that is over",
			paid + `,"state":"completed","shipments":[{"carrier":"DHL","shipped_at":"2026-03-06T10:00:00Z"}]`,
			"ended.shipped.by ", "open"},
	}
	for _, test := range tests {
		s := orderOf(t, test.members).Status
		h := s.Headline()
		got := strings.TrimPrefix(h.Key, "headline.") + " " + strings.TrimPrefix(h.Payment, "headline.")
		if views := strings.Join(s.views(), " "); got != test.want || views != test.views {
			t.Errorf("%s: %q in %q, want %q in %q", test.name, got, views, test.want, test.views)
		}
	}
}

// TestOwnWordsSayMore checks that words which only repeat what the page says, in another spelling, are left
// out.
func TestOwnWordsSayMore(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ source, state, fulfillment, want string }{
		{"canceled", "cancelled", Unknown, ""},
		{"canceled · CANCELLED", "cancelled", Unknown, ""},
		{"wc-completed", "completed", Unknown, ""},
		{"Shipped", "open", Shipped, ""},
		{"gnomes · shipped", "open", Shipped, "gnomes"},
		{"shipped", "cancelled", Unknown, "shipped"},
		{"", "open", Unknown, ""},
	} {
		if got := (Status{State: test.state, Payment: Unknown, Fulfillment: test.fulfillment,
			Source: test.source}).OwnWords(); got != test.want {
			t.Errorf("%q of an order %s %s: %q, want %q", test.source, test.state,
				test.fulfillment, got, test.want)
		}
	}
}

// TestWordsOfLinesAndEvents checks that these words are also read in any spelling, and that unknown ones
// are kept.
func TestWordsOfLinesAndEvents(t *testing.T) {
	t.Parallel()
	o := orderOf(t, `"total":"1.00","lines":[{"name":"A","quantity":"1","total":"1.00","fulfillment":"PARTIALLY_FULFILLED"},
		{"name":"B","quantity":"1","total":"1.00","fulfillment":"gnomes"}],"events":[
		{"type":"Created","at":"2026-03-05T10:00:00Z"},{"type":"canceled","at":"2026-03-05T10:00:00Z"},{"type":"Complete","at":"2026-03-05T10:00:00Z"},
		{"type":"fulfilled","at":"2026-03-05T10:00:00Z"},{"type":"Label printed","at":"2026-03-05T10:00:00Z"},{"type":"OutForDelivery","at":"2026-03-05T10:00:00Z"}]`)
	got := []string{o.Lines[0].Status, o.Lines[1].Status}
	for _, e := range o.Events {
		got = append(got, e.Type)
	}
	want := []string{PartiallyShipped, "gnomes", "placed", StateCancelled, StateCompleted, Shipped,
		"Label printed", OutForDelivery}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestTimelineBeginsWithThePlacing checks that the step "placed" comes first, even if other events have the
// same time, and that the last step matches the headline.
func TestTimelineBeginsWithThePlacing(t *testing.T) {
	t.Parallel()
	const paidAt = `"events":[{"type":"paid","at":"2026-03-05T10:00:00Z"}],`
	tests := []struct{ name, members, want string }{
		{"paid at once", paidAt + `"payment":"paid"`, "placed paid"},
		{"delivered as it was shipped",
			`"fulfillment":"delivered","shipments":[{"shipped_at":"2026-03-06T00:00:00Z","delivered_at":"2026-03-06T00:00:00Z"}]`, "placed shipped delivered"},
		{"delivered, says the feed, as it was shipped", `"fulfillment":"delivered","events":[{"type":"delivered","at":"2026-03-06T00:00:00Z"}],
			"shipments":[{"shipped_at":"2026-03-06T00:00:00Z"}]`, "placed shipped delivered"},
		{"complete, and nothing else known", `"state":"completed"`, "placed completed"},
		{"complete, though still called held", `"state":"completed","fulfillment":"on_hold"`,
			"placed completed"},
		{"refunded before it shipped", `"payment":"refunded","fulfillment":"processing"`,
			"placed refunded processing"},
		{"paid and refunded on known days", `"payment":"partially_refunded","fulfillment":"partially_returned",
			"payments":[{"amount":"9.00","at":"2026-03-05T09:00:00Z"}],"events":[{"type":"shipped","at":"2026-03-06T10:00:00Z"}],
			"refunds":[{"amount":"1.00","at":"2026-03-08T10:00:00Z"},{"amount":"2.00","at":"2026-03-09T10:00:00Z"}]`,
			"placed paid shipped partially_returned partially_refunded"},
		{"paid, says the feed", paidAt + `"payment":"paid","payments":[{"amount":"9.00","at":"2026-03-07T10:00:00Z"}]`, "placed paid"},
	}
	for _, test := range tests {
		var steps []string
		for _, s := range orderOf(t, test.members+`,"total":"9.00"`).Timeline() {
			steps = append(steps, strings.TrimPrefix(s.Key, "step."))
		}
		if got := fmt.Sprint(strings.Join(steps, " ")); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	second := Order{PlacedAt: time.Date(2026, 3, 5, 10, 0, 0, 400e6, time.UTC),
		Status: Status{State: StateOpen, Payment: Unknown, Fulfillment: Unknown}}
	second.Events = []Event{{Type: PaymentPaid, At: second.PlacedAt.Truncate(time.Second)}}
	if got := second.Timeline()[0].Key; got != "step.placed" {
		t.Errorf("an order paid within its second begins with %s", got)
	}
}
