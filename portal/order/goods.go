package order

import (
	"slices"
	"strings"
	"sync"

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
