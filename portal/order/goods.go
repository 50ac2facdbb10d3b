package order

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"postern/portal/money"
	"postern/portal/validate"
)

// LineKinds lists the kinds of an order line. Only goods can be returned or withdrawn from.
func LineKinds() []string {
	return []string{lineGoods, "tip", "rounding", "credit", "deposit", "fee", "shipping", "discount"}
}

const lineGoods = "goods"

// IsGoods reports whether a line is a purchased item, as far as can be determined: the feed calls it goods
// or gives no kind, its quantity is positive, its total is not negative, and its name is not that of a tip
// or similar.
func (l Line) IsGoods() bool {
	quantity := l.Quantity.String()
	none := strings.HasPrefix(quantity, "-") || strings.Trim(quantity, "0.") == ""
	switch {
	case none || l.Total < 0:
		return false
	case l.Kind != "":
		return l.Kind == lineGoods
	}
	return !l.isSurcharge()
}

// isSurcharge recognises, by its whole name, a surcharge from a system without line kinds: Shopify sends a
// tip like any other line. A line with a SKU, URL or picture is a product, whatever its name.
func (l Line) isSurcharge() bool {
	names := []string{
		"tip", "gratuity", "rounding", "cash rounding", "rounding adjustment",
		"rounding difference", "store credit",
		"prepitné", "sprepitné", "zaokrúhlenie", "haliere zaokrúhlenie", "kredit v obchode",
		"spropitné", "zaokrouhlení", "haléřové vyrovnání", "halierové vyrovnanie",
		"napiwek", "zaokrąglenie", "trinkgeld", "rundung", "rundungsdifferenz", "guthaben",
	}
	return l.SKU == "" && l.URL == "" && l.Picture == "" && slices.Contains(names,
		strings.ToLower(strings.TrimSpace(l.Name)))
}

// HasGoods reports whether any line is goods.
func (o Order) HasGoods() bool { return slices.ContainsFunc(o.Lines, Line.IsGoods) }

// readLineKind reads the kind of a line in any usual spelling. An unknown word is dropped with a warning,
// because the order matters more than the word; the line is then treated as one without a kind.
func readLineKind(f *validate.Validator, field, word string) string {
	key := validate.StatusKey(word)
	if validate.SaysNothing(key) {
		return ""
	}
	kind := lineKindVocabulary()[key]
	if kind == "" {
		f.Warn(field, "order.line.kind", "Words", strings.Join(LineKinds(), ", "))
	}
	return kind
}

var lineKindVocabulary = sync.OnceValue(func() validate.Vocabulary {
	return validate.NewVocabulary(LineKinds(), map[string]string{
		lineGoods:  "good product products item physical article line_item",
		"tip":      "gratuity",
		"rounding": "cash_rounding",
		"credit":   "store_credit",
		"fee":      "surcharge service_fee handling payment_fee",
		"shipping": "delivery postage",
		"discount": "coupon promotion",
	})
})

// checkParents removes a parent that is no line, is the line itself or is a part of it in turn, with a
// warning: the line then stands alone.
func checkParents(f *validate.Validator, lines []Line) {
	parents := map[string]string{}
	for _, line := range lines {
		if line.ID != "" {
			parents[line.ID] = line.Parent
		}
	}
	for i := range lines {
		parent := lines[i].Parent
		if parent == "" {
			continue
		}
		if _, exists := parents[parent]; !exists || leadsTo(parents, parent, lines[i].ID) {
			f.Warn(fmt.Sprintf("/lines/%d/parent", i), "order.line.parent")
			lines[i].Parent, parents[lines[i].ID] = "", ""
		}
	}
}

// checkNamed warns about entries that name a line by an id that no line has. They are kept: the line may be
// one that the feed leaves out. An entry without an id names none.
func (o Order) checkNamed(f *validate.Validator) {
	ids := map[string]bool{"": true}
	for _, line := range o.Lines {
		ids[line.ID] = true
	}
	check := func(id, format string, places ...any) {
		if !ids[id] {
			f.Warn(fmt.Sprintf(format, places...), "order.line.unknown")
		}
	}
	for i, s := range o.Shipments {
		for j, item := range s.Items {
			check(item.Line, "/shipments/%d/items/%d/line", i, j)
		}
	}
	for i, r := range o.Refunds {
		for j, line := range r.Lines {
			check(line.Line, "/refunds/%d/lines/%d/line", i, j)
		}
	}
	for i, r := range o.Returns {
		for j, line := range r.Lines {
			check(line.Line, "/returns/%d/lines/%d/line", i, j)
		}
	}
	for i, d := range o.Downloads {
		check(d.Line, "/downloads/%d/line", i)
	}
}

// leadsTo reports whether a line or one of its parents is id, or the parents never end.
func leadsTo(parents map[string]string, from, id string) bool {
	for range parents {
		switch from {
		case "":
			return false
		case id:
			return true
		}
		from = parents[from]
	}
	return from != ""
}

// isSplit reports whether a line is said to be at the shop still, and is in no parcel.
func (o Order) isSplit() bool {
	return slices.ContainsFunc(o.Lines, o.isWaiting)
}

// isWaiting reports whether a line with goods is said to be at the shop still, and is in no parcel.
func (o Order) isWaiting(l Line) bool {
	return l.IsGoods() && (l.Status == Unfulfilled || l.Status == Processing || l.Status == OnHold) &&
		!slices.ContainsFunc(o.Shipments, func(s Shipment) bool { return s.holds(l) })
}

