package portal

import (
	"slices"
	"time"
)

// Action is one thing to do with an order: a link that the feed gave, a request to the shop, or the reason
// why it cannot be done.
type Action struct {
	Name   string
	URL    string    // of the feed, "" for none
	Closed string    // why it cannot be done: the action's name and a word, as "cancel.shipped"; "" when it can
	At     time.Time // when a cancellation was asked for, with Closed CancelAsked
}

// The actions of an order's page.
const (
	ActionPay     = "pay"
	ActionTrack   = "track" // without URL and reason, where several parcels can be followed
	ActionInvoice = "invoice"
	ActionReorder = "reorder"
	ActionReturn  = RequestReturn
	ActionCancel  = RequestCancel

	// CancelAsked closes cancelling once it was asked for.
	CancelAsked = "cancel.asked"
)

// Asks reports whether the action is a request that can be sent.
func (a Action) Asks() bool {
	return (a.Name == ActionReturn || a.Name == ActionCancel) && a.URL == "" && a.Closed == ""
}

// Actions lists what can be done with an order, and what cannot and why. What never applies to it is left
// out. sent is what its customer sent about it.
func (o Order) Actions(sent Correspondence) []Action {
	all := []Action{o.pay(), o.track(), o.invoice(), {Name: ActionReorder, URL: o.Links.Reorder}, o.giveBack(), o.cancel(sent)}
	return slices.DeleteFunc(all, func(a Action) bool {
		return a.Closed == "" && a.URL == "" && (a.Name == "" || a.Name == ActionReorder)
	})
}

// Action is one of the order's actions; one that does not apply has no name.
func (o Order) Action(name string, sent Correspondence) Action {
	for _, a := range o.Actions(sent) {
		if a.Name == name {
			return a
		}
	}
	return Action{}
}

func (o Order) pay() Action {
	switch {
	case !o.Status.Unpaid():
		return Action{}
	case o.Links.Payment == "":
		return Action{Name: ActionPay, Closed: "pay.no_link"}
	}
	return Action{Name: ActionPay, URL: o.Links.Payment}
}

func (o Order) track() Action {
	var urls []string
	for _, shipment := range o.Shipments {
		if shipment.URL != "" {
			urls = append(urls, shipment.URL)
		}
	}
	reached := stage(o.Status.Fulfillment)
	switch {
	case len(urls) == 1:
		return Action{Name: ActionTrack, URL: urls[0]}
	case len(urls) > 1:
		return Action{Name: ActionTrack}
	case o.IsDigital || o.Status.Cancelled() || o.Status.RefundedUnsent() || o.Status.State == StateCompleted ||
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

// giveBack is possible once something is under way. What no feed told does not close it.
func (o Order) giveBack() Action {
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

// cancel is possible while nothing is under way.
func (o Order) cancel(sent Correspondence) Action {
	a, asked := Action{Name: ActionCancel}, sent.cancelAsked()
	switch {
	case o.Status.Cancelled():
		a.Closed = "cancel.cancelled"
	case o.handedOver():
		a.Closed = "cancel.shipped"
	case o.Status.RefundedUnsent() && o.Status.State == StateCompleted: // an open one may still be about to be shipped
		a.Closed = "cancel.refunded"
	case o.Status.State == StateCompleted:
		a.Closed = "cancel.completed"
	case asked != nil:
		a.Closed, a.At = CancelAsked, *asked
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
