package portal

import (
	"slices"
	"time"
)

// The words of the three status axes. A word of a feed that is none of them becomes unknown, and the feed's own words are
// kept beside it and shown.
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

	// PaymentByCOD is the payment kind "cash on delivery": the carrier is paid, so nothing is to be done before.
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
	// Source is the feed's own words for what it sent, Label the shop's words for people, each "" when not given.
	Source       string     `bson:"source,omitempty"`
	Label        string     `bson:"label,omitempty"`
	PaymentKind  string     `bson:"payment_kind,omitempty"`
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

// Unpaid reports whether the shopper still has to pay before delivery.
func (s Status) Unpaid() bool {
	return !s.Cancelled() && s.PaymentKind != PaymentByCOD && slices.Contains(
		[]string{PaymentPending, PaymentRequiresAction, PaymentPartiallyPaid, PaymentFailed}, s.Payment)
}

// views are the filters an order is found under. A completed order whose goods the feed calls on their way counts as open:
// "shipped" means handed over, not arrived. Any other is delivered once completed: many feeds never say more.
func (s Status) views() []string {
	var views []string
	onTheWay := slices.Contains([]string{PartiallyShipped, Shipped, OutForDelivery, PartiallyDelivered, DeliveryFailed}, s.Fulfillment)
	returned := slices.Contains([]string{Returned, PartiallyReturned}, s.Fulfillment)
	switch {
	case s.Cancelled():
		views = append(views, ViewCancelled)
	case s.Fulfillment == Delivered || s.State == StateCompleted && !onTheWay && !returned:
		views = append(views, ViewDelivered)
	case !returned:
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

// Headline is the one sentence that says what is happening: a message key under "headline.", and a second one on
// paying, "" when there is nothing to say.
type Headline struct {
	Key     string
	Payment string
	Tone    Tone
}

// Headline picks the sentence. What the shopper must do comes before what the shop does.
func (s Status) Headline() Headline {
	h := Headline{Key: s.Fulfillment, Tone: s.tone()}
	switch {
	case s.Cancelled():
		h = Headline{Key: "cancelled", Tone: Stopped}
	case s.Fulfillment == Unknown && s.Label != "":
		h.Key = "label"
	case s.Fulfillment == Unknown && s.State == StateCompleted:
		h = Headline{Key: "completed", Tone: Done}
	case s.Fulfillment == Unknown && s.Source != "":
		h.Key = "source"
	}
	if key := s.paymentSentence(); key != "" {
		h.Payment = "headline.payment." + key
	}
	if s.Unpaid() {
		h.Tone = Waiting
	}
	h.Key = "headline." + h.Key + s.detail(h.Key)
	return h
}

func (s Status) tone() Tone {
	switch s.Fulfillment {
	case Delivered:
		return Done
	case ReadyForPickup, OnHold:
		return Waiting
	case PartiallyShipped, Shipped, OutForDelivery, PartiallyDelivered, Processing:
		return Moving
	case DeliveryFailed:
		return Stopped
	}
	return Neutral
}

// detail is the ending of a key for a sentence that can name more: ".by" the carrier, ".on" a date, ".by_on" both.
func (s Status) detail(key string) string {
	switch {
	case key == Delivered && s.DeliveredAt != nil:
		return ".on"
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

// paymentSentence is the word of the payment axis when it has something to say beside the goods.
func (s Status) paymentSentence() string {
	switch {
	case s.Cancelled() && s.Payment != PaymentRefunded && s.Payment != PaymentPartiallyRefunded:
		return ""
	case s.Payment == PaymentPending && s.PaymentKind == PaymentByCOD:
		if s.Fulfillment == Delivered {
			return ""
		}
		return "cod"
	case s.Payment == PaymentPending && s.PaymentKind == "transfer":
		return "transfer"
	case s.Payment == PaymentPaid && s.Fulfillment != Unfulfilled || s.Payment == Unknown || s.Payment == PaymentVoided:
		return ""
	}
	return s.Payment
}