// AtShop returns how much of each line has not been shipped yet, "" for nothing or if that is not known. A
// line says so itself or, in a partial delivery, by what the parcels hold.
func (o Order) AtShop() []money.Decimal {
	waiting := make([]money.Decimal, len(o.Lines))
	if o.IsOver() {
		return waiting
	}
	for i, l := range o.Lines {
		switch {
		case o.isWaiting(l):
			waiting[i] = l.Quantity
		case l.IsGoods() && l.Status == "" && l.ID != "" && !o.isBundled(l) && (o.listsContents() || o.isBegun(l)):
			waiting[i] = o.notInParcels(l)
		}
	}
	return waiting
}

// listsContents reports whether a part of the order was shipped and each parcel says what it holds.
func (o Order) listsContents() bool {
	return (o.Status.Fulfillment == PartiallyShipped || o.Status.Fulfillment == PartiallyDelivered) &&
		len(o.Shipments) > 0 && !slices.ContainsFunc(o.Shipments, func(s Shipment) bool { return len(s.Items) == 0 })
}

// isBegun reports whether a parcel holds a piece of a line in an order that is not said to be on its way as a
// whole.
func (o Order) isBegun(l Line) bool {
	return slices.Contains([]string{"", Unfulfilled, Processing, PartiallyShipped, PartiallyDelivered},
		o.Status.Fulfillment) && slices.ContainsFunc(o.Shipments, func(s Shipment) bool { return s.holds(l) })
}

// isBundled reports whether a line is a part or has parts, which parcels may name in its place.
func (o Order) isBundled(l Line) bool {
	return l.Parent != "" || slices.ContainsFunc(o.Lines, func(part Line) bool { return part.Parent == l.ID })
}

// notInParcels returns how much of a line no parcel holds, "" for nothing.
func (o Order) notInParcels(l Line) money.Decimal {
	left := l.Quantity
	for _, s := range o.Shipments {
		for _, item := range s.Items {
			if item.Line == l.ID {
				left = left.Minus(item.Quantity)
			}
		}
	}
	if !left.IsPositive() {
		return ""
	}
	return left
}

// holds reports whether any piece of a line is in the parcel.
func (s Shipment) holds(l Line) bool {
	return l.ID != "" && slices.ContainsFunc(s.Items, func(i ShipmentItem) bool { return i.Line == l.ID })
}

// parcels counts the parcels and those that arrived, if that is some of them but not all. A digital order has
// none.
func (o Order) parcels() (all, arrived int) {
	for _, s := range o.Shipments {
		if s.DeliveredAt != nil {
			arrived++
		}
	}
	if o.IsDigital || arrived == 0 || arrived == len(o.Shipments) {
		return 0, 0
	}
	return len(o.Shipments), arrived
}

// Items returns the lines with goods, each piece once. A bundle or a configured product is counted where its
// money is: as the parent line if its parts are included in its price, else as its parts. The parts are
// included if they have no price or their prices add up to the parent's. Another part with a price is a piece
// too.
func (o Order) Items() []Line {
	var items []Line
	counted := o.Counted()
	for i, line := range o.Lines {
		if counted[i] {
			items = append(items, line)
		}
	}
	return items
}

// Counted reports for each line whether it is one of Items, so that forms offer no piece twice.
func (o Order) Counted() []bool {
	where := o.whereMoneyIs()
	counted := make([]bool, len(o.Lines))
	for i, line := range o.Lines {
		counted[i] = line.IsGoods() && !line.silent(where)
	}
	return counted
}

// moneyOf says where the money of parents and parts is, by the id of the parent.
type moneyOf struct{ inParts, inParent map[string]bool }

// whereMoneyIs returns, for the lines with parts, whether their money is in the parts because they have no
// price, or the money of priced parts is in them because the prices of the parts add up to theirs.
func (o Order) whereMoneyIs() moneyOf {
	var sums map[string]int64
	for _, line := range o.Lines {
		if line.Parent == "" || line.Total == 0 {
			continue
		}
		if sums == nil {
			sums = map[string]int64{}
		}
		sums[line.Parent] += line.Total
	}
	if sums == nil {
		return moneyOf{}
	}
	where := moneyOf{map[string]bool{}, map[string]bool{}}
	for parent := range sums {
		where.inParts[parent] = true
	}
	for _, line := range o.Lines {
		if line.ID != "" && line.Total != 0 {
			delete(where.inParts, line.ID)
			where.inParent[line.ID] = sums[line.ID] == line.Total
		}
	}
	return where
}

// silent reports whether a line's piece and money are in another line: in its parts, or in its parent.
func (l Line) silent(where moneyOf) bool {
	switch {
	case where.inParts[l.ID]:
		return true
	case l.Parent == "":
		return false
	}
	return l.Total == 0 && !where.inParts[l.Parent] || where.inParent[l.Parent]
}

// Entry is a line as the page lists it.
type Entry struct {
	Line
	Depth  int  // 0 for a line of its own, 1 for a part of it, and so on
	Silent bool // its money is in another line
}

// Entries returns the lines in the order of the page, each followed by its parts. The lines that are not
// silent are those of Items, and what is no goods.
func (o Order) Entries() []Entry {
	parts := map[string][]Line{}
	nested := false
	for _, line := range o.Lines {
		parts[line.Parent] = append(parts[line.Parent], line)
		nested = nested || line.Parent != ""
	}
	if !nested {
		return o.flat()
	}
	where, entries := o.whereMoneyIs(), make([]Entry, 0, len(o.Lines))
	var add func(line Line, depth int)
	add = func(line Line, depth int) {
		entries = append(entries, Entry{Line: line, Depth: depth, Silent: line.silent(where)})
		if line.ID == "" {
			return
		}
		for _, part := range parts[line.ID] {
			add(part, depth+1)
		}
	}
	for _, line := range parts[""] {
		add(line, 0)
	}
	return entries
}

func (o Order) flat() []Entry {
	entries := make([]Entry, len(o.Lines))
	for i, line := range o.Lines {
		entries[i].Line = line
	}
	return entries
}
