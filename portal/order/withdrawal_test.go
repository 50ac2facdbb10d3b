package order

import (
	"testing"
	"time"
)

// at parses a time of a test.
func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

// shipped returns an order with a shipment for each time; "" means a shipment not yet delivered.
func shipped(t *testing.T, fulfillment string, delivered ...string) Order {
	t.Helper()
	o := Order{PlacedAt: at(t, "2026-03-01T10:00:00Z"), Status: Status{Fulfillment: fulfillment},
		Lines: []Line{{Name: "Book", Quantity: "2"}}}
	for _, moment := range delivered {
		s := Shipment{}
		if moment != "" {
			come := at(t, moment)
			s.DeliveredAt = &come
		}
		o.Shipments = append(o.Shipments, s)
	}
	return o
}

// periodTest is an order with the expected end of its period.
type periodTest struct {
	name, zone string
	order      Order
	last       string // yyyy-mm-dd and weekday
	known      bool
	country    string
}

func with(o Order, change func(*Order)) Order {
	change(&o)
	return o
}

func TestWithdrawalPeriods(t *testing.T) {
	t.Parallel()
	digital := func(o *Order) { o.IsDigital = true }
	tests := []periodTest{
		{"delivered on a Thursday", "Europe/Bratislava", shipped(t, Delivered, "2026-03-05T14:00:00Z"),
			"2026-03-19 Thu", true, ""},
		{"the day of delivery does not count, however late", "Europe/Bratislava",
			shipped(t, Delivered, "2026-03-05T22:59:59Z"), "2026-03-19 Thu", true, ""},
		{"past midnight there is the next day", "Europe/Bratislava",
			shipped(t, Delivered, "2026-03-05T23:00:00Z"), "2026-03-20 Fri", true, ""},
		{"the same moment in London", "Europe/London", shipped(t, Delivered, "2026-03-05T23:00:00Z"),
			"2026-03-19 Thu", true, ""},
		{"the same moment in Auckland", "Pacific/Auckland", shipped(t, Delivered, "2026-03-05T23:00:00Z"),
			"2026-03-20 Fri", true, ""},
		{"the same moment in New York", "America/New_York", shipped(t, Delivered, "2026-03-05T23:00:00Z"),
			"2026-03-19 Thu", true, ""},
		{"over the beginning of summer time", "Europe/Bratislava",
			shipped(t, Delivered, "2026-03-18T22:30:00Z"), "2026-04-01 Wed", true, ""},
		{"over its end", "Europe/Bratislava", shipped(t, Delivered, "2026-10-21T22:30:00Z"),
			"2026-11-05 Thu", true, ""},
		{"on a day without a midnight", "Africa/Cairo", shipped(t, Delivered, "2026-04-10T10:00:00Z"),
			"2026-04-24 Fri", true, ""},
		{"before a day without a midnight", "Africa/Cairo", shipped(t, Delivered, "2026-04-09T10:00:00Z"),
			"2026-04-23 Thu", true, ""},
		{"ends on a Saturday", "Europe/Bratislava", shipped(t, Delivered, "2026-03-07T10:00:00Z"),
			"2026-03-23 Mon", true, ""},
		{"ends on a Sunday", "Europe/Bratislava", shipped(t, Delivered, "2026-03-08T10:00:00Z"),
			"2026-03-23 Mon", true, ""},
		{"ends on a Monday", "Europe/Bratislava", shipped(t, Delivered, "2026-03-09T10:00:00Z"),
			"2026-03-23 Mon", true, ""},
		{"over the year's end", "Europe/Bratislava", shipped(t, Delivered, "2026-12-23T10:00:00Z"),
			"2027-01-06 Wed", true, ""},
		{"the last of several shipments",
			"UTC", shipped(t, Delivered, "2026-03-12T10:00:00Z", "2026-03-05T10:00:00Z"),
			"2026-03-26 Thu", true, ""},
		{"all shipped and all came", "UTC", shipped(t, Shipped, "2026-03-05T10:00:00Z"),
			"2026-03-19 Thu", true, ""},
		{"one of two has not come", "UTC", shipped(t, Shipped, "2026-03-05T10:00:00Z", ""),
			"2027-04-14 Wed", false, ""},
		{"more is to be shipped", "UTC", shipped(t, PartiallyShipped, "2026-03-05T10:00:00Z"),
			"2027-04-14 Wed", false, ""},
		{"nothing shipped", "UTC", shipped(t, Unfulfilled), "2027-04-14 Wed", false, ""},
		{"to be collected", "UTC", shipped(t, ReadyForPickup), "2027-04-14 Wed", false, ""},
		{"delivered, nobody knows when", "UTC", shipped(t, Delivered), "2027-04-14 Wed", false, ""},
		{"delivered before it was placed", "UTC", shipped(t, Delivered, "2025-03-05T10:00:00Z"),
			"2026-03-16 Mon", true, ""},
		{"digital", "UTC", with(shipped(t, Unfulfilled), digital), "2026-03-16 Mon", true, ""},
		{"digital, and said to be delivered", "UTC",
			with(shipped(t, Delivered, "2026-03-12T10:00:00Z"), digital), "2026-03-16 Mon", true, ""},
	}
	checkPeriods(t, tests)
}

