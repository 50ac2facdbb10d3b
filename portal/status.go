package portal

import (
	"slices"
	"time"
)

// The words of the three status axes. A word of a feed that is none of them becomes unknown, and the feed's
// own words are kept beside it and shown.
const (
	StateOpen      = "open"
	StateCompleted = "completed"
	StateCancelled = "cancelled"

	PaymentPending           = "pending"
	PaymentRequiresAction    = "requires_action"
	PaymentAuthorized        = "authorized"
	PaymentPartiallyPaid     = "partially_paid"
	PaymentPaid              = "paid"
	PaymentPartiallyRefunded = "partially_refunded"
	PaymentRefunded          = "refunded"
	PaymentVoided            = "voided"
	PaymentFailed            = "failed"
	PaymentDisputed          = "disputed"

	Unfulfilled        = "unfulfilled"
	OnHold             = "on_hold"
	Processing         = "processing"
	ReadyForPickup     = "ready_for_pickup"
	PartiallyShipped   = "partially_shipped"
	Shipped            = "shipped"
	OutForDelivery     = "out_for_delivery"
	PartiallyDelivered = "partially_delivered"
	Delivered          = "delivered"
	DeliveryFailed     = "delivery_failed"
	PartiallyReturned  = "partially_returned"
	Returned           = "returned"
	FulfillmentStopped = "cancelled"

	Unknown = "unknown"

	// PaymentByCOD is the payment kind "cash on delivery": the carrier is paid, so nothing is to be done
	// before.
	PaymentByCOD = "cod"
)

// States, Payments, Fulfillments and PaymentKinds are the words a feed may use.
func States() []string { return []string{StateOpen, StateCompleted, StateCancelled} }

// Payments are the words of the payment axis.
func Payments() []string {
	return []string{PaymentPending, PaymentRequiresAction, PaymentAuthorized, PaymentPartiallyPaid, PaymentPaid,
		PaymentPartiallyRefunded, PaymentRefunded, PaymentVoided, PaymentFailed, PaymentDisputed, Unknown}
}

// Fulfillments are the words of the fulfilment axis.
func Fulfillments() []string {
	return []string{Unfulfilled, OnHold, Processing, ReadyForPickup, PartiallyShipped, Shipped, OutForDelivery,
		PartiallyDelivered, Delivered, DeliveryFailed, PartiallyReturned, Returned, FulfillmentStopped, Unknown}
}

// PaymentKinds are the ways of paying that make a difference to what the shopper must do.
func PaymentKinds() []string { return []string{"card", "transfer", PaymentByCOD, "invoice", "other"} }

// Status is where an order stands: the three axes, and what else its one sentence needs.
type Status struct {
	State       string `bson:"state"`
	Payment     string `bson:"payment"`
	Fulfillment string `bson:"fulfillment"`
	// Source is the feed's own words for what it sent, Label the shop's words for people, each "" when not
	// given.
	Source       string     `bson:"source,omitempty"`
	Label        string     `bson:"label,omitempty"`
	PaymentKind  string     `bson:"payment_kind,omitempty"`
	Free         bool       `bson:"free,omitempty" json:",omitempty"` // there is nothing to pay: the total is not above zero
	Carrier      string     `bson:"carrier,omitempty"`
	ShippedAt    *time.Time `bson:"shipped_at,omitempty"`
	DeliveredAt  *time.Time `bson:"delivered_at,omitempty"`
	ExpectedFrom *time.Time `bson:"expected_from,omitempty"`
	ExpectedTo   *time.Time `bson:"expected_to,omitempty"`
}

// The views of the order list; an order may be in several.
const (
	ViewOpen      = "open"
	ViewDelivered = "delivered"
	ViewCancelled = "cancelled"
	ViewUnpaid    = "unpaid"
)

// Views lists the status filters of the order list.
func Views() []string { return []string{ViewOpen, ViewDelivered, ViewCancelled, ViewUnpaid} }

