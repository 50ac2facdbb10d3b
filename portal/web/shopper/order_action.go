package shopper

import (
	"postern/portal/inquiry"
	"postern/portal/order"
	"postern/portal/web/page"
)

// orderAction is one button of the order's page.
type orderAction struct {
	Label, URL, Icon string
	Main             bool
	Away             bool // links to another site
}

// sentRequest is a request that was already sent to the shop.
type sentRequest struct {
	Text, Words string
	Lines       []string
}

// actions fills the section that says what the customer can do with the order, and what is unavailable.
func (p *orderPage) actions(sent inquiry.Correspondence) {
	for _, a := range p.Order.Actions(sent.CancelAsked()) {
		switch a.Closed {
		case "":
			p.Actions = append(p.Actions, p.action(a))
		case order.CancelAsked: // the sent request already says so
		default:
			p.Closed = append(p.Closed, p.T("action.closed."+a.Closed))
		}
	}
	if url := p.Order.Links.Storefront; url != "" {
		p.Actions = append(p.Actions, orderAction{Label: p.T("order.storefront"), URL: url, Away: true})
	}
	for _, r := range sent.Requests {
		p.Requests = append(p.Requests, requestSent(p.Base, p.Order, r))
	}
}

func (p *orderPage) action(a order.Action) orderAction {
	made := orderAction{URL: a.URL, Away: true}
	switch a.Name {
	case order.ActionPay:
		made.Label, made.Main, made.Away = p.T("order.pay"), true, false
	case order.ActionTrack:
		made.Label, made.Icon = p.trackLabel(a), "moving"
	case order.ActionInvoice:
		made.Label, made.Icon, made.Away = p.T("order.invoice"), "download", false
	case order.ActionReorder:
		made.Label = p.T("action.reorder")
	case order.ActionReturn:
		made.Label = p.T("action.return")
	case order.ActionCancel:
		if made.Label = p.T("action.cancel"); a.IsRequest() {
			made.Label = p.T("action.cancel.ask")
		}
	}
	switch {
	case a.IsRequest():
		made.URL, made.Away = requestPath(p.Order.Number, a.Name), false
	case a.URL == "":
		made.URL, made.Away = "#parcels", false
	}
	return made
}

func (p *orderPage) trackLabel(a order.Action) string {
	if a.URL == "" {
		return p.T("action.track.several")
	}
	for _, shipment := range p.Order.Shipments {
		if shipment.URL == a.URL {
			return p.track(shipment.Carrier)
		}
	}
	return p.track("")
}

// track returns the text of a link to a carrier's page.
func (p *orderPage) track(carrier string) string {
	if carrier == "" {
		return p.T("order.track")
	}
	return p.T("order.track.by", "Carrier", carrier)
}

// requestSent describes a request and its outcome, as far as the order's status shows it.
func requestSent(b page.Base, o order.View, r inquiry.Record) sentRequest {
	made := sentRequest{Words: r.Text}
	for _, line := range r.Lines {
		made.Lines = append(made.Lines, line.Quantity+" × "+line.Name)
	}
	key := "request.sent." + r.Kind
	if r.Kind == inquiry.RequestCancel {
		switch closed := o.Action(order.ActionCancel, nil).Closed; closed {
		case "":
			key += ".open"
		case "cancel.cancelled", "cancel.refunded":
			key += ".done"
		default:
			key += ".late"
		}
	}
	made.Text = b.T(key, "When", r.At)
	return made
}
