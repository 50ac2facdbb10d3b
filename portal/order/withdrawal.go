package order

import (
	"encoding/json"
	"slices"
	"time"

	"postern/portal/holiday"
	"postern/portal/secret"
	"postern/portal/validate"
)

// linesVersionLength is the length of LinesVersion in characters.
const linesVersionLength = 12

// LinesVersion returns a short hash of the order's lines, which changes when they do.
func (o Order) LinesVersion() string {
	text, err := json.Marshal(o.Lines)
	if err != nil {
		return ""
	}
	return secret.Hash(string(text))[:linesVersionLength]
}

// Accepts reports whether a signed-in customer may send a statement about the order, including a late one.
func (r WithdrawalRight) Accepts() bool { return r.Closed == "" || r.Closed == WithdrawalOver }

// readException reads why a line is excluded from withdrawal, in any spelling of the known words.
// Unlike other unknown words, an unknown one is refused instead of dropped, because a misunderstanding
// could remove or grant a right.
func readException(f *validate.Validator, field, word string) string {
	key := validate.StatusKey(word)
	if validate.SaysNothing(key) {
		return ""
	}
	if !slices.Contains(WithdrawalExceptions(), key) {
		f.Reject(field, "withdrawal.exception")
		return ""
	}
	return key
}

// WithdrawalRight is the right of withdrawal for an order (Art. 9 to 16 of Directive 2011/83/EU), as shown
// on its page. It decides what the page offers and says, never whether a statement is accepted: the
// function of Art. 11a accepts all of them, and shop and consumer settle any dispute.
type WithdrawalRight struct {
	Closed   string    // why the page offers no withdrawal, one of the words below; "" if it does
	Last     time.Time // noon of the period's last day in the shop's time zone; zero until the delivery is known
	Received []ReceivedWithdrawal
	// RefundDue is noon of the last day for the refund after the first statement, zero if no refund is due.
	// RefundLate reports whether it has passed.
	RefundDue  time.Time
	RefundLate bool
}

// The reasons why an order's page offers no withdrawal.
const (
	// WithdrawalReceived: the signed-in customer withdrew from the whole contract. A stranger's statement
	// must not close anything.
	WithdrawalReceived  = "received"
	WithdrawalBusiness  = "business"  // the right is only for consumers (Art. 2(1))
	WithdrawalCancelled = "cancelled" // the contract no longer exists
	WithdrawalExcluded  = "excluded"  // every line is an exception under Art. 16
	WithdrawalOver      = "over"      // Last has passed
)

// WithdrawalExceptions lists the words with which a feed marks a line as an exception under Art. 16: made
// to the customer's specifications (c), unsealed and not suitable for return for health or hygiene reasons
// or as a copy of a work (e, i), perishable (d), digital content whose supply began with consent (m), and
// any other.
func WithdrawalExceptions() []string {
	return []string{"custom_made", "sealed", "perishable", "digital_started", "other"}
}

// ReceivedWithdrawal is a received statement that was matched to the order.
type ReceivedWithdrawal struct {
	ID    string    `bson:"id"`
	At    time.Time `bson:"at"`
	Whole bool      `bson:"whole,omitempty"` // from the whole contract, not parts of it
	Own   bool      `bson:"own,omitempty"`   // sent by the order's customer while signed in
}

// The lengths of the period. Art. 9(1) gives 14 days. Under Art. 10(1), a shop that did not inform the
// consumer of the right gives 12 months more. Under Art. 18(1), goods arrive within 30 days unless agreed
// otherwise.
const (
	withdrawalDays   = 14
	refundDays       = 14 // Art. 13(1)
	forgottenMonths  = 12
	longestDelivery  = 30 // days
	MaxReceivedMarks = 20
)

// Receive marks the order with a received statement.
func (s *Stored) Receive(w ReceivedWithdrawal, place Place) {
	s.Received = append(s.Received, w)
	s.summarise(place)
}

// owesRefund reports whether money is to be refunded after the statements, as far as the feed says.
func (o Order) owesRefund(received []ReceivedWithdrawal) bool {
	return len(received) > 0 && !o.Status.Unpaid() && (o.Refunded == nil || *o.Refunded == 0) &&
		o.Status.Payment != PaymentRefunded && o.Status.Payment != PaymentPartiallyRefunded
}

// business reports whether the customer is not a consumer: the feed says so, or the order has a VAT ID.
func (o Order) business() bool { return o.Business || o.VATID != "" }

// Place is where the shop is, which decides how its periods are counted.
type Place struct {
	Zone    *time.Location
	Country string // its public holidays end no period; "" if unknown
}

// WithdrawalRight returns the order's right of withdrawal at the given time.
func (o Order) WithdrawalRight(now time.Time, place Place,
	received []ReceivedWithdrawal) WithdrawalRight {
	r := WithdrawalRight{Received: received}
	last, known := o.withdrawalEnd(place)
	if known {
		r.Last = last
	}
	if o.owesRefund(received) {
		r.RefundDue = place.RefundDue(received[0].At)
		r.RefundLate = validate.Midday(now, place.Zone).After(r.RefundDue)
	}
	switch {
	case slices.ContainsFunc(received, func(w ReceivedWithdrawal) bool { return w.Whole && w.Own }):
		r.Closed = WithdrawalReceived
	case o.business():
		r.Closed = WithdrawalBusiness
	case o.Status.Cancelled():
		r.Closed = WithdrawalCancelled
	case o.HasGoods() && !slices.ContainsFunc(o.Items(), func(l Line) bool { return l.Withdrawal == "" }):
		r.Closed = WithdrawalExcluded
	case validate.Midday(now, place.Zone).After(last):
		r.Closed, r.Last = WithdrawalOver, last
	}
	return r
}

