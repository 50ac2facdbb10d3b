package shopper

import (
	"slices"
	"strings"

	"postern/portal/inquiry"
	"postern/portal/order"
)

// orderAction is one button of the order's page, or one link of its menu.
type orderAction struct {
	Label, URL, Icon string
	Main             bool
	Away             bool // links to another site
}

// maxQuiet is the number of actions that the page shows without a menu if none is the main one.
const maxQuiet = 2

// actions fills the section that says what the customer can do with the order. One action is the main one, unless
// a return has it; the others are in a menu, unless they are few.
func (p *orderPage) actions(sent inquiry.Correspondence) {
	asked, main := sent.CancelAsked(), p.Order.Main()
	if slices.ContainsFunc(p.Returns.Returns, func(r shownReturn) bool { return r.LabelURL != "" }) {
		main = ""
	}
	all := p.Order.HasGoods() && len(returnable(p.Order, sent)) == 0
	offered := p.Order.Actions(asked)
	if p.Order.IsOver() { // to track the parcel matters least
		isTrack := func(a order.Action) bool { return a.Name == order.ActionTrack }
		offered = append(slices.DeleteFunc(slices.Clone(offered), isTrack), p.Order.Action(order.ActionTrack, asked))
	}
	for _, a := range offered {
		if a.Closed != "" || a.Name == "" || a.Name == order.ActionReturn && a.IsRequest() && all {
			continue
		}
		made := p.action(a)
		if made.Main = a.Name == main; made.Main {
			p.Actions = append(p.Actions, made)
			continue
		}
		p.More = append(p.More, made)
	}
	if url := p.Order.Links.Storefront; url != "" {
		p.More = append(p.More, orderAction{Label: p.T("order.storefront"), URL: url, Away: true})
	}
	switch few := len(p.More) <= maxQuiet; {
	case len(p.Actions) > 0 || len(p.More) == 0:
	case few:
		p.Actions, p.More = p.More, nil
	default:
		p.Actions, p.More = p.More[:1], p.More[1:]
	}
	switch reason := p.Order.Unavailable(asked); {
	case reason == "":
	case reason == "return.digital" && p.Order.Withdrawal != nil && p.Order.Withdrawal.Closed == "":
		// The page offers to withdraw from the contract.
	case strings.HasPrefix(reason, order.ActionPay), strings.HasPrefix(reason, order.ActionTrack):
		p.Closed = p.T("action.closed." + reason)
	default:
		p.ClosedToo = p.T("action.closed." + reason)
	}
}

func (p *orderPage) action(a order.Action) orderAction {
	made := orderAction{URL: a.URL, Away: true}
	switch a.Name {
	case order.ActionPay:
		made.Label, made.Away = p.T("order.pay"), false
	case order.ActionTrack:
		made.Label = p.trackLabel(a)
	case order.ActionInvoice:
		made.Label, made.Away = p.T("order.invoice"), false
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
	at := slices.IndexFunc(p.Order.Shipments, func(s order.Shipment) bool { return s.URL == a.URL })
	if at < 0 {
		return trackText(p.Base, "")
	}
	return trackText(p.Base, p.Order.Shipments[at].Carrier)
}
