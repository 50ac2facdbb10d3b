package order

import (
	"slices"
	"time"

	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// Outcome is the effect of a delivery from a feed.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged" // the same content was already stored
	Stale     Outcome = "stale"     // newer content was already stored; nothing changed
)

// Receipt is the result of a delivery from a feed.
type Receipt struct {
	Outcome         Outcome
	Customer        string                // Postern's id of the owner; "" for an order whose customer was erased
	LinkedBy        LinkedBy              // for an order: the reason for its owner
	StoredUpdatedAt time.Time             // of the stored content
	Warnings        []validate.FieldError // values that were rounded, cleaned or dropped; at most 101

	Overridden time.Time // date of the newer content that a forced delivery replaced
}

// Digest returns a hash of the content as sent by the feed.
func (o Order) Digest() (string, error) { return storage.Digest(&o) }

// Compare compares a delivery with the stored order.
func (s *Stored) Compare(o Order, customer, digest string) Outcome {
	switch {
	case o.UpdatedAt.Before(s.UpdatedAt):
		return Stale
	case s.Digest == digest && s.Customer == customer && slices.Equal(s.Views, o.Status.views()):
		return Unchanged
	}
	return Updated
}

// Arrival holds the details of a delivery that are not part of the order.
type Arrival struct {
	Customer, Digest string
	MergedFrom       string // see Stored
	At               time.Time
	First            bool
	Greet            bool     // the shop sends an email on a customer's first order
	Emails           []string // the kinds of emails about orders that the shop sends
	History          bool     // an import, or content that was forced in: no news of the order
}

// Take replaces the stored order with o, keeps the changes noticed so far, and returns the months whose
// counts change.
func (s *Stored) Take(o Order, place Place, by Arrival) []CustomerMonth {
	before, beforeCustomer := s.Order, s.Customer
	if len(o.Events) == 0 && !by.First {
		o.Events = noticed(before, o, by.At)
	}
	o.Status.Pickup, o.Status.Split = o.isPickup(), o.isSplit()
	o.Status.Parcels, o.Status.Arrived = o.parcels()
	s.Order, s.Customer, s.Digest, s.MergedFrom = o, by.Customer, by.Digest, by.MergedFrom
	s.summarise(place)
	s.Views, s.Search = o.Status.views(), o.searchTerms()
	s.noteReturns(before, by)
	s.tell(before, beforeCustomer == "", by)
	if beforeCustomer == "" && by.Customer != "" && !slices.Contains(s.Told, EmailReceived) {
		s.greet(by)
	}
	if by.First {
		s.ArrivedAt = by.At
		return []CustomerMonth{MonthOf(by.Customer, o.PlacedAt, place.Zone)}
	}
	now := MonthOf(by.Customer, o.PlacedAt, place.Zone)
	then := MonthOf(beforeCustomer, before.PlacedAt, place.Zone)
	switch {
	case now != then:
		return []CustomerMonth{now, then}
	case o.counted().countsLike(before.counted()):
		return nil
	}
	return []CustomerMonth{now}
}

// noticed returns the changes noticed earlier and those between before and o, which are dated by their
// arrival. It keeps only as many as a feed may send, so that an order that changes back and forth for years
// does not grow without limit.
func noticed(before, o Order, at time.Time) []Event {
	events := slices.DeleteFunc(slices.Clone(before.Events), func(e Event) bool { return !e.Noticed })
	add := func(word, was, label string) {
		if word != was && word != Unknown {
			events = append(events, Event{Type: word, At: at, Label: label, Noticed: true})
		}
	}
	add(paymentEvent(o.Status.Payment), paymentEvent(before.Status.Payment), "")
	now, then := stateEvent(o.Status), stateEvent(before.Status)
	if now == reopened {
		add(now, then, "")
	}
	if now != StateCancelled {
		add(o.Status.Fulfillment, before.Status.Fulfillment, o.Status.Label)
	}
	if now != reopened {
		add(now, then, "")
	}
	return events[max(0, len(events)-maxParts):]
}

// reopened is the event of an order that was cancelled or completed and is open again.
const reopened = "reopened"

// stateEvent returns the event for the state of an order.
func stateEvent(s Status) string {
	switch {
	case s.Cancelled():
		return StateCancelled
	case s.State == StateCompleted:
		return StateCompleted
	}
	return reopened
}

// paymentEvent returns the event for a payment word, or Unknown while payment is pending.
func paymentEvent(word string) string {
	if word == PaymentPending || word == PaymentRequiresAction {
		return Unknown
	}
	return word
}

// KindFirstOrderEmail is the job of an order that may be its customer's first.
const KindFirstOrderEmail = "first_order_email"

// greet requests the email about a first order, if the shop has it enabled and the order is recent.
func (s *Stored) greet(by Arrival) {
	if by.Greet && by.At.Sub(s.PlacedAt) <= newsAge {
		s.Work.Add(job.Request{Kind: KindFirstOrderEmail, At: by.At})
	}
}
