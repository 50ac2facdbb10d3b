package order

import (
	"slices"
	"strings"
	"time"

	"postern/portal/validate"
)

// View is an order as shown on its page.
type View struct {
	Order
	Headline Headline
	Timeline []Step
	// ReturnSteps are the states that the returns have had, oldest first.
	ReturnSteps []ReturnStep
	// Withdrawal is nil in a shop without online withdrawal.
	Withdrawal *WithdrawalRight
}

// Step is one step of the timeline.
type Step struct {
	Key     string     // "step." plus the word; "step.other" for a feed's own word, which is in Label
	Label   string     // the shop's text, or ""
	At      *time.Time // nil if unknown or still to come
	Done    bool
	Current bool // the last step that is done
	Noticed bool // the feed gave no date; At is when the change arrived
}

// Timeline lists the steps with a date in order of time, then done steps without a date, then steps to
// come. A payment without a date comes directly after the placing of the order, when most payments are
// made. A fulfilment without a date comes before a completion.
func (o Order) Timeline() []Step {
	events := o.dated()
	var steps []Step
	for _, e := range events {
		steps = append(steps, e.step())
	}
	for _, word := range o.undated(events) {
		at := len(steps)
		switch {
		case word == PaymentPaid || word == PaymentAuthorized:
			at = 1
		case word == o.Status.told() && steps[at-1].Key == "step."+StateCompleted:
			at--
		case (word == Returned || word == PartiallyReturned || word == StateCancelled) && isRefund(steps[at-1].Key):
			at-- // the money comes after what it is for
		}
		steps = slices.Insert(steps, at, Step{Key: "step." + word, Done: true})
	}
	if n := len(steps); n > 0 {
		steps[n-1].Current = true
	}
	for _, word := range o.upcomingSteps(events) {
		steps = append(steps, Step{Key: "step." + word})
	}
	for i := range steps {
		steps[i].Key = o.StepKey(strings.TrimPrefix(steps[i].Key, "step."))
	}
	return steps
}

// isRefund reports whether a step gave money back.
func isRefund(key string) bool {
	return key == "step."+PaymentRefunded || key == "step."+PaymentPartiallyRefunded
}

// StepKey returns the message key of a word. A digital order is never "shipped", and what the customer
// collects is not "delivered".
func (o Order) StepKey(word string) string {
	switch {
	case o.IsDigital && slices.Contains([]string{PartiallyShipped, Shipped, OutForDelivery, ReadyForPickup}, word):
		return "step.digital"
	case o.Status.Pickup && word == Delivered:
		return "step." + collected
	}
	return "step." + word
}

// isPickup reports whether the customer collects all of the goods.
func (o Order) isPickup() bool {
	isSent := func(s Shipment) bool { return s.PickupPoint == "" }
	return !o.IsDigital && (o.Status.Fulfillment == ReadyForPickup || hasEvent(o.Events, ReadyForPickup) ||
		len(o.Shipments) > 0 && !slices.ContainsFunc(o.Shipments, isSent))
}

// PickupPlace returns where the goods wait for the customer and when that place is open, if there is one such
// place.
func (o Order) PickupPlace() (place, hours string) {
	if o.Status.Fulfillment != ReadyForPickup || o.Status.Cancelled() {
		return "", ""
	}
	for _, s := range o.Shipments {
		switch {
		case s.DeliveredAt != nil || s.PickupPoint == "" || s.PickupPoint == place:
		case place != "":
			return "", ""
		default:
			place, hours = s.PickupPoint, s.PickupHours
		}
	}
	return place, hours
}

// dated returns the events, including those implied by other dates of the order. Of several at the same
// moment, placing comes first and delivery last.
func (o Order) dated() []Event {
	var first, rest, last []Event
	for _, e := range o.Events {
		if e.Type == placed {
			first = append(first, e)
		} else {
			rest = append(rest, e)
		}
	}
	if len(first) == 0 {
		first = append(first, Event{Type: placed, At: o.PlacedAt})
	}
	first = append(first, o.moneyEvents(rest)...)
	if o.Status.ShippedAt != nil && !hasEvent(rest, Shipped) {
		first = append(first, Event{Type: Shipped, At: *o.Status.ShippedAt})
	}
	if o.Status.Fulfillment == Delivered && o.Status.DeliveredAt != nil && !hasEvent(rest, Delivered) {
		last = append(last, Event{Type: Delivered, At: *o.Status.DeliveredAt})
	}
	events := slices.Concat(first, rest, last)
	if o.Status.Fulfillment == Shipped && o.Status.told() == PartiallyShipped {
		for i := range events {
			if events[i].Type == Shipped {
				events[i].Type = PartiallyShipped
			}
		}
	}
	slices.SortStableFunc(events, func(a, b Event) int { return a.sortedAt().Compare(b.sortedAt()) })
	return events
}

