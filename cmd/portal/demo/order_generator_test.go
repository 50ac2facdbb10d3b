package demo

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/order"
)

// TestCarriers checks that a parcel's carrier is the one in the order's shipping method.
func TestCarriers(t *testing.T) {
	t.Parallel()
	for i, p := range People() {
		g := newOrderGenerator(time.Now(), "http://shop.example", p, i+1)
		for n := range p.orders {
			if o := g.order(n); len(o.Shipments) > 0 && !strings.Contains(o.ShippingMethod,
				o.Shipments[0].Carrier) {
				t.Errorf("order %s goes by %q, its parcel by %q", o.Number, o.ShippingMethod,
					o.Shipments[0].Carrier)
			}
		}
	}
}

// TestOrderGenerator writes everyone's orders twice and checks that they cover everything the demo must show.
func TestOrderGenerator(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	for i, p := range People() {
		var once, twice strings.Builder
		for _, out := range []*strings.Builder{&once, &twice} {
			if err := newOrderGenerator(now, "http://localhost", p, i+1).write(out); err != nil {
				t.Fatal(err)
			}
		}
		if once.String() != twice.String() {
			t.Errorf("%s: two runs differ", p.Email)
		}
		for o := range strings.SplitSeq(strings.TrimSpace(once.String()), "\n") {
			var doc orderDoc
			if o == "" {
				continue
			}
			if err := json.Unmarshal([]byte(o), &doc); err != nil {
				t.Fatal(err)
			}
			if doc.PlacedAt.After(now) || doc.UpdatedAt.After(now) {
				t.Errorf("%s is of the future", doc.Number)
			}
			for _, word := range []string{doc.Payment, doc.Fulfillment, doc.PaymentKind, doc.Currency} {
				seen[word] = true
			}
			seen["dated"] = seen["dated"] || len(doc.Events) > 0
			seen["undated"] = seen["undated"] || len(doc.Events) == 0
			seen["parcels"] = seen["parcels"] || len(doc.Shipments) > 1
			seen["long"] = seen["long"] || len(doc.Lines) == manyLines
			seen["reverse charge"] = seen["reverse charge"] || doc.TaxNote != ""
			seen["discount"] = seen["discount"] || doc.Discount != ""
			seen["refund"] = seen["refund"] || doc.Refunded != ""
			seen["transfer with an account"] = seen["transfer with an account"] || doc.Instructions != nil && doc.Payment == order.PaymentPending
			seen["downloads"] = seen["downloads"] || len(doc.Downloads) > 1
			seen["one download"] = seen["one download"] || len(doc.Downloads) == 1
			seen["fee"] = seen["fee"] || len(doc.Fees) > 0
			seen["dated refund"] = seen["dated refund"] || len(doc.Refunds) > 0 && len(doc.Payments) > 0
			seen["set"] = seen["set"] || slices.ContainsFunc(doc.Lines, func(l lineDoc) bool { return l.Parent != "" })
			seen["warranty"] = seen["warranty"] || slices.ContainsFunc(doc.Lines, func(l lineDoc) bool { return l.Warranty > 0 })
			seen["label"] = seen["label"] || doc.SourceLabel != ""
			seen["digital"] = seen["digital"] || doc.IsDigital
			seen["weight"] = seen["weight"] || slices.ContainsFunc(doc.Lines,
				func(l lineDoc) bool { return strings.Contains(l.Quantity, ".") })
		}
	}
	wanted := slices.Concat(order.Payments(), order.Fulfillments(), order.PaymentKinds(),
		[]string{"GBP", "CZK", "dated", "undated",
			"parcels", "long", "reverse charge", "discount", "refund", "label", "digital", "weight",
			"transfer with an account", "downloads", "one download", "fee", "dated refund", "set", "warranty"})
	for _, word := range wanted {
		if !seen[word] {
			t.Errorf("no order is %q", word)
		}
	}
}