// Cancelled reports whether nothing more comes of the order.
func (s Status) Cancelled() bool {
	return s.State == StateCancelled || s.Fulfillment == FulfillmentStopped
}

// Unpaid reports whether the shopper still has to pay the shop.
func (s Status) Unpaid() bool {
	return !s.Cancelled() && !s.Free && s.PaymentKind != PaymentByCOD && s.Fulfillment != Returned && slices.Contains(
		[]string{PaymentPending, PaymentRequiresAction, PaymentPartiallyPaid, PaymentFailed}, s.Payment)
}

// sent reports whether any of the goods are said to have left the shop.
func (s Status) sent() bool {
	return slices.Contains([]string{PartiallyShipped, Shipped, OutForDelivery, PartiallyDelivered, Delivered, DeliveryFailed,
		PartiallyReturned, Returned}, s.Fulfillment)
}

// RefundedUnsent reports whether all the money went back and nothing is said to have been shipped: nothing
// more comes of it, though the shop calls it neither cancelled nor returned.
func (s Status) RefundedUnsent() bool {
	return s.Payment == PaymentRefunded && !s.sent() && !s.Cancelled()
}

// completed reports whether the order is over and how far its goods are tells nothing newer: a shop that
// closes an order rarely goes back to mark what was in preparation.
func (s Status) completed() bool {
	return s.State == StateCompleted && !s.sent() && !s.Cancelled()
}

// views are the filters an order is found under. A completed order whose goods the feed calls on their way
// counts as open: "shipped" means handed over, not arrived. Any other is delivered once completed: many
// feeds never say more. What went back as a whole is in none.
func (s Status) views() []string {
	var views []string
	switch {
	case s.Cancelled() || s.RefundedUnsent() || s.Fulfillment == DeliveryFailed && s.Payment == PaymentRefunded:
		views = append(views, ViewCancelled)
	case s.Fulfillment == Delivered || s.Fulfillment == PartiallyReturned || s.completed():
		views = append(views, ViewDelivered)
	case s.Fulfillment != Returned:
		views = append(views, ViewOpen)
	}
	if s.Unpaid() {
		views = append(views, ViewUnpaid)
	}
	return views
}

// Tone is the colour of a status, never its only sign.
type Tone string

// The tones.
const (
	Waiting Tone = "waiting" // for the shopper or the shop
	Moving  Tone = "moving"
	Done    Tone = "done"
	Stopped Tone = "stopped" // went wrong, or ended
	Neutral Tone = "neutral"
)

// Headline is the one sentence that says what is happening: a message key under "headline.", and a second
// one on paying, "" when there is nothing to say.
type Headline struct {
	Key     string
	Payment string
	Tone    Tone
}

// Headline picks the sentence. What the shopper must do comes before what the shop does.
func (s Status) Headline() Headline {
	key := s.sentence()
	h := Headline{Key: "headline." + key + s.detail(key), Tone: s.tone(key)}
	if key := s.paymentSentence(key); key != "" {
		h.Payment = "headline.payment." + key
	}
	if s.Unpaid() {
		h.Tone = Waiting
	}
	return h
}

// The sentences that are not a word of the fulfilment axis.
const (
	sentenceLabel    = "label"    // the shop's words for people
	sentenceSource   = "source"   // the source's own words
	sentenceReceived = "received" // promises nothing while the money is not settled
	sentenceHeld     = "on_hold.unpaid"
	sentenceClosed   = "ended." // and a word: over, with goods that were only seen leaving
)

// sentence is the key of the one sentence. The shop's words for people come before any guess of ours, and
// the source's own before saying that nothing is known.
func (s Status) sentence() string {
	unsettled := s.Unpaid() && s.PaymentKind != "invoice" || !s.Free && (s.Payment == PaymentVoided || s.Payment == PaymentDisputed)
	switch {
	case s.Cancelled():
		return StateCancelled
	case s.Fulfillment == Unknown && s.Label != "":
		return sentenceLabel
	case s.RefundedUnsent():
		return PaymentRefunded
	case s.completed():
		return StateCompleted
	case s.ended():
		return sentenceClosed + s.Fulfillment
	case s.Fulfillment == Unknown && s.OwnWords() != "":
		return sentenceSource
	case (s.Fulfillment == Unfulfilled || s.Fulfillment == Unknown) && unsettled:
		return sentenceReceived
	case s.Fulfillment == OnHold && s.Unpaid():
		return sentenceHeld
	}
	return s.Fulfillment
}

