package order

import (
	"slices"
	"time"
)

// CancelMoney returns the word for what happens to the payment if the shop cancels the order.
func (s Status) CancelMoney() string {
	switch s.Payment {
	case PaymentPaid, PaymentPartiallyPaid, PaymentPartiallyRefunded, PaymentDisputed:
		return "paid"
	case PaymentAuthorized:
		return "authorized"
	case PaymentRefunded:
		return "refunded"
	case PaymentPending, PaymentRequiresAction, PaymentFailed, PaymentVoided:
		return "unpaid"
	}
	return "unknown"
}

// The words of the three status fields. A feed's word that is not among them becomes unknown; the feed's
// own word is kept as well and shown.
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

	// DigitalOrder marks an order without goods to send, DigitalReady one whose downloads are listed.
	DigitalOrder = "order"
	DigitalReady = "ready"

	paymentByCard     = "card"
	paymentByTransfer = "transfer"
	paymentByInvoice  = "invoice"
	// PaymentByCOD is the payment kind "cash on delivery": the customer pays the carrier, so no payment is
	// due before delivery.
	PaymentByCOD = "cod"
)

// States returns the words of the state field.
func States() []string { return []string{StateOpen, StateCompleted, StateCancelled} }

// Payments returns the words of the payment field.
func Payments() []string {
	return []string{PaymentPending, PaymentRequiresAction, PaymentAuthorized,
		PaymentPartiallyPaid, PaymentPaid,
		PaymentPartiallyRefunded, PaymentRefunded, PaymentVoided, PaymentFailed, PaymentDisputed, Unknown}
}

// Fulfillments returns the words of the fulfilment field.
func Fulfillments() []string {
	return []string{Unfulfilled, OnHold, Processing, ReadyForPickup, PartiallyShipped,
		Shipped, OutForDelivery,
		PartiallyDelivered, Delivered, DeliveryFailed, PartiallyReturned, Returned,
		FulfillmentStopped, Unknown}
}

// PaymentKinds returns the payment methods that affect what the customer must do.
func PaymentKinds() []string {
	return []string{paymentByCard, paymentByTransfer, PaymentByCOD, paymentByInvoice, "other"}
}

// Status is the status of an order: the three status fields, and the other details that its headline needs.
type Status struct {
	State       string `bson:"state"`
	Payment     string `bson:"payment"`
	Fulfillment string `bson:"fulfillment"`
	// Source is the feed's own status text, Label the shop's text for customers; "" if not given.
	Source      string `bson:"source,omitempty"`
	Label       string `bson:"label,omitempty"`
	PaymentKind string `bson:"payment_kind,omitempty"`
	Free        bool   `bson:"free,omitempty" json:",omitempty"`    // nothing to pay: the total is zero or negative
	Digital     string `bson:"digital,omitempty" json:",omitempty"` // DigitalOrder, DigitalReady, or "" for goods to send
	Pickup      bool   `bson:"pickup,omitempty" json:",omitempty"`  // the customer collects the goods
	Split       bool   `bson:"split,omitempty" json:",omitempty"`   // shipped, but some lines are still at the shop
	// Parcels and Arrived count the parcels if some arrived and others are on their way; else both are 0.
	Parcels      int        `bson:"parcels,omitempty" json:",omitempty"`
	Arrived      int        `bson:"arrived,omitempty" json:",omitempty"`
	Carrier      string     `bson:"carrier,omitempty"`
	ShippedAt    *time.Time `bson:"shipped_at,omitempty"`
	DeliveredAt  *time.Time `bson:"delivered_at,omitempty"`
	ExpectedFrom *time.Time `bson:"expected_from,omitempty"`
	ExpectedTo   *time.Time `bson:"expected_to,omitempty"`
}

// The views of the order list. An order may be in several.
const (
	ViewOpen      = "open"
	ViewDelivered = "delivered"
	ViewCancelled = "cancelled"
	ViewUnpaid    = "unpaid"
)

// Views lists the status filters of the order list.
func Views() []string { return []string{ViewOpen, ViewDelivered, ViewCancelled, ViewUnpaid} }

// Cancelled reports whether the order was cancelled.
func (s Status) Cancelled() bool {
	return s.State == StateCancelled || s.Fulfillment == FulfillmentStopped
}

// Unpaid reports whether the customer still has to pay the shop.
func (s Status) Unpaid() bool {
	return !s.Cancelled() && !s.Free && s.PaymentKind != PaymentByCOD && s.Fulfillment != Returned &&
		slices.Contains(
			[]string{PaymentPending, PaymentRequiresAction, PaymentPartiallyPaid, PaymentFailed}, s.Payment)
}