// TestWithdrawalPeriodsByEvents checks that an event of one shipment does not end the wait for the others
// (Art. 9(2)(b)).
func TestWithdrawalPeriodsByEvents(t *testing.T) {
	t.Parallel()
	event := func(text string, noticed bool) func(*Order) {
		return func(o *Order) {
			o.Events = append(o.Events,
				Event{Type: Delivered, At: at(t, text), Noticed: noticed})
		}
	}
	tests := []periodTest{
		{"delivered, as an event says",
			"UTC", with(shipped(t, Delivered), event("2026-03-05T10:00:00Z", false)), "2026-03-19 Thu", true, ""},
		{"delivered, as was noticed", "UTC",
			with(shipped(t, Delivered, ""), event("2026-03-05T10:00:00Z", true)), "2026-03-19 Thu", true, ""},
		{"a shipment later than the event", "UTC",
			with(shipped(t, Delivered, "2026-03-10T10:00:00Z", ""), event("2026-03-05T10:00:00Z", true)),
			"2026-03-24 Tue", true, ""},
		{"delivered twice", "UTC", with(with(shipped(t, Delivered), event("2026-03-10T10:00:00Z", false)),
			event("2026-03-05T10:00:00Z", false)), "2026-03-24 Tue", true, ""},
		{"one of two came, as an event says", "UTC",
			with(shipped(t, Shipped, "2026-03-05T10:00:00Z", ""), event("2026-03-05T10:00:00Z", false)),
			"2027-04-14 Wed", false, ""},
		{"one of two came, and the other is on its way", "UTC",
			with(shipped(t, OutForDelivery, "", ""), event("2026-03-05T10:00:00Z", false)),
			"2027-04-14 Wed", false, ""},
		{"came, and then more was shipped", "UTC",
			with(shipped(t, Shipped, "", ""), event("2026-03-05T10:00:00Z", true)), "2027-04-14 Wed", false, ""},
		{"one of two was sent back", "UTC",
			with(shipped(t, PartiallyReturned, "2026-03-05T10:00:00Z", ""),
				event("2026-03-06T10:00:00Z", false)), "2027-04-14 Wed", false, ""},
		{"one of two could not be delivered", "UTC",
			with(shipped(t, DeliveryFailed, "", ""), event("2026-03-05T10:00:00Z", false)),
			"2027-04-14 Wed", false, ""},
		{"nobody knows", "UTC", with(shipped(t, Unknown, ""), event("2026-03-05T10:00:00Z", false)),
			"2027-04-14 Wed", false, ""},
		{"both came, and the event is of the first", "UTC",
			with(shipped(t, Delivered, "2026-03-05T10:00:00Z", ""), event("2026-03-05T10:00:00Z", false)),
			"2027-04-14 Wed", false, ""},
		{"both came, and the event is of the second", "UTC",
			with(shipped(t, Delivered, "2026-03-05T10:00:00Z", ""), event("2026-03-10T10:00:00Z", false)),
			"2026-03-24 Tue", true, ""},
		{"all sent back", "UTC", with(shipped(t, Returned, ""), event("2026-03-05T10:00:00Z", false)),
			"2026-03-19 Thu", true, ""},
		{"no shipment is named, and it came", "UTC",
			with(shipped(t, Shipped), event("2026-03-05T10:00:00Z", false)), "2026-03-19 Thu", true, ""},
	}
	checkPeriods(t, tests)
}

// TestWithdrawalPeriodsAndHolidays checks that no period ends on a public holiday of the shop's country
// (Art. 3(4) of Regulation 1182/71).
func TestWithdrawalPeriodsAndHolidays(t *testing.T) {
	t.Parallel()
	const zone = "Europe/Bratislava"
	easter, year := shipped(t, Delivered, "2026-03-20T10:00:00Z"), shipped(t, Delivered, "2026-12-10T10:00:00Z")
	checkPeriods(t, []periodTest{
		{"Good Friday and Easter Monday", zone, easter, "2026-04-07 Tue", true, "SK"},
		{"only Easter Monday", zone, easter, "2026-04-03 Fri", true, "PL"},
		{"no country is set", zone, easter, "2026-04-03 Fri", true, ""},
		{"Hungary, which the library does not have", zone, easter, "2026-04-07 Tue", true, "HU"},
		{"a country outside the Union", zone, easter, "2026-04-03 Fri", true, "US"},
		{"Christmas Eve and the weekend after it", zone, year, "2026-12-28 Mon", true, "SK"},
		{"Christmas Eve is a working day", zone, year, "2026-12-24 Thu", true, "DE"},
		{"a holiday in between does not count", zone, shipped(t, Delivered, "2026-03-25T10:00:00Z"),
			"2026-04-08 Wed", true, "SK"},
		{"in Auckland the day is another", "Pacific/Auckland", shipped(t, Delivered, "2026-03-20T12:00:00Z"),
			"2026-04-07 Tue", true, "SK"},
	})
}