// ended reports whether an order is over whose goods were only seen on their way, so that no more is to be
// promised of them. "Shipped" still means that they come, though all money went back.
func (s Status) ended() bool {
	switch s.Fulfillment {
	case PartiallyShipped, PartiallyDelivered, DeliveryFailed:
		return s.State == StateCompleted || s.Payment == PaymentRefunded
	}
	return s.State == StateCompleted && s.Fulfillment == Shipped
}

func (s Status) tone(key string) Tone {
	switch key {
	case StateCancelled, DeliveryFailed, sentenceClosed + DeliveryFailed:
		return Stopped
	case Delivered, StateCompleted, sentenceClosed + Shipped:
		return Done
	case ReadyForPickup, OnHold:
		return Waiting
	case PartiallyShipped, Shipped, OutForDelivery, PartiallyDelivered, Processing:
		return Moving
	case sentenceLabel:
		if s.State == StateCompleted {
			return Done
		}
	}
	return Neutral
}

// detail is the ending of a key for a sentence that can name more: ".by" the carrier, ".on" a date,
// ".by_on" both.
func (s Status) detail(key string) string {
	switch {
	case key == Delivered && s.DeliveredAt != nil:
		return ".on"
	case key == sentenceClosed+Shipped && s.Carrier != "":
		return ".by"
	case key != Shipped && key != OutForDelivery:
		return ""
	case s.Carrier != "" && s.ExpectedTo != nil && key == Shipped:
		return ".by_on"
	case s.Carrier != "":
		return ".by"
	case s.ExpectedTo != nil && key == Shipped:
		return ".on"
	}
	return ""
}

// paymentSentence is the word of the payment axis when it has something to say beside the sentence of that
// key.
func (s Status) paymentSentence(key string) string {
	refunded := s.Payment == PaymentRefunded || s.Payment == PaymentPartiallyRefunded
	waiting := !s.sent() && s.State == StateOpen
	switch {
	case key == PaymentRefunded, s.Free && !refunded:
		return ""
	case s.Cancelled():
		return s.cancelledPayment()
	case refunded, s.Payment == PaymentDisputed:
		return s.Payment
	case s.PaymentKind == PaymentByCOD && slices.Contains(
		[]string{PaymentPending, PaymentRequiresAction, PaymentFailed, PaymentAuthorized, Unknown}, s.Payment):
		if s.Fulfillment == Delivered || s.Fulfillment == Returned || s.Fulfillment == PartiallyReturned || s.State == StateCompleted {
			return ""
		}
		return PaymentByCOD
	case s.Payment == PaymentPending && s.Unpaid() && (s.PaymentKind == "transfer" || s.PaymentKind == "invoice"):
		return s.PaymentKind
	case s.Unpaid(), s.Payment == PaymentPartiallyPaid && s.Fulfillment != Returned:
		return s.Payment
	case waiting && (s.Payment == PaymentVoided || s.Payment == PaymentAuthorized):
		return s.Payment
	case waiting && s.Payment == PaymentPaid && (s.Fulfillment == Unfulfilled || s.Fulfillment == Unknown):
		return s.Payment
	}
	return ""
}

// cancelledPayment is what a cancelled order says of money: whether what was paid has come back.
func (s Status) cancelledPayment() string {
	switch s.Payment {
	case PaymentRefunded, PaymentPartiallyRefunded:
		return s.Payment
	case PaymentPaid, PaymentPartiallyPaid:
		return "not_refunded"
	}
	return ""
}
