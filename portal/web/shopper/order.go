package shopper

import (
	"cmp"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/bank"
	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// orderPage is the data of one order's page. Its template prints ready-made strings.
type orderPage struct {
	page.Base
	Order       order.View
	Placed      string
	Summary     string // number of items and total
	Headline    page.Pill
	Second      string    // the second sentence, "" for none
	Told        string    // the shop's words about a return or cancellation, "" for none
	ShopStatus  string    // the status as the shop words it, "" if the headline has it
	Transfer    *transfer // how to pay by bank transfer, nil if not needed
	Downloads   []download
	OneDownload bool // a single file is what the page offers first
	Locked      bool // the files wait for the payment
	Steps       []step
	Parcels     []parcel
	Lines       template.HTML // rows of the table, "" without lines
	Rest        template.HTML // the rows of a long order that a phone folds, else ""
	AllItems    string        // what opens them
	NoUnits     bool          // no line has a unit price
	LinesNote   string        // below the lines
	Totals      []total
	TaxNote     string // below the totals
	Payments    []fact
	Addresses   []orderAddress
	Facts       []fact
	Notes       []note
	Actions     []orderAction
	More        []orderAction // in the menu beside the actions
	Quiet       []orderAction // with the details, if there is no such menu
	Closed      string        // why the order cannot be paid or tracked here
	ClosedToo   string        // why something else is unavailable, with the details: at most one of the two is set
	Returns     orderReturns
	Writing     writing
	Withdrawal  *withdrawalNote // nil if the shop does not offer withdrawal
	HelpURL     string          // mailto: with the order number, "" without a support address

	lead      string                   // the state of the return or cancellation that the page says first, "" for none
	delivered *time.Time               // nil if unknown
	returned  map[string]money.Decimal // what came back, by the ids of the lines
	names     map[string]string        // of the lines, by their ids
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
	data := orderPage{Base: b, Order: found, delivered: found.DeliveredAt(), names: lineNames(found.Lines),
		returned: returnedGoods(found.Order)}
	if err := data.fill(h.app.Now().In(s.Shop().Location()), &h.drawings); err != nil {
		return err
	}
	data.Addresses = data.addresses(h.app.AddressFormats())
	data.Writing = writingOf(b, s, found.Number, sent, message)
	data.Writing.Form.ID = s.NewForm()
	data.Returns = returnsOf(b, found, sent, data.Writing.Read != "")
	data.leadWithReturn()
	data.leadWithCancellation()
	data.actions(sent)
	if b.Flash != nil && c.Query("done") == sentDone {
		data.Writing.confirm(&data.Base)
	}
	return h.pages.Render(c, refusal(message.err), "shopper/order", data)
}

// fill sets the page's strings.
func (p *orderPage) fill(now time.Time, drawings *bank.Drawings) (err error) {
	o := p.Order
	p.say(now)
	if p.Transfer, err = p.transfer(now, drawings); err != nil {
		return err
	}
	if p.Lines, p.Rest, err = p.lineRows(); err != nil {
		return err
	}
	p.AllItems = p.T("order.items.all", "Count", len(o.Items()))
	p.Downloads, p.Parcels = p.downloads(now), p.parcels(now)
	p.Locked = o.LocksDownloads()
	p.OneDownload = len(p.Downloads) == 1 && p.Downloads[0].URL != ""
	p.Steps, p.Facts, p.Notes, p.Payments = p.steps(), p.facts(), p.notes(), p.payments()
	p.Totals = p.totals()
	p.Withdrawal = p.withdrawal()
	if o.LinesTaxed != nil && !*o.LinesTaxed && o.PricesIncludeTax {
		p.LinesNote = p.T("order.lines_without_tax")
	}
	if o.PricesIncludeTax && o.Tax == nil && len(o.Taxes) == 0 {
		p.TaxNote = p.T("order.prices_with_tax")
	}
	if email := p.Shop.Brand.SupportEmail; email != "" {
		p.HelpURL = "mailto:" + email + "?subject=" + url.PathEscape(p.T("order.help.subject",
			"Number", o.Number))
	}
	return nil
}

// say sets the sentences at the top.
func (p *orderPage) say(now time.Time) {
	o := p.Order
	p.Placed = p.T("order.placed", "When", o.PlacedAt)
	p.Summary = p.Money(o.Amount(o.Total))
	if items := len(o.Items()); items > 0 {
		p.Summary = p.T("order.summary", "Count", items, "Total", o.Amount(o.Total))
	}
	first, paymentFirst := headline(p.Base, o.Status, o.Headline.Key,
		now), o.Headline.PaymentFirst || o.IsBilled()
	p.Second = p.paymentSentence(now)
	if place, _ := o.PickupPlace(); place != "" {
		first = p.T("headline.ready_for_pickup.at", "Place", together(place))
	}
	if lateKey(o.Status, o.Headline.Key, now) == partLate {
		p.Second = strings.TrimSpace(p.T("headline.rest") + " " + p.Second)
	}
	if paymentFirst {
		first, p.Second = p.Second, first
	}
	switch {
	case paymentFirst && o.Headline.Key == "headline.received":
		p.Second = "" // it could be read as "has received your payment"
	case p.lacksFiles():
		p.Second = cmp.Or(p.Second, p.T("order.digital.no_files"))
	}
	p.Headline = p.Pill(string(headlineTone(o.Status, o.Headline, now)), first).With(statusIcon(o.Status, o.Headline))
	if paymentFirst && p.isLate(now) {
		p.Headline = p.Pill(string(order.Stopped), first).With(alertIcon)
	}
	p.ShopStatus = p.shopStatus()
}

// shopStatus returns a sentence with the status as the shop words it, unless the headline has that.
func (p *orderPage) shopStatus() string {
	status, words := p.Order.Status, ""
	switch p.Order.Headline.Key {
	case "headline.source":
	case "headline.label":
		words = status.OwnWords()
	default:
		words = cmp.Or(status.Label, status.OwnWords())
	}
	if words == "" {
		return ""
	}
	return p.T("headline.source", "Source", words)
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

// facts returns the order's minor details.
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
	add("order.phone", p.phone())
	add("order.vat_id", o.VATID)
	add("order.tax_note", o.TaxNote)
	return facts
}

// phone returns the order's phone number, unless an address shows it.
func (p *orderPage) phone() string {
	for _, a := range []*address.Address{p.Order.ShippingAddress, p.Order.BillingAddress} {
		if a != nil && a.Phone == p.Order.Phone {
			return ""
		}
	}
	return address.FormatPhone(p.Order.Phone, payerCountry(p.Order))
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