// TestRefundDue checks the last day for a refund after a withdrawal (Art. 13(1) of Directive 2011/83/EU).
func TestRefundDue(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Bratislava")
	if err != nil {
		t.Fatal(err)
	}
	for received, want := range map[string]string{
		"2026-03-05T12:00:00Z": "2026-03-19", "2026-03-05T23:30:00Z": "2026-03-20", "2026-03-07T12:00:00Z": "2026-03-23",
		"2026-03-20T12:00:00Z": "2026-04-07",
	} {
		if got := (Place{zone, "SK"}).RefundDue(at(t, received)).Format(time.DateOnly); got != want {
			t.Errorf("%s: %s", received, got)
		}
	}
}

// checkPeriods checks orders in the last moment of their period and just after it.
func checkPeriods(t *testing.T, tests []periodTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			zone, err := time.LoadLocation(test.zone)
			if err != nil {
				t.Fatal(err)
			}
			place := Place{Zone: zone, Country: test.country}
			last, known := test.order.withdrawalEnd(place)
			if got := last.In(zone).Format("2006-01-02 Mon"); got != test.last || known != test.known {
				t.Errorf("%s, known %v; want %s, %v", got, known, test.last, test.known)
			}
			year, month, day := last.Date()
			end := time.Date(year, month, day, 23, 59, 59, 999e6, zone)
			if r := test.order.WithdrawalRight(end, place, nil); r.Closed != "" || r.Last.IsZero() == known {
				t.Errorf("in the last second: %+v", r)
			}
			if r := test.order.WithdrawalRight(end.Add(time.Millisecond), place,
				nil); r.Closed != WithdrawalOver || !r.Last.Equal(last) {
				t.Errorf("after it: %+v", r)
			}
			within, late := test.order.InTime(end, place), test.order.InTime(end.Add(time.Millisecond), place)
			if within == nil || !*within || known && (late == nil || *late) || !known && late != nil {
				t.Errorf("in time %v, and after it %v", within, late)
			}
		})
	}
}

func TestWithdrawalRights(t *testing.T) {
	t.Parallel()
	now := at(t, "2026-03-10T10:00:00Z")
	change := func(alter func(*Order)) Order {
		o := shipped(t, Delivered, "2026-03-05T10:00:00Z")
		alter(&o)
		return o
	}
	mark := func(whole bool) []ReceivedWithdrawal {
		return []ReceivedWithdrawal{{ID: "1", At: now, Whole: whole, Own: true}}
	}
	tests := []struct {
		name     string
		order    Order
		received []ReceivedWithdrawal
		closed   string
		inTime   bool // false if unknown
	}{
		{"open", change(func(*Order) {}), nil, "", true},
		{"a VAT ID", change(func(o *Order) { o.VATID = "SK2022273990" }), nil, WithdrawalBusiness, false},
		{"the feed says so", change(func(o *Order) { o.Business = true }), nil, WithdrawalBusiness, false},
		{"cancelled", change(func(o *Order) { o.Status.State = StateCancelled }), nil,
			WithdrawalCancelled, true},
		{"one line is an exception", change(func(o *Order) {
			o.Lines = append(o.Lines,
				Line{Name: "Ring", Withdrawal: "custom_made"})
		}), nil, "", true},
		{"every line is", change(func(o *Order) { o.Lines[0].Withdrawal = "sealed" }), nil,
			WithdrawalExcluded, true},
		{"without lines", change(func(o *Order) { o.Lines = nil }), nil, "", true},
		{"withdrawn from in part", change(func(*Order) {}), mark(false), "", true},
		{"withdrawn from", change(func(*Order) {}), mark(true), WithdrawalReceived, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := test.order.WithdrawalRight(now, Place{Zone: time.UTC}, test.received)
			if r.Closed != test.closed || r.Accepts() != (test.closed == "") ||
				r.Last.Format("2006-01-02") != "2026-03-19" {
				t.Errorf("%+v", r)
			}
			if within := test.order.InTime(now, Place{Zone: time.UTC}); (within != nil) != test.inTime ||
				within != nil && !*within {
				t.Errorf("in time: %v", within)
			}
		})
	}
}
