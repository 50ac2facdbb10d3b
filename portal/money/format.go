package money

import "strings"

// noBreak keeps a number and its currency on one line.
const noBreak = "\u00a0"

// Formatter writes amounts and decimals as one language does: "1 234,50 €" with no-break spaces in
// Slovak, "€1,234.50" in English. Build it once per language; it is safe for concurrent use. All that
// differs by language and currency is asked of the CLDR data at construction, so that writing a number
// is only joining strings.
type Formatter struct {
	locale
	styles map[string]style
}

// style is one currency in one language.
type style struct {
	places      int
	plus, minus affix
}

// affix is what stands around the digits: sign, symbol and the space between.
type affix struct{ before, after string }

// NewFormatter builds the formatter of a language: en (as in Britain), cs, sk, pl or de. Any other is
// taken as en.
func NewFormatter(lang string) *Formatter {
	cldr := open(lang)
	f := &Formatter{locale: cldr.locale(), styles: make(map[string]style)}
	for _, code := range Currencies() {
		f.styles[code] = cldr.style(code)
	}
	return f
}

// Amount writes a sum with its symbol and all places of its currency.
func (f *Formatter) Amount(a Amount) string {
	n, err := scan(a.Decimal())
	if err != nil {
		return ""
	}
	return f.money(n, a.Currency)
}

// Unit writes a unit price with its symbol, at least the places of its currency and all that it has
// beyond: "0,0045 €". The empty decimal gives "".
func (f *Formatter) Unit(d Decimal, currency string) string {
	n, err := scan(string(d))
	if err != nil {
		return string(d)
	}
	return f.money(n, currency)
}

// Decimal writes a quantity without trailing zeros: "1 234,5". The empty decimal gives "".
func (f *Formatter) Decimal(d Decimal) string {
	n, err := scan(string(d))
	if err != nil {
		return string(d)
	}
	sign := ""
	if n.negative {
		sign = f.sign
	}
	return sign + f.number(n.whole, strings.TrimRight(n.frac, "0"))
}

// money joins a number and its currency; one that CLDR does not know is shown by its code.
func (f *Formatter) money(n number, currency string) string {
	s, ok := f.styles[currency]
	if !ok {
		s = style{minus: affix{before: f.sign, after: noBreak + currency}, plus: affix{after: noBreak + currency}}
	}
	around := s.plus
	if n.negative {
		around = s.minus
	}
	frac := strings.TrimRight(n.frac, "0")
	if short := s.places - len(frac); short > 0 {
		frac += "000000"[:short]
	}
	return around.before + f.number(n.whole, frac) + around.after
}