// InTime reports whether a statement sent at the given time is within the period. It is nil if the order
// has no period, or if the statement is after the latest possible end and the actual end is not known.
func (o Order) InTime(at time.Time, place Place) *bool {
	last, known := o.withdrawalEnd(place)
	within := !validate.Midday(at, place.Zone).After(last)
	if o.business() || !known && !within {
		return nil
	}
	return &within
}

// withdrawalEnd returns noon of the period's last day, and whether that day is known.
//
// The period runs from the day on which the last of the goods arrived (Art. 9(2)(b)); for digital content
// without a physical medium, from the contract (Art. 9(2)(c)). Until a delivery is known, the period has
// not begun as far as the portal can tell, so it is treated as open, the worst case for the shop. It then
// ends on the latest day that the law allows for an order delivered as required by Art. 18(1): 30 days for
// the delivery, the 14 days, and the 12 months of Art. 10(1). Otherwise a feed that never reports
// deliveries would leave every order open forever.
func (o Order) withdrawalEnd(place Place) (last time.Time, known bool) {
	if begin := o.DeliveredAt(); begin != nil {
		return place.daysAfter(validate.Later(*begin, o.PlacedAt), withdrawalDays), true
	}
	return place.workday(validate.Midday(o.PlacedAt, place.Zone).AddDate(0, forgottenMonths,
		longestDelivery+withdrawalDays)), false
}

// RefundDue returns noon of the last day for the refund after a withdrawal that was received at the given
// time (Art. 13(1)). The shop may wait until it has the goods or a proof that they were sent (Art. 13(3)).
func (p Place) RefundDue(received time.Time) time.Time { return p.daysAfter(received, refundDays) }

// daysAfter returns noon of the last day of a period that an event began. The day of the event does not count
// (Art. 3(1) of Regulation 1182/71, which Recital 41 of the directive refers to).
func (p Place) daysAfter(event time.Time, days int) time.Time {
	return p.workday(validate.Midday(event, p.Zone).AddDate(0, 0, days))
}

// MonthsAfter returns noon of the day that ends a period of months: the day with the same date, or the
// month's last day if it has no such day (Art. 3(2)(c) of Regulation 1182/71).
func MonthsAfter(event time.Time, months int64, zone *time.Location) time.Time {
	return validate.MonthsBefore(validate.Midday(event, zone), -int(months))
}

// DeliveredAt returns when the last of the goods arrived, or when a digital order was placed; nil if unknown.
func (o Order) DeliveredAt() *time.Time {
	at, known := o.PlacedAt, true
	if !o.IsDigital {
		at, known = o.lastDelivery()
	}
	if !known {
		return nil
	}
	return &at
}

// lastDelivery returns when the last of the goods arrived. This is known if nothing is still to come and
// every shipment has a date. Otherwise an event may give the date: if there are no shipments, or if some
// have no date and the order as a whole has been delivered. An event about one shipment says nothing about
// the others (Art. 9(2)(b)).
func (o Order) lastDelivery() (at time.Time, known bool) {
	if !slices.Contains([]string{Shipped, OutForDelivery, Delivered, DeliveryFailed, PartiallyReturned,
		Returned, Unknown}, o.Status.Fulfillment) {
		return at, false
	}
	undated := false
	for _, s := range o.Shipments {
		if s.DeliveredAt == nil {
			undated = true
			continue
		}
		at = validate.Later(at, *s.DeliveredAt)
	}
	if len(o.Shipments) > 0 && !undated {
		return at, true
	}
	if undated && o.Status.Fulfillment != Delivered && o.Status.Fulfillment != Returned {
		return at, false
	}
	return o.deliveredEvent(at)
}

// deliveredEvent returns the delivery time from the events, or dated, the latest date of a shipment, if
// that is later. A noticed event is a status change of the whole order, so the delivery took place before
// it. An event sent by the feed may concern the very shipment that has the date; only a later one covers
// the shipments without a date.
func (o Order) deliveredEvent(dated time.Time) (at time.Time, known bool) {
	at = dated
	for _, e := range o.Events {
		if e.Type == Delivered && (e.Noticed || e.At.After(dated)) {
			known, at = true, validate.Later(at, e.At)
		}
	}
	return at, known
}

// workday moves the last day of a period to the next day that is neither a Saturday, a Sunday nor a public
// holiday (Art. 3(4) of Regulation 1182/71). Where the holidays are not known, a statement that seems late
// may be in time: one more reason to accept it.
func (p Place) workday(last time.Time) time.Time {
	for last.Weekday() == time.Saturday || last.Weekday() == time.Sunday || holiday.Is(last, p.Country) {
		last = last.AddDate(0, 0, 1)
	}
	return last
}
