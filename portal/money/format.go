package money

import "strings"

// noBreak keeps a number and its currency on one line.
const noBreak = "\u00a0"

// Formatter formats amounts and decimals for one language: "1 234,50 €" with no-break spaces in Slovak,
// "€1,234.50" in English. Create it once per language; it is safe for concurrent use. It reads everything
// that depends on the language and currency from the CLDR data when it is created, so that formatting only
// joins strings.
type Formatter struct {
	locale
	styles map[string]style
}

// style is the format of one currency in one language.
type style struct {
	places      int
	plus, minus affix
}

// affix is the text around the digits: sign, symbol and the space between.
type affix struct{ before, after string }

// NewFormatter returns the formatter of a language: en (British), cs, sk, pl or de. Any other language is
// treated as en.
func NewFormatter(lang string) *Formatter {
	cldr := open(lang)
	f := &Formatter{locale: cldr.locale(), styles: make(map[string]style)}
	for _, code := range Currencies() {
		f.styles[code] = cldr.style(code)
	}
	return f
}

// Amount formats an amount with its symbol and all decimal places of its currency.
func (f *Formatter) Amount(a Amount) string {
	n, err := scan(a.Decimal())
	if err != nil {
		return ""
	}
	return f.money(n, a.Currency)
}

// Unit formats a unit price with its symbol. It shows at least the decimal places of the currency and any
// further ones: "0,0045 €". The empty decimal gives "".
func (f *Formatter) Unit(d Decimal, currency string) string {
	n, err := scan(string(d))
	if err != nil {
		return string(d)
	}
	return f.money(n, currency)
}

// Decimal formats a quantity without trailing zeros: "1 234,5". The empty decimal gives "".
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

// money joins a number and its currency. A currency that is not in CLDR is shown by its code.
func (f *Formatter) money(n number, currency string) string {
	s, ok := f.styles[currency]
	if !ok {
		s = style{minus: affix{before: f.sign, after: noBreak + currency},
			plus: affix{after: noBreak + currency}}
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
