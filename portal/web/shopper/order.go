package shopper

import (
	"cmp"
	"net/url"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/order"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// orderPage is the data of one order's page. Its template prints ready-made strings.
type orderPage struct {
	page.Base
	Order      order.View
	Placed     string
	Headline   page.Pill
	Payment    string // the second sentence, about the payment
	Steps      []step
	Parcels    []parcel
	Lines      []line
	Totals     []total
	TaxNote    string // below the totals
	Addresses  []orderAddress
	Facts      []fact
	Notes      []note
	Actions    []orderAction
	Closed     []string // why other actions are unavailable
	Requests   []sentRequest
	Writing    writing
	Withdrawal *withdrawalNote // nil if the shop does not offer withdrawal
	HelpURL    string          // mailto: with the order number, "" without a support address
}

// step is one step of the timeline.
type step struct {
	Class, Text, Note string
	When              page.Time
	Current, Future   bool
}

// orderAddress is one address of the order in the format of its country.
type orderAddress struct {
	Heading, Phone string
	Lines          []string
}

// fact is a label and its value.
type fact struct{ Label, Value string }

// withValues drops the facts that have no value.
func withValues(facts []fact) []fact {
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
}

// note is a remark by the shop.
type note struct {
	Text string
	When page.Time
}

func (h *Handler) order(c *fiber.Ctx, s portal.Shopper) error {
	return h.showOrder(c, s, unsent{})
}

// showOrder shows the order's page, with the rejected message if there was one.
func (h *Handler) showOrder(c *fiber.Ctx, s portal.Shopper, message unsent) error {
	number, err := gate.Param(c, "number")
	if err != nil {
		return err
	}
	found, err := s.Order(c.UserContext(), number)
	if err != nil {
		return err
	}
	sent, err := s.Correspondence(c.UserContext(), number)
	if err != nil {
		return err
	}
	b := h.base(c, s, "orders", "orders.title")
	b.Title, b.Wide = b.T("order.title", "Number", found.Number), true
	data := orderPage{Base: b, Order: found}
	data.fill(h.app.Now().In(s.Shop().Location()))
	data.Addresses = data.addresses(h.app.AddressFormats())
	data.actions(sent)
	data.Writing = writingOf(b, found.Number, sent, message)
	data.Writing.Form.ID = s.NewForm()
	return h.pages.Render(c, refusal(message.err), "shopper/order", data)
}

// fill sets the page's strings.
func (p *orderPage) fill(now time.Time) {
	o := p.Order
	p.Placed = p.T("order.placed", "When", o.PlacedAt)
	p.Headline = p.Pill(string(o.Headline.Tone), headline(p.Base, o.Status, o.Headline.Key, now))
	if o.Headline.Payment != "" {
		p.Payment = p.T(o.Headline.Payment)
	}
	p.Steps, p.Facts, p.Notes = p.steps(), p.facts(), p.notes()
	p.Lines, p.Parcels = p.lines(), p.parcels()
	p.Totals = p.totals()
	p.Withdrawal = p.withdrawal()
	if o.PricesIncludeTax && o.Tax == nil && len(o.Taxes) == 0 {
		p.TaxNote = p.T("order.prices_with_tax")
	}
	if email := p.Shop.Brand.SupportEmail; email != "" {
		p.HelpURL = "mailto:" + email + "?subject=" + url.PathEscape(p.T("order.help.subject",
			"Number", o.Number))
	}
}

// stops returns the timeline steps at which an order stops on its way to the customer.
func stops() []string {
	return []string{"step." + order.StateCancelled, "step." + order.DeliveryFailed,
		"step." + order.PaymentFailed,
		"step." + order.PaymentDisputed, "step." + order.PaymentVoided}
}

func (p *orderPage) steps() []step {
	var steps []step
	for _, given := range p.Order.Timeline {
		s := step{Class: "step-future", Text: p.T(given.Key, "Label", given.Label), Future: !given.Done,
			Current: given.Current}
		switch {
		case given.Done && slices.Contains(stops(), given.Key):
			s.Class = "step-stopped"
		case given.Current:
			s.Class = "step-present"
		case given.Done:
			s.Class = "step-done"
		}
		if given.At != nil {
			s.When = p.TimeMoment(*given.At)
		}
		switch {
		case given.Noticed:
			s.Note = p.T("order.step.reported")
		case given.Key != "step.other":
			s.Note = given.Label
		}
		steps = append(steps, s)
	}
	return steps
}

// addresses formats the order's addresses. If both are the same, it returns one.
func (p *orderPage) addresses(formats *address.Formats) []orderAddress {
	show := func(heading string, a *address.Address) orderAddress {
		return orderAddress{
			Heading: p.T(heading), Lines: formats.Lines(*a, p.L.Lang()),
			Phone: address.FormatPhone(a.Phone, a.Country),
		}
	}
	shipping, billing := p.Order.ShippingAddress, p.Order.BillingAddress
	switch {
	case shipping != nil && billing != nil && *shipping == *billing:
		return []orderAddress{show("order.address.both", shipping)}
	case shipping != nil && billing != nil:
		return []orderAddress{show("order.address.shipping", shipping),
			show("order.address.billing", billing)}
	case shipping != nil:
		return []orderAddress{show("order.address.shipping", shipping)}
	case billing != nil:
		return []orderAddress{show("order.address.billing", billing)}
	}
	return nil
}

// facts returns the order's minor details. They include the shop's status text unless the headline already
// shows it.
func (p *orderPage) facts() []fact {
	o := p.Order
	var facts []fact
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, fact{p.T(key), value})
		}
	}
	add("order.shipping_method", o.ShippingMethod)
	add("order.payment_method", o.PaymentMethod)
	add("order.email", o.Email)
	add("order.vat_id", o.VATID)
	add("order.tax_note", o.TaxNote)
	if o.Headline.Key == "headline.label" {
		add("order.shop_status", o.Status.OwnWords())
	} else if o.Headline.Key != "headline.source" {
		add("order.shop_status", cmp.Or(o.Status.Label, o.Status.OwnWords()))
	}
	return facts
}

func (p *orderPage) notes() []note {
	var notes []note
	for _, given := range p.Order.Notes {
		n := note{Text: given.Text}
		if given.At != nil {
			n.When = p.TimeDate(*given.At)
		}
		notes = append(notes, n)
	}
	return notes
}