// sent reports whether any of the goods have left the shop, according to the fulfilment.
func (s Status) sent() bool {
	return slices.Contains([]string{PartiallyShipped, Shipped, OutForDelivery, PartiallyDelivered,
		Delivered, DeliveryFailed,
		PartiallyReturned, Returned}, s.Fulfillment)
}

// IsUnsent reports whether an open order is still wholly at the shop, so that it could be cancelled.
func (s Status) IsUnsent() bool {
	return s.State == StateOpen && !s.Cancelled() && !s.sent() && s.ShippedAt == nil && s.DeliveredAt == nil
}

// IsKept reports whether goods have left the shop of which none came back, as far as the status says.
func (s Status) IsKept() bool {
	return s.sent() && s.Fulfillment != PartiallyReturned && s.Fulfillment != Returned
}

// sentOnline reports whether a digital order was handed over. Shops say "shipped" of it as well.
func (s Status) sentOnline() bool {
	return s.Digital != "" && slices.Contains([]string{Shipped, OutForDelivery, Delivered}, s.Fulfillment)
}

// RefundedUnsent reports whether all the money was refunded and no goods were shipped, according to the
// feed. Such an order is over, though the shop reports it neither as cancelled nor as returned.
func (s Status) RefundedUnsent() bool {
	return s.Payment == PaymentRefunded && !s.sent() && !s.Cancelled()
}

// completed reports whether the order is complete and its fulfilment no longer matters: a shop that closes
// an order rarely goes back to update the progress of its preparation.
func (s Status) completed() bool {
	return s.State == StateCompleted && !s.sent() && !s.Cancelled()
}

// views returns the filters that an order is found under. A completed order whose goods are in transit
// according to the feed counts as open, because "shipped" does not mean delivered. Any other completed
// order counts as delivered, because many feeds never report more. A fully returned order is in no view.
func (s Status) views() []string {
	var views []string
	switch {
	case s.Cancelled() || s.RefundedUnsent() || s.Fulfillment == DeliveryFailed &&
		s.Payment == PaymentRefunded:
		views = append(views, ViewCancelled)
	case s.Fulfillment == Delivered || s.Fulfillment == PartiallyReturned || s.completed() || s.sentOnline():
		views = append(views, ViewDelivered)
	case s.Fulfillment != Returned:
		views = append(views, ViewOpen)
	}
	if s.Unpaid() {
		views = append(views, ViewUnpaid)
	}
	return views
}

// Tone is the colour of a status. The colour is never the only indication.
type Tone string

// The tones.
const (
	Waiting Tone = "waiting" // on the customer or the shop
	Moving  Tone = "moving"
	Done    Tone = "done"
	Stopped Tone = "stopped" // failed, or ended early
	Neutral Tone = "neutral"
)

// Headline is the sentence that describes the status: a message key under "headline.", and optionally a
// second key about the payment.
type Headline struct {
	Key          string
	Payment      string
	PaymentFirst bool // the payment matters more than what the shop does before it has the money
	Tone         Tone
}

// Headline chooses the sentence. An action required of the customer takes precedence over progress at the
// shop.
func (s Status) Headline() Headline {
	key := s.sentence()
	h := Headline{Key: "headline." + key + s.detail(key), Tone: s.tone(key)}
	if s.Pickup && key == Delivered {
		h.Key = "headline." + collected + s.detail(key)
	}
	if key := s.paymentSentence(key); key != "" {
		h.Payment = "headline.payment." + key
	}
	if s.Unpaid() {
		if h.Tone = Waiting; s.Payment == PaymentFailed {
			h.Tone = Stopped
		}
		h.PaymentFirst = h.Payment != "" && !s.sent() && s.PaymentKind != paymentByInvoice
	}
	return h
}

// The sentences that do not correspond to a fulfilment word.
const (
	sentenceLabel    = "label"    // the shop's status text
	sentenceSource   = "source"   // the feed's own words
	sentenceReceived = "received" // promises nothing while payment is outstanding
	sentenceHeld     = "on_hold.unpaid"
	sentenceDigital  = "digital."
	sentenceParcels  = "parcels"
	sentenceClosed   = "ended." // plus a fulfilment word, for an order for which ended is true
	collected        = "collected"
)

