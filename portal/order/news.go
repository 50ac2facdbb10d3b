package order

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/portal/job"
)

// The kinds of emails about an order. A shop sends only those that it has switched on.
const (
	EmailReceived  = "received"
	EmailPaid      = "paid"
	EmailShipped   = "shipped"
	EmailPickup    = "pickup"
	EmailDelivered = "delivered"
	EmailCancelled = "cancelled"
	EmailRefunded  = "refunded"
	EmailReturn    = "return"
)

// EmailKinds lists the kinds in the order of an order's life.
func EmailKinds() []string {
	return []string{EmailReceived, EmailPaid, EmailShipped, EmailPickup, EmailDelivered, EmailCancelled,
		EmailRefunded, EmailReturn}
}

// KindOrderEmail is the job of an email about an order. Its argument EmailEvent is the event to tell of.
const (
	KindOrderEmail = "order_email"
	EmailEvent     = "event"
)

const (
	// newsAge is the maximum age of what an email tells of: older orders and changes are part of a history.
	newsAge = 48 * time.Hour
	maxTold = 300 // events of one order that were emailed
	// ShippedPart is the event of an order of which only a part has left the shop.
	ShippedPart = EmailShipped + "/part"
)

// EventKind returns the kind of email for an event: its first part. What can happen several times to an
// order has more parts: "refunded/1250", "return/R-7/label", "shipped/part".
func EventKind(event string) string {
	kind, _, _ := strings.Cut(event, "/")
	return kind
}

func returnEvent(number, state string) string { return EmailReturn + "/" + number + "/" + state }

// EventReturn returns the number and the state of the return that an event is about.
func EventReturn(event string) (number, state string) {
	rest, found := strings.CutPrefix(event, EmailReturn+"/")
	at := strings.LastIndex(rest, "/")
	if !found || at < 0 {
		return "", ""
	}
	return rest[:at], rest[at+1:]
}

// tell requests the emails about what a delivery has changed. Each event is emailed once, whatever a feed
// repeats or takes back. first means that the customer had no such order before: only the last thing that
// happened is told then.
func (s *Stored) tell(before Order, first bool, by Arrival) {
	recent := by.At.Sub(s.UpdatedAt) <= newsAge && (!first || by.At.Sub(s.PlacedAt) <= newsAge)
	if by.Customer == "" || by.History || !recent || len(by.Emails) == 0 {
		return
	}
	var was []string
	if !first {
		was = before.reached()
	}
	isNew := func(event string) bool {
		return slices.Contains(by.Emails, EventKind(event)) && !slices.Contains(s.Told, event) &&
			!slices.Contains(was, event)
	}
	events := s.returnNews(before, first, isNew)
	if event := s.mainNews(isNew); event != "" && !s.toldByReturn(event, events) && s.moreRefunded(event,
		before) {
		events = append(events, event)
	}
	for _, event := range events[:min(len(events), maxTold-min(len(s.Told), maxTold))] {
		s.Told = append(s.Told, event)
		s.Work.Add(job.Request{Kind: KindOrderEmail, Args: job.Args{EmailEvent: event}, At: by.At})
	}
}

// reached lists the events that an order has reached, including those that lie behind its present status.
func (o Order) reached() []string {
	s := o.Status
	reached := []string{EmailReceived}
	switch s.Payment {
	case PaymentPaid, PaymentPartiallyRefunded, PaymentRefunded, PaymentDisputed:
		reached = append(reached, EmailPaid)
	}
	switch o.progress() {
	case EmailDelivered:
		reached = append(reached, ShippedPart, EmailShipped, EmailPickup, EmailDelivered)
	case EmailShipped:
		reached = append(reached, ShippedPart, EmailShipped)
	case ShippedPart, EmailPickup:
		reached = append(reached, o.progress())
	}
	if s.Cancelled() {
		reached = append(reached, EmailCancelled)
	}
	if event := o.refundEvent(); event != "" {
		reached = append(reached, event)
	}
	return reached
}

// progress returns the event for how far the goods are. A digital order is never shipped.
func (o Order) progress() string {
	switch o.Status.Fulfillment {
	case Delivered, PartiallyReturned, Returned:
		return EmailDelivered
	case Shipped, OutForDelivery, PartiallyDelivered, DeliveryFailed:
		if o.IsDigital {
			return EmailDelivered
		}
		return EmailShipped
	case PartiallyShipped:
		return ShippedPart
	case ReadyForPickup:
		return EmailPickup
	}
	return EmailReceived
}

