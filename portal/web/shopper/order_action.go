package shopper

import (
	"net/url"
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

// actions fills the section that says what the customer can do with the order. One action is the main one,
// unless a return has it; the others are in a menu, unless they are few.
func (p *orderPage) actions(sent inquiry.Correspondence) {
	asked, main := sent.CancelAsked(), p.Order.Main()
	if (p.Returns.current() != nil || p.lead != "") && main != order.ActionPay {
		main = "" // the next step is that of the return: whoever sends goods back is not asked to buy them again
	}
	if main == order.ActionReorder && p.lacksFiles() {
		main = "" // whoever misses files is not asked to pay for them again
	}
	if r := p.Returns.current(); r != nil && r.LabelURL != "" && p.Own() {
		label := orderAction{Label: p.T("return.label"), URL: r.LabelURL, Main: main == "", Away: true}
		p.Actions, r.LabelURL = append(p.Actions, label), ""
	}
	all := p.Order.HasGoods() && len(returnable(p.Order, sent)) == 0
	offered := p.Order.Actions(asked)
	if p.Order.IsOver() { // to track the parcel matters least
		isTrack := func(a order.Action) bool { return a.Name == order.ActionTrack }
		offered = append(slices.DeleteFunc(slices.Clone(offered), isTrack), p.Order.Action(order.ActionTrack,
			asked))
	}
	var quiet []orderAction
	for _, a := range offered {
		if !p.Own() && isCustomers(a.Name) || a.Closed != "" || a.Name == "" || a.Name == order.ActionReturn && a.IsRequest() && all {
			continue
		}
		made := p.action(a)
		switch made.Main = a.Name == main; {
		case made.Main:
			p.Actions = append(p.Actions, made)
		case a.Name == order.ActionCancel, a.Name == order.ActionReturn && !p.Order.IsOver():
			quiet = append(quiet, made)
		default:
			p.More = append(p.More, made)
		}
	}
	if own := p.ownAction(); own.URL != "" && len(p.Actions) == 0 {
		p.Actions = append(p.Actions, own)
	}
	if url := p.Order.Links.Storefront; url != "" && p.Own() {
		p.More = append(p.More, orderAction{Label: p.T("order.storefront"), URL: url, Away: true})
	}
	p.arrange(quiet)
	p.explain(p.Order.Unavailable(asked))
}

// isCustomers reports whether only the customer has an action: staff who are signed in as the customer neither
// pay nor buy, cancel, return or fetch anything.
func isCustomers(action string) bool {
	return slices.Contains([]string{order.ActionPay, order.ActionReorder, order.ActionCancel, order.ActionReturn,
		order.ActionDownload}, action)
}

// arrange puts the actions besides the main one into buttons or a menu. To cancel, and to return what is
// still on its way, is offered quietly: in the menu of other buttons or else with the details, never as a
// button.
func (p *orderPage) arrange(quiet []orderAction) {
	switch few := len(p.More) <= maxQuiet; {
	case len(p.Actions) > 0 || len(p.More) == 0 || p.lead != "":
	case few && len(quiet) == 0:
		p.Actions, p.More = p.More, nil
	default:
		p.Actions, p.More = p.More[:1], p.More[1:]
	}
	if len(p.Actions) == 0 {
		p.Quiet = quiet
		return
	}
	p.More = append(p.More, quiet...)
}

// explain sets the sentence about what is not possible.
func (p *orderPage) explain(reason string) {
	switch {
	case reason == "":
	case reason == "return.digital" && p.Withdrawal != nil && p.Order.Withdrawal.Closed != order.WithdrawalBusiness:
		// The page says whether the customer can withdraw from the contract.
	case strings.HasPrefix(reason, order.ActionPay):
		p.Closed = p.T("action.closed." + reason)
	default:
		p.ClosedToo = p.T("action.closed." + reason)
	}
}

// ownAction is what the page itself offers if nothing else is the main action: the way to a pickup point, and
// a message about a digital order without files, or about the return or cancellation that the page says first.
// It has no URL if none applies.
func (p *orderPage) ownAction() orderAction {
	place, _ := p.Order.PickupPlace()
	switch {
	case strings.ContainsAny(place, "0123456789"): // a name alone would lead anywhere
		return orderAction{Label: p.T("action.directions"), URL: mapURL + url.QueryEscape(place), Main: true,
			Away: true}
	case p.Writing.Takes && (p.lacksFiles() || p.lead != ""):
		return orderAction{Label: p.T("action.message"), URL: "#messages", Main: p.isTurn()}
	}
	return orderAction{}
}

// lacksFiles reports whether the order is a digital one that the shop delivered without listing its files.
func (p *orderPage) lacksFiles() bool { return p.Order.Headline.Key == "headline.digital.sent" }

// isTurn reports whether the customer has the next step of what the page says first: to ask how to send goods
// back, or to answer a refusal. Otherwise the shop has it.
func (p *orderPage) isTurn() bool {
	isDeclined := p.lead == order.ReturnDeclined
	return p.lead == "" || isDeclined || p.lead == order.ReturnApproved && p.Returns.current() != nil
}

// mapURL shows a place on a map, on a phone in the app for it.
const mapURL = "https://www.google.com/maps/search/?api=1&query="

func (p *orderPage) action(a order.Action) orderAction {
	made := orderAction{URL: a.URL, Away: true}
	switch a.Name {
	case order.ActionPay:
		made.Label, made.Away = p.T("order.pay"), false
	case order.ActionTrack:
		if made.Label = p.T("order.track"); a.URL == "" {
			made.Label = p.T("action.track.several")
		}
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
