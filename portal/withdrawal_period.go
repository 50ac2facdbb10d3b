package portal

import (
	"slices"
	"time"
)

// WithdrawalRight is how an order stands to the right of withdrawal (Art. 9 to 16 of Directive 2011/83/EU),
// as its page tells it. It decides what is offered and said, never whether a statement is received: the
// function of Art. 11a takes every one, and who is right is settled between shop and consumer.
type WithdrawalRight struct {
	Closed   string    // why the page offers no withdrawal, one of the words below; "" while it does
	Last     time.Time // noon of the period's last day in the shop's time zone; zero while the delivery is not known
	Received []ReceivedWithdrawal
}

// Why an order's page offers no withdrawal.
const (
	WithdrawalReceived  = "received"  // from the whole contract, from the signed-in customer: a stranger's must close nothing
	WithdrawalBusiness  = "business"  // the right is a consumer's (Art. 2(1))
	WithdrawalCancelled = "cancelled" // there is no contract any more
	WithdrawalExcluded  = "excluded"  // every line is an exception of Art. 16
	WithdrawalOver      = "over"      // Last is past
)

// WithdrawalExceptions are the words by which a feed says that a line is an exception of Art. 16: made to
// the customer's wish (c), unsealed and not fit for return for health or hygiene or as a copy of a work (e,
// i), perishable (d), digital content whose supply began with consent (m), and any other.
func WithdrawalExceptions() []string {
	return []string{"custom_made", "sealed", "perishable", "digital_started", "other"}
}

// ReceivedWithdrawal is a statement that was received and matched to the order.
type ReceivedWithdrawal struct {
	ID    string    `bson:"id"`
	At    time.Time `bson:"at"`
	Whole bool      `bson:"whole,omitempty"` // from the whole contract, not from parts of it
	Own   bool      `bson:"own,omitempty"`   // sent by the order's customer, signed in
}

// The lengths of the period. Art. 9(1) gives 14 days. By Art. 10(1) a shop that did not inform of the right
// gives 12 months more, and by Art. 18(1) goods come within 30 days unless agreed otherwise.
const (
	withdrawalDays   = 14
	forgottenMonths  = 12
	longestDelivery  = 30 // days
	maxReceivedMarks = 20
)

// business reports whether the order was not a consumer's: the feed says so, or it stands under a VAT ID.
func (o Order) business() bool { return o.Business || o.VATID != "" }

// withdrawalRight is how the order stands at a moment, in the shop's time zone.
func (o Order) withdrawalRight(now time.Time, zone *time.Location, received []ReceivedWithdrawal) WithdrawalRight {
	r := WithdrawalRight{Received: received}
	last, known := o.withdrawalEnd(zone)
	if known {
		r.Last = last
	}
	switch {
	case slices.ContainsFunc(received, func(w ReceivedWithdrawal) bool { return w.Whole && w.Own }):
		r.Closed = WithdrawalReceived
	case o.business():
		r.Closed = WithdrawalBusiness
	case o.Status.Cancelled():
		r.Closed = WithdrawalCancelled
	case o.HasGoods() && !slices.ContainsFunc(o.Lines, func(l Line) bool { return l.IsGoods() && l.Withdrawal == "" }):
		r.Closed = WithdrawalExcluded
	case midday(now, zone).After(last):
		r.Closed, r.Last = WithdrawalOver, last
	}
	return r
}

// inTime reports whether a statement of that moment is within the period; nil where the order has none, or
// where its end is only the last that it could possibly be.
func (o Order) inTime(at time.Time, zone *time.Location) *bool {
	last, known := o.withdrawalEnd(zone)
	within := !midday(at, zone).After(last)
	if o.business() || !known && !within {
		return nil
	}
	return &within
}

// withdrawalEnd is noon of the period's last day, whether known or not.
//
// The period runs from the day on which the last of the goods came (Art. 9(2)(b)); for what is delivered
// without a carrier of data, from the contract (Art. 9(2)(c)). While no delivery is known it cannot have
// begun as far as the portal can tell, so it is open, which is the worst case for the shop. It ends with
// the latest day that the law could give an order delivered as Art. 18(1) wants it: 30 days for the
// delivery, the 14 days, and the 12 months of Art. 10(1). A feed that never tells of deliveries would else
// leave every order open for good.
func (o Order) withdrawalEnd(zone *time.Location) (last time.Time, known bool) {
	if o.IsDigital {
		return workday(midday(o.PlacedAt, zone).AddDate(0, 0, withdrawalDays)), true
	}
	if begin, known := o.lastDelivery(); known {
		if begin.Before(o.PlacedAt) {
			begin = o.PlacedAt
		}
		return workday(midday(begin, zone).AddDate(0, 0, withdrawalDays)), true
	}
	return workday(midday(o.PlacedAt, zone).AddDate(0, forgottenMonths, longestDelivery+withdrawalDays)), false
}

// lastDelivery is when the last of the goods came. It is known when nothing is still to come and each
// shipment has a date. Else events may tell it: where no shipment is named, or where one has no date and
// the order as a whole is said to have come. An event of one shipment says nothing of the others (Art.
// 9(2)(b)).
func (o Order) lastDelivery() (at time.Time, known bool) {
	if !slices.Contains([]string{Shipped, OutForDelivery, Delivered, DeliveryFailed, PartiallyReturned, Returned, Unknown}, o.Status.Fulfillment) {
		return at, false
	}
	undated := false
	for _, s := range o.Shipments {
		if s.DeliveredAt == nil {
			undated = true
			continue
		}
		at = later(at, *s.DeliveredAt)
	}
	if len(o.Shipments) > 0 && !undated {
		return at, true
	}
	if undated && o.Status.Fulfillment != Delivered && o.Status.Fulfillment != Returned {
		return at, false
	}
	return o.deliveredEvent(at)
}

// deliveredEvent is when the goods came as events tell it, or at the date of a shipment if that is later.
// What was noticed is the order's own change, so the delivery took place before it, never after. A feed's
// event may be of the very shipment that has the date; only a later one tells of those that have none.
func (o Order) deliveredEvent(dated time.Time) (at time.Time, known bool) {
	at = dated
	for _, e := range o.Events {
		if e.Type == Delivered && (e.Noticed || e.At.After(dated)) {
			known, at = true, later(at, e.At)
		}
	}
	return at, known
}

// workday moves a period's last day from a Saturday or Sunday to the Monday after (Art. 3(4) of Regulation
// 1182/71, which Recital 41 of the directive refers to; by its Art. 3(1) the day of the event itself does
// not count). Public holidays, which move it too, differ by country and are not known here: one more reason
// why a statement that seems late is received all the same.
func workday(last time.Time) time.Time {
	switch last.Weekday() {
	case time.Saturday:
		return last.AddDate(0, 0, 2)
	case time.Sunday:
		return last.AddDate(0, 0, 1)
	}
	return last
}