// refundEvent returns the event of the money refunded so far, or "".
func (o Order) refundEvent() string {
	switch refunded := o.RefundedTotal(); {
	case refunded > 0:
		return EmailRefunded + "/" + strconv.FormatInt(refunded, 10)
	case o.Status.Payment == PaymentRefunded:
		return EmailRefunded + "/all"
	case o.Status.Payment == PaymentPartiallyRefunded:
		return EmailRefunded + "/part"
	}
	return ""
}

// RefundedTotal returns how much the shop has refunded, as far as the feed says, in minor units.
func (o Order) RefundedTotal() int64 {
	if o.Refunded != nil {
		return *o.Refunded
	}
	var sum int64
	for _, r := range o.Refunds {
		sum += r.Amount
	}
	return sum
}

// mainNews returns the most important new event apart from returns, or "". One email tells the rest too:
// that of a cancelled order says what happens to the money, that of an arrived order needs no earlier one.
func (o Order) mainNews(isNew func(string) bool) string {
	candidates := []string{EmailCancelled, o.refundEvent()}
	if !o.Status.Cancelled() && !o.Status.RefundedUnsent() {
		progress := o.progress()
		if progress != EmailReceived || o.Status.State == StateOpen {
			candidates = append(candidates, progress)
		}
		if !o.Status.Free && o.Status.Payment == PaymentPaid {
			candidates = append(candidates, EmailPaid)
		}
	}
	for _, event := range candidates {
		if event != "" && o.Tells(event) && isNew(event) {
			return event
		}
	}
	return ""
}

// Tells reports whether an event still describes the order: it is not emailed once the order has gone on.
func (o Order) Tells(event string) bool {
	if number, state := EventReturn(event); number != "" {
		return slices.ContainsFunc(o.Returns, func(r Return) bool { return r.Number == number && r.State == state })
	}
	switch cancelled := o.Status.Cancelled(); EventKind(event) {
	case EmailCancelled:
		return cancelled
	case EmailRefunded:
		return o.refundEvent() == event
	case EmailPaid:
		return !cancelled && slices.Contains(o.reached(), event)
	case EmailReceived:
		return !cancelled && o.progress() != EmailDelivered
	default:
		return !cancelled && o.progress() == event
	}
}

// toldByReturn reports whether a refund is the money of a return that is told of at the same time.
func (o Order) toldByReturn(event string, events []string) bool {
	return EventKind(event) == EmailRefunded && slices.ContainsFunc(events, func(e string) bool {
		_, state := EventReturn(e)
		return state == ReturnRefunded
	})
}

// moreRefunded reports, for a refund, whether the shop has refunded more than before: an amount that is only
// given later, or corrected downwards, is no news.
func (o Order) moreRefunded(event string, before Order) bool {
	if EventKind(event) != EmailRefunded {
		return true
	}
	was, sum := before.refundEvent(), before.RefundedTotal()
	return was == "" || sum > 0 && o.RefundedTotal() > sum ||
		was == EmailRefunded+"/part" && o.Status.Payment == PaymentRefunded
}

// returnNews lists the returns whose state is new. The customer's own request is confirmed when it is sent.
func (s *Stored) returnNews(before Order, first bool, isNew func(string) bool) []string {
	var events []string
	for _, r := range s.Returns {
		own := r.Request != "" && r.State == ReturnRequested
		event := returnEvent(r.Number, r.State)
		if first || own || before.returnState(r.Number) == r.State || !isNew(event) ||
			r.UpdatedAt != nil && s.UpdatedAt.Sub(*r.UpdatedAt) > newsAge {
			continue
		}
		events = append(events, event)
	}
	return events
}

// returnState returns the state of a return, or "" if the order has none with this number.
func (o Order) returnState(number string) string {
	for _, r := range o.Returns {
		if r.Number == number {
			return r.State
		}
	}
	return ""
}

// ReturnStep is a state that a return has had.
type ReturnStep struct {
	Number string    `bson:"number"`
	State  string    `bson:"state"`
	At     time.Time `bson:"at"`
}

const maxReturnSteps = 500

// noteReturns keeps the states that the returns reach, for their timelines. A feed sends only the present
// one.
func (s *Stored) noteReturns(before Order, by Arrival) {
	for _, r := range s.Returns {
		if before.returnState(r.Number) == r.State || len(s.ReturnSteps) >= maxReturnSteps {
			continue
		}
		step := ReturnStep{Number: r.Number, State: r.State, At: by.At}
		switch {
		case r.UpdatedAt != nil:
			step.At = *r.UpdatedAt
		case by.First: // nobody knows when
			continue
		}
		s.ReturnSteps = append(s.ReturnSteps, step)
	}
}