// sentence returns the key of the headline. The shop's status text takes precedence over anything derived,
// and the feed's own words over "unknown".
func (s Status) sentence() string {
	unsettled := s.Unpaid() && s.PaymentKind != paymentByInvoice || !s.Free &&
		(s.Payment == PaymentVoided || s.Payment == PaymentDisputed)
	switch {
	case s.Cancelled():
		return StateCancelled
	case s.Fulfillment == Unknown && s.Label != "":
		return sentenceLabel
	case s.RefundedUnsent():
		return PaymentRefunded
	case s.Digital != "" && s.digitalSentence(unsettled) != "":
		return s.digitalSentence(unsettled)
	case s.completed():
		return StateCompleted
	case s.ended():
		return sentenceClosed + s.Fulfillment
	case s.Arrived > 0 && s.isOnItsWay():
		return sentenceParcels
	case s.Fulfillment == Shipped && s.Split:
		return PartiallyShipped
	case s.Fulfillment == Unknown && s.OwnWords() != "":
		return sentenceSource
	case s.Fulfillment == Unfulfilled && unsettled, s.Fulfillment == Unknown && s.Payment != Unknown:
		return sentenceReceived
	case s.Fulfillment == OnHold && s.Unpaid():
		return sentenceHeld
	}
	return s.Fulfillment
}

// told returns the fulfilment as the sentence tells it: the parcels and lines may say more than the feed's
// word.
func (s Status) told() string {
	switch s.sentence() {
	case sentenceParcels:
		return PartiallyDelivered
	case PartiallyShipped:
		return PartiallyShipped
	}
	return s.Fulfillment
}

// digitalSentence returns the key for a digital order, which is never "shipped", or "" if other words fit
// too.
func (s Status) digitalSentence(unsettled bool) string {
	switch {
	case s.Fulfillment == OnHold || s.Fulfillment == Returned || s.Fulfillment == PartiallyReturned,
		s.Fulfillment == Unknown && s.OwnWords() != "" && s.State == StateOpen:
		return ""
	case unsettled && !s.sent() && !s.completed():
		return sentenceReceived
	case s.Digital == DigitalReady:
		return sentenceDigital + "ready"
	case s.sentOnline() || s.completed():
		return sentenceDigital + "sent"
	}
	return sentenceDigital + "waiting"
}

// ended reports whether an order is over although its goods were last reported in transit, so that the
// headline must promise nothing more. Goods that are "shipped" are still expected, even if all the money
// was refunded.
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
	case Delivered, ReadyForPickup, StateCompleted, sentenceClosed + Shipped, sentenceDigital + "ready",
		sentenceDigital + "sent":
		return Done
	case OnHold:
		return Waiting
	case PartiallyShipped, Shipped, OutForDelivery, PartiallyDelivered, Processing, sentenceParcels:
		return Moving
	case sentenceLabel:
		if s.State == StateCompleted {
			return Done
		}
	}
	return Neutral
}

// detail returns the suffix of the key for a sentence that can say more: ".by" for the carrier, ".on" for a
// date, ".by_on" for both.
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

// paymentSentence returns the payment word, or payment kind, that adds something to the sentence with the
// given key, or "".
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
		[]string{PaymentPending, PaymentRequiresAction, PaymentFailed, PaymentAuthorized,
			Unknown}, s.Payment):
		if s.Fulfillment == Delivered || s.Fulfillment == Returned || s.Fulfillment == PartiallyReturned ||
			s.State == StateCompleted {
			return ""
		}
		return PaymentByCOD
	case s.Payment == PaymentPending && s.Unpaid() &&
		(s.PaymentKind == paymentByTransfer || s.PaymentKind == paymentByInvoice):
		return s.PaymentKind
	case s.Payment == PaymentFailed && s.Unpaid() && s.PaymentKind == paymentByCard:
		return PaymentFailed + ".card"
	case s.Unpaid(), s.Payment == PaymentPartiallyPaid && s.Fulfillment != Returned:
		return s.Payment
	case waiting && (s.Payment == PaymentVoided || s.Payment == PaymentAuthorized):
		return s.Payment
	case waiting && s.Payment == PaymentPaid && (s.Fulfillment == Unfulfilled || s.Fulfillment == Unknown):
		return s.Payment
	}
	return ""
}

// cancelledPayment returns what a cancelled order says about the payment: whether it was refunded.
func (s Status) cancelledPayment() string {
	switch s.Payment {
	case PaymentRefunded, PaymentPartiallyRefunded:
		return s.Payment
	case PaymentPaid, PaymentPartiallyPaid:
		return "not_refunded"
	}
	return ""
}
