package shopper

import (
	"cmp"

	"postern/portal/order"
	"postern/portal/web/page"
)

// line is one line of an order.
type line struct {
	Name, URL, Picture  string
	Detail              string // options and SKU
	Quantity, Unit, Sum string
	Status              string // set if it differs from the order's
	IsGoods             bool   // false hides the picture, quantity and unit price
}

// parcel is one shipment.
type parcel struct {
	Heading         string
	Number          string
	TrackURL, Track string // URL of the carrier's page and the link's text
	Facts           []parcelFact
	Items           []string
	Pickup          string
}

// parcelFact is a label with a date or text.
type parcelFact struct {
	Label string
	Value page.Time // or another text
}

func (p *orderPage) lines() []line {
	var lines []line
	for _, given := range p.Order.Lines {
		l := line{
			Name: given.Name, URL: given.URL, Picture: given.Picture, Detail: p.detail(given),
			Quantity: p.Decimal(given.Quantity), Sum: p.Money(p.Order.Amount(given.Total)),
		}
		if l.IsGoods = given.IsGoods(); !l.IsGoods {
			l.Quantity = ""
		} else if given.UnitPrice != "" {
			l.Unit = p.Unit(given.UnitPrice, p.Order.Currency)
		}
		if given.Status != "" && given.Status != p.Order.Status.Fulfillment {
			l.Status = p.word(given.Status)
		}
		lines = append(lines, l)
	}
	return lines
}

// word returns the translated fulfilment status, or the feed's own word if there is no translation.
func (p *orderPage) word(word string) string {
	if word != "other" && p.L.Has("step."+word) {
		return p.T("step." + word)
	}
	return word
}

// detail joins the options and the SKU of a line: "Colour: blue · SKU 4711".
func (p *orderPage) detail(given order.Line) string {
	text := ""
	add := func(part string) {
		if text != "" {
			text += " · "
		}
		text += part
	}
	for _, option := range given.Options {
		if option.Name == "" {
			add(option.Value)
			continue
		}
		add(option.Name + ": " + option.Value)
	}
	if given.SKU != "" {
		add(p.T("order.sku", "SKU", given.SKU))
	}
	return text
}

func (p *orderPage) parcels() []parcel {
	names := map[string]string{}
	for _, given := range p.Order.Lines {
		names[given.ID] = given.Name
	}
	shipments := p.Order.Shipments
	var parcels []parcel
	for i, given := range shipments {
		made := parcel{Heading: p.T("order.parcel"), Number: given.Number, Pickup: given.PickupPoint}
		if len(shipments) > 1 {
			made.TrackURL = given.URL // with a single parcel the link is among the actions
			made.Heading = p.T("order.parcel.of", "Number", i+1, "All", len(shipments))
		}
		made.Track = p.track(given.Carrier)
		made.Facts = p.parcelFacts(given)
		for _, item := range given.Items {
			made.Items = append(made.Items,
				p.Decimal(item.Quantity)+" × "+cmp.Or(names[item.Line], item.Line))
		}
		parcels = append(parcels, made)
	}
	return parcels
}

func (p *orderPage) parcelFacts(given order.Shipment) []parcelFact {
	var facts []parcelFact
	add := func(key string, value page.Time) {
		if value.Text != "" {
			facts = append(facts, parcelFact{p.T(key), value})
		}
	}
	add("order.carrier", page.Time{Text: given.Carrier})
	if given.ShippedAt != nil {
		add("order.shipped_at", p.TimeDay(*given.ShippedAt))
	}
	switch {
	case given.DeliveredAt != nil:
		add("order.delivered_at", p.TimeMoment(*given.DeliveredAt))
	case given.ExpectedTo != nil && given.ExpectedFrom != nil &&
		p.Date(*given.ExpectedFrom) != p.Date(*given.ExpectedTo):
		between := p.T("order.expected.between", "From", given.ExpectedFrom, "To", given.ExpectedTo)
		add("order.expected", page.Time{Text: between})
	case given.ExpectedTo != nil:
		add("order.expected", p.TimeDay(*given.ExpectedTo))
	case given.ExpectedFrom != nil:
		add("order.expected", p.TimeDay(*given.ExpectedFrom))
	}
	return facts
}

// total is one row below the lines. Class is one of those below, or "".
type total struct{ Class, Label, Amount string }

const (
	subClass   = "sub" // an amount that another row includes
	grandClass = "grand-total"
)

// totals returns the rows below the lines. Discounts and refunds are negative. Taxes come before the total
// if they are added to it and after the total if the prices include them.
func (p *orderPage) totals() []total {
	o := p.Order
	var rows []total
	add := func(class, label string, minor int64) {
		rows = append(rows, total{class, label, p.Money(o.Amount(minor))})
	}
	optional := func(key string, minor *int64, sign int64) {
		if minor != nil {
			add("", p.T(key), sign**minor)
		}
	}
	optional("order.subtotal", o.Subtotal, 1)
	for _, d := range o.Discounts {
		add("", p.discountLabel(d), -abs(d.Amount))
	}
	if len(o.Discounts) == 0 && o.Discount != nil && *o.Discount != 0 {
		add("", p.T("order.discount"), -abs(*o.Discount))
	}
	optional("order.shipping", o.Shipping, 1)
	if !o.PricesIncludeTax {
		rows = append(rows, p.taxes("")...)
	}
	add(grandClass, p.T("order.total"), o.Total)
	if o.PricesIncludeTax {
		rows = append(rows, p.taxes(subClass)...)
	}
	if o.Refunded != nil && *o.Refunded != 0 {
		add("", p.T("order.refunded"), -abs(*o.Refunded))
	}
	return rows
}

func abs(n int64) int64 { return max(n, -n) }

func (p *orderPage) discountLabel(d order.DiscountLine) string {
	switch {
	case d.Label != "":
		return d.Label
	case d.Code != "":
		return p.T("order.discount.code", "Code", d.Code)
	}
	return p.T("order.discount")
}

// taxes returns the tax rows: one for each rate, or a single row for all taxes.
func (p *orderPage) taxes(class string) []total {
	included := ""
	if class == subClass {
		included = ".included"
	}
	o := p.Order
	var rows []total
	for _, tax := range o.Taxes {
		rows = append(rows, total{class, p.taxLabel(tax, included), p.Money(o.Amount(tax.Amount))})
	}
	if len(rows) == 0 && o.Tax != nil {
		rows = append(rows, total{class, p.T("order.tax" + included), p.Money(o.Amount(*o.Tax))})
	}
	return rows
}

func (p *orderPage) taxLabel(tax order.TaxLine, included string) string {
	rate := p.Decimal(tax.Rate)
	switch {
	case tax.Label != "":
		return tax.Label
	case tax.Rate != "":
		return p.T("order.tax.rate"+included, "Rate", rate)
	}
	return p.T("order.tax" + included)
}
