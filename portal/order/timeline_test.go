package order

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTimelineTellsWhatTheHeadlineTells checks that the steps follow the parcels and lines where the sentence
// does, that only what is wholly collected ends so, and that the money comes after the cancellation.
func TestTimelineTellsWhatTheHeadlineTells(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC)
	arrived, going, corner := Shipment{DeliveredAt: &at}, Shipment{Number: "1"}, Shipment{PickupPoint: "Corner shop"}
	tests := []struct {
		name, fulfillment, state, payment string
		shipments                         []Shipment
		lines                             []Line
		want                              string
	}{
		{"one of two parcels arrived", PartiallyShipped, StateOpen, PaymentPaid, []Shipment{arrived, corner}, nil,
			"placed paid shipped partially_delivered* delivered?"},
		{"one of two collected", Shipped, StateOpen, PaymentPaid, []Shipment{{PickupPoint: "A", DeliveredAt: &at}, corner}, nil,
			"placed paid shipped partially_delivered* collected?"},
		{"a line is still at the shop", Shipped, StateOpen, PaymentPaid, []Shipment{going},
			[]Line{{ID: "1", Quantity: "1", Total: 100, Status: Processing}}, "placed paid partially_shipped* shipped? delivered?"},
		{"cancelled and refunded", FulfillmentStopped, StateCancelled, PaymentRefunded, nil, nil, "placed cancelled refunded*"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := Order{Shipments: test.shipments, Lines: test.lines, PlacedAt: at,
				Status: Status{State: test.state, Payment: test.payment, Fulfillment: test.fulfillment}}
			o.Status.Pickup, o.Status.Split = o.isPickup(), o.isSplit()
			o.Status.Parcels, o.Status.Arrived = o.parcels()
			if got := strings.Join(slices.Collect(marked(o.Timeline())), " "); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

// marked yields the words of steps, the present one with a star and those to come with a question mark.
func marked(steps []Step) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, s := range steps {
			word := strings.TrimPrefix(s.Key, "step.")
			switch {
			case s.Current:
				word += "*"
			case !s.Done:
				word += "?"
			}
			if !yield(word) {
				return
			}
		}
	}
}
