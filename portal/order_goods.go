package portal

import (
	"slices"
	"strings"
)

// LineKinds are what a line of an order may be. Only goods can be sent back and withdrawn from.
func LineKinds() []string {
	return []string{lineGoods, "tip", "rounding", "credit", "deposit", "fee", "shipping", "discount"}
}

const lineGoods = "goods"

// IsGoods reports whether a line is something that was bought, as far as can be told: the feed calls it
// goods or does not say what it is, there is some of it, it takes nothing off, and its name is not that of
// a tip or the like.
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

// isSurcharge recognises by its whole name a line of a system that has no kinds: Shopify sends a tip as any
// other line. What has a SKU, a page or a picture is a product, whatever its name.
func (l Line) isSurcharge() bool {
	names := []string{
		"tip", "gratuity", "rounding", "cash rounding", "rounding adjustment", "rounding difference", "store credit",
		"prepitné", "sprepitné", "zaokrúhlenie", "haliere zaokrúhlenie", "kredit v obchode",
		"spropitné", "zaokrouhlení", "haléřové vyrovnání", "halierové vyrovnanie",
		"napiwek", "zaokrąglenie", "trinkgeld", "rundung", "rundungsdifferenz", "guthaben",
	}
	return l.SKU == "" && l.URL == "" && l.Picture == "" && slices.Contains(names, strings.ToLower(strings.TrimSpace(l.Name)))
}

// HasGoods reports whether any line is goods.
func (o Order) HasGoods() bool { return slices.ContainsFunc(o.Lines, Line.IsGoods) }

// lineKind reads what a line is, in any usual spelling. Another word is dropped with a warning: the line is
// then judged as one whose feed says nothing, and the order is worth more than the word.
func (f *form) lineKind(field, word string) string {
	key := statusKey(word)
	if saysNothing(key) {
		return ""
	}
	kind := canonical(key, LineKinds(), map[string]string{
		lineGoods:  "good product products item physical article line_item",
		"tip":      "gratuity",
		"rounding": "cash_rounding",
		"credit":   "store_credit",
		"fee":      "surcharge service_fee handling payment_fee",
		"shipping": "delivery postage",
		"discount": "coupon promotion",
	})
	if kind == "" {
		f.warn(field, "order.line.kind", "Words", strings.Join(LineKinds(), ", "))
	}
	return kind
}
