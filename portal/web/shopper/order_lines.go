package shopper

import (
	"html/template"
	"strings"

	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/web/page"
)

// line is the data of partials/order-line: one line of an order. Texts that do not apply are "".
type line struct {
	Name, URL, Picture  string
	Options, SKU        string
	Quantity, Unit, Sum string
	Each                string // quantity and unit price together, for narrow pages
	Before              string // the total before discounts
	BeforeText          string // "before discount", for screen readers
	PartOf              string // "Part of the set", for a part of another line
	Warranty, Status    string
	Returned            string // how much of it came back
	IsGoods             bool   // false hides the picture, quantity and unit price
}

// roomForLine is the approximate size of a line in bytes.
const roomForLine = 1 << 10

// A phone shows the first lines of an order and folds the rest if there is more than a screen of it.
const (
	firstLines = 10
	fewLines   = 15
)

// cut returns how many lines are shown at once. The parts of a bundle stay with it.
func cut(entries []order.Entry) int {
	if len(entries) <= fewLines {
		return len(entries)
	}
	at := firstLines
	for at < len(entries) && entries[at].Depth > 0 {
		at++
	}
	return at
}

// lineRows returns the rows of the table of lines, those that a phone folds apart.
func (p *orderPage) lineRows() (first, rest template.HTML, err error) {
	entries := p.Order.Entries()
	shown := cut(entries)
	var out strings.Builder
	out.Grow(len(entries) * roomForLine)
	gaps, row, names := p.Gaps(), line{}, p.names
	p.NoUnits = true
	for i, entry := range entries {
		if i == shown {
			first = template.HTML(out.String())
			out.Reset()
		}
		gaps.Reset()
		row = p.line(entry, names)
		p.NoUnits = p.NoUnits && row.Unit == ""
		row = row.marked(gaps)
		shape := page.Shape{Template: "partials/order-line"}
		if row.IsGoods {
			shape.Flags = 1
		}
		if err := p.WriteFragment(&out, shape, gaps, &row); err != nil {
			return "", "", err
		}
	}
	if shown == len(entries) {
		return template.HTML(out.String()), "", nil
	}
	return first, template.HTML(out.String()), nil
}

// marked returns the line with gaps in the place of its values.
func (l line) marked(gaps *page.Gaps) line {
	for _, value := range []*string{&l.Name, &l.URL, &l.Picture, &l.Options, &l.SKU, &l.Quantity, &l.Unit,
		&l.Sum,
		&l.Each, &l.Before, &l.BeforeText, &l.PartOf, &l.Warranty, &l.Status, &l.Returned} {
		*value = gaps.Text(*value)
	}
	return l
}

// lineNames returns the names of the lines by their ids.
func lineNames(lines []order.Line) map[string]string {
	names := make(map[string]string, len(lines))
	for i := range lines {
		if lines[i].ID != "" {
			names[lines[i].ID] = lines[i].Name
		}
	}
	return names
}

func (p *orderPage) line(given order.Entry, names map[string]string) line {
	l := line{
		Name: unbroken(given.Name), URL: given.URL, Picture: given.Picture, Options: options(given.Options),
		IsGoods: given.IsGoods(), Warranty: p.warranty(given.Line),
	}
	if given.SKU != "" {
		l.SKU = p.T("order.sku", "SKU", given.SKU)
	}
	if given.Depth > 0 {
		l.PartOf = p.T("order.part_of", "Name", names[given.Parent])
	}
	if l.IsGoods {
		l.Quantity = p.Decimal(given.Quantity)
		if given.UnitPrice != "" && !given.Silent {
			l.Unit = p.Unit(given.UnitPrice, p.Order.Currency)
		}
		l.Each = each(l.Quantity, l.Unit)
	}
	if !given.Silent {
		l.Sum = p.Money(p.Order.Amount(given.Total))
		if given.Subtotal != nil && *given.Subtotal > given.Total {
			l.Before, l.BeforeText = p.Money(p.Order.Amount(*given.Subtotal)), p.T("order.line.before")
		}
	}
	if back := p.returned[given.ID]; given.ID != "" && back != "" {
		l.Returned = p.T("order.line.returned", "Part", p.Decimal(back), "All", p.Decimal(given.Quantity))
	}
	if given.Depth > 0 && given.Silent && l.IsGoods { // a part has one short line
		l.Name, l.Quantity, l.Each = l.Quantity+" × "+l.Name, "", ""
	}
	if given.Status != "" && given.Status != p.Order.Status.Fulfillment {
		l.Status = p.word(given.Status)
	}
	return l
}

// returnedGoods returns how much of each line came back: as the returns say or, without any, the refunds.
func returnedGoods(o order.Order) map[string]money.Decimal {
	back, left := map[string]money.Decimal{}, map[string]money.Decimal{}
	for _, l := range o.Lines {
		left[l.ID] = l.Quantity
	}
	take := func(id string, quantity money.Decimal) {
		if id != "" && quantity != "" && left[id] != "" {
			left[id] = left[id].Minus(quantity)
			back[id] = quantity
		}
	}
	for _, r := range o.Returns {
		if r.State != order.ReturnReceived && r.State != order.ReturnRefunded {
			continue
		}
		for _, l := range r.Lines {
			take(l.Line, l.Quantity)
		}
	}
	if len(o.Returns) == 0 && (o.Status.Fulfillment == order.PartiallyReturned || o.Status.Fulfillment == order.Returned) {
		for _, r := range o.Refunds {
			for _, l := range r.Lines {
				take(l.Line, l.Quantity)
			}
		}
	}
	for _, l := range o.Lines {
		if back[l.ID] != "" {
			back[l.ID] = l.Quantity.Minus(left[l.ID])
		}
	}
	return back
}

// each returns a quantity and a unit price in short: "2 × €15.00".
func each(quantity, unit string) string {
	switch {
	case unit != "":
		return quantity + " × " + unit
	case quantity != "1":
		return "× " + quantity
	}
	return ""
}

// word returns the translated fulfilment status, or the feed's own word if there is no translation.
func (p *orderPage) word(word string) string {
	if key := p.Order.StepKey(word); word != "other" && p.L.Has(key) {
		return p.T(key)
	}
	return word
}

// options joins the options of a line: "Colour: blue · Size: M".
func options(given []order.LineOption) string {
	if len(given) == 0 {
		return ""
	}
	parts := make([]string, len(given))
	for i, option := range given {
		if parts[i] = option.Value; option.Name != "" {
			parts[i] = option.Name + ": " + option.Value
		}
	}
	return strings.Join(parts, " · ")
}

// warranty returns until when a line has a warranty, or for how many months as long as its delivery is not
// known.
func (p *orderPage) warranty(given order.Line) string {
	switch {
	case given.Warranty <= 0:
		return ""
	case p.delivered == nil:
		return p.T("order.warranty.months", "Count", given.Warranty)
	}
	return p.T("order.warranty.until", "Until", order.MonthsAfter(*p.delivered, given.Warranty,
		p.Shop.Location()))
}
