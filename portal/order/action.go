package order

import (
	"slices"
	"time"
)

// Action is something a customer can do with an order: a link from the feed or a request to the shop. It
// may also give the reason why it is not available.
type Action struct {
	Name   string
	URL    string    // from the feed, or ""
	Closed string    // why it is not available: the action's name and a word, such as "cancel.shipped"
	At     time.Time // when a cancellation was requested, if Closed is CancelAsked
}

// The actions on an order's page.
const (
	ActionPay     = "pay"
	ActionTrack   = "track" // without URL and reason if several parcels can be tracked
	ActionInvoice = "invoice"
	ActionReorder = "reorder"
	ActionReturn  = "return"
	ActionCancel  = "cancel"

	// ActionLabel, ActionCollect and ActionDownload are offered in a row of the list; the order's page says
	// where.
	ActionLabel    = "label"
	ActionCollect  = "collect"
	ActionDownload = "download"

	// CancelAsked closes the cancel action once a cancellation has been requested.
	CancelAsked = "cancel.asked"
)

// IsRequest reports whether the action is a request that can be sent.
func (a Action) IsRequest() bool {
	return (a.Name == ActionReturn || a.Name == ActionCancel) && a.URL == "" && a.Closed == ""
}

// Actions lists the actions of an order, including unavailable ones with their reasons. It omits actions
// that never apply to the order. cancelAsked is the time when the customer asked to cancel it, or nil.
func (o Order) Actions(cancelAsked *time.Time) []Action {
	all := []Action{o.pay(), o.track(), o.invoice(), {Name: ActionReorder, URL: o.Links.Reorder},
		o.returnGoods(), o.cancel(cancelAsked)}
	return slices.DeleteFunc(all, func(a Action) bool {
		return a.Closed == "" && a.URL == "" && (a.Name == "" || a.Name == ActionReorder)
	})
}

// Action returns one of the order's actions by name; if it does not apply, the result has no name.
func (o Order) Action(name string, cancelAsked *time.Time) Action {
	for _, a := range o.Actions(cancelAsked) {
		if a.Name == name {
			return a
		}
	}
	return Action{}
}

// Main returns the name of the one action that matters most now, or "" if the page offers something better:
// how to pay, or the downloads.
func (o Order) Main() string {
	waits := o.Transfer() != nil || o.Status.Unpaid() && o.Links.Payment != ""
	word := o.Status.Fulfillment
	switch {
	case waits && o.Links.Payment != "":
		return ActionPay
	case waits, o.IsDigital && len(o.Downloads) > 0 && !o.LocksDownloads():
		return ""
	case o.IsOver():
		return ActionReorder
	case word == Shipped || word == OutForDelivery || word == PartiallyShipped || word == PartiallyDelivered ||
		word == DeliveryFailed || word == Unknown || word == Unfulfilled && o.handedOver():
		return ActionTrack
	}
	return ""
}

// IsOver reports whether the customer waits for nothing more of the order, so that it may be bought again.
func (o Order) IsOver() bool {
	return o.Status.Cancelled() || o.Status.RefundedUnsent() || o.Status.State == StateCompleted ||
		o.Status.sentOnline() || slices.Contains([]string{Delivered, PartiallyReturned, Returned},
		o.Status.Fulfillment)
}

// IsBilled reports whether the customer has an invoice to pay now.
func (o Order) IsBilled() bool {
	return o.Status.Unpaid() && o.Status.PaymentKind == paymentByInvoice && !o.Status.isOnItsWay() &&
		(o.Links.Payment != "" || o.Instructions != nil)
}

// Unavailable returns the reason that matters most of those why an action is not available, or "": what the
// customer is likely to look for now.
func (o Order) Unavailable(cancelAsked *time.Time) string {
	reasons := []string{"pay.no_link"} // without a tracking link there is no button, which says enough
	switch {
	case o.IsOver() && o.IsDigital:
		reasons = append(reasons, "return.digital")
	case !o.IsOver():
		reasons = append(reasons, "cancel.shipped", "cancel.digital")
	}
	actions := o.Actions(cancelAsked)
	for _, reason := range reasons {
		if slices.ContainsFunc(actions, func(a Action) bool { return a.Closed == reason }) {
			return reason
		}
	}
	return ""
}

func (o Order) pay() Action {
	switch {
	case !o.Status.Unpaid():
		return Action{}
	case o.Links.Payment != "":
		return Action{Name: ActionPay, URL: o.Links.Payment}
	case o.Transfer() != nil:
		return Action{}
	}
	return Action{Name: ActionPay, Closed: "pay.no_link"}
}

func (o Order) track() Action {
	var urls []string
	for _, shipment := range o.Shipments {
		if shipment.URL != "" {
			urls = append(urls, shipment.URL)
		}
	}
	reached := progress(o.Status.Fulfillment)
	switch {
	case o.IsDigital:
		return Action{}
	case len(urls) == 1:
		return Action{Name: ActionTrack, URL: urls[0]}
	case len(urls) > 1:
		return Action{Name: ActionTrack}
	case o.Status.Cancelled() || o.Status.RefundedUnsent() || o.Status.State == StateCompleted ||
		o.Status.Fulfillment == ReadyForPickup || reached > 3:
		return Action{}
	case o.handedOver():
		return Action{Name: ActionTrack, Closed: "track.no_link"}
	}
	return Action{Name: ActionTrack, Closed: "track.not_shipped"}
}

func (o Order) invoice() Action {
	switch {
	case o.Links.Invoice != "":
		return Action{Name: ActionInvoice, URL: o.Links.Invoice}
	case o.Status.Cancelled():
		return Action{}
	}
	return Action{Name: ActionInvoice, Closed: "invoice.no_link"}
}

// returnGoods is the return action, available once goods have left the shop. An unknown fulfilment does not
// close it.
func (o Order) returnGoods() Action {
	a := Action{Name: ActionReturn}
	switch {
	case o.Status.Cancelled() && !o.handedOver():
		a.Closed = "return.cancelled"
	case o.IsDigital:
		a.Closed = "return.digital"
	case o.Status.Fulfillment == Returned:
		a.Closed = "return.returned"
	case o.Status.RefundedUnsent() && o.Status.Fulfillment != Unknown && !o.handedOver():
		a.Closed = "return.refunded"
	case !o.handedOver() && o.Status.Fulfillment != Unknown && o.Status.State != StateCompleted:
		a.Closed = "return.not_shipped"
	default:
		a.URL = o.Links.Return
	}
	return a
}

// cancel is the cancel action, available until goods leave the shop.
func (o Order) cancel(cancelAsked *time.Time) Action {
	a := Action{Name: ActionCancel}
	switch {
	case o.Status.Cancelled():
		a.Closed = "cancel.cancelled"
	case o.IsDigital && o.handedOver():
		a.Closed = "cancel.digital"
	case o.handedOver():
		a.Closed = "cancel.shipped"
	case o.Status.RefundedUnsent() && o.Status.State == StateCompleted: // an open order may still be shipped
		a.Closed = "cancel.refunded"
	case o.Status.State == StateCompleted:
		a.Closed = "cancel.completed"
	case cancelAsked != nil:
		a.Closed, a.At = CancelAsked, *cancelAsked
	default:
		a.URL = o.Links.Cancel
	}
	return a
}

// handedOver reports whether any of the goods have left the shop.
func (o Order) handedOver() bool {
	return o.Status.sent() || slices.ContainsFunc(o.Shipments, func(s Shipment) bool {
		return s.ShippedAt != nil || s.DeliveredAt != nil
	})
}