// moneyEvents returns the events that the dates of payments and refunds imply, unless they are given.
func (o Order) moneyEvents(given []Event) []Event {
	var events []Event
	add := func(word string, at time.Time) {
		if !at.IsZero() && !hasEvent(given, word) {
			events = append(events, Event{Type: word, At: validate.Later(at, o.PlacedAt)})
		}
	}
	var paid, refunded time.Time
	for _, p := range o.Payments {
		if p.At != nil {
			paid = validate.Later(paid, *p.At)
		}
	}
	for _, r := range o.Refunds {
		if r.At != nil {
			refunded = validate.Later(refunded, *r.At)
		}
	}
	switch word := o.Status.Payment; word {
	case PaymentPaid:
		add(word, paid)
	case PaymentPartiallyRefunded, PaymentRefunded:
		add(PaymentPaid, paid)
		add(word, refunded)
	}
	return events
}

// placed is the type of an order's first event.
const placed = "placed"

// sortedAt returns the time by which an event is sorted. Systems that keep whole seconds may report a
// payment in the same second as the order, and it must not come first.
func (e Event) sortedAt() time.Time {
	if e.Type == placed {
		return e.At.Truncate(time.Second)
	}
	return e.At
}

func hasEvent(events []Event, word string) bool {
	return slices.ContainsFunc(events, func(e Event) bool { return e.Type == word })
}

func (e Event) step() Step {
	step := Step{Key: "step." + e.Type, Label: e.Label, At: &e.At, Done: true, Noticed: e.Noticed}
	if !slices.Contains(knownSteps(), e.Type) {
		step.Key = "step.other"
		if step.Label == "" {
			step.Label = e.Type
		}
	}
	return step
}

// knownSteps returns the words that the timeline has translations for.
func knownSteps() []string {
	steps := append([]string{placed, StateCompleted, reopened}, Payments()...)
	return slices.DeleteFunc(append(steps, Fulfillments()...),
		func(word string) bool { return word == Unknown })
}

// undated returns the words that currently apply but have no event.
func (o Order) undated(events []Event) []string {
	var words []string
	word := paymentEvent(o.Status.Payment)
	refunded := word == PaymentRefunded || word == PaymentPartiallyRefunded
	if word != Unknown && (refunded || !o.Status.Free) && !hasEvent(events, word) {
		words = append(words, word)
	}
	isOnTheWay := func(e Event) bool {
		return slices.Contains([]string{Shipped, PartiallyShipped, OutForDelivery, PartiallyDelivered}, e.Type)
	}
	if word = o.Status.told(); word == PartiallyDelivered && !slices.ContainsFunc(events, isOnTheWay) {
		words = append(words, Shipped)
	}
	switch {
	case o.Status.Cancelled():
		word = StateCancelled
	case o.Status.completed():
		word = StateCompleted
	}
	if word != Unknown && word != Unfulfilled && !hasEvent(events, word) {
		words = append(words, word)
	}
	return words
}

// upcomingSteps returns the steps that are still to come for this kind of order.
func (o Order) upcomingSteps(events []Event) []string {
	if o.Status.Cancelled() || o.Status.State == StateCompleted || o.Status.RefundedUnsent() {
		return nil
	}
	var words []string
	if o.Status.Unpaid() {
		words = append(words, PaymentPaid)
	}
	path := []string{Processing, Shipped, Delivered}
	switch {
	case o.IsDigital, o.Status.Fulfillment == Unknown:
		return words
	case o.Status.Fulfillment == ReadyForPickup || hasEvent(events, ReadyForPickup):
		path = []string{ReadyForPickup, Delivered}
	}
	reached := progress(o.Status.told())
	for _, word := range path {
		if progress(word) > reached {
			words = append(words, word)
		}
	}
	return words
}

// progress returns how far a word is on the way to delivery; words off that way count as past the end.
func progress(word string) int {
	switch word {
	case Unfulfilled, OnHold:
		return 0
	case Processing:
		return 1
	case ReadyForPickup, PartiallyShipped:
		return 2
	case Shipped, OutForDelivery, PartiallyDelivered:
		return 3
	}
	return 4
}
