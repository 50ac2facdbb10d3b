package money

import (
	"strings"

	"github.com/bojanz/currency"
)

// locale describes how a language writes plain numbers.
type locale struct {
	point, group, sign string
	// least is the minimum number of digits before the point that are grouped: 5 in Polish, 4 elsewhere.
	least int
}

// number groups the whole digits in threes and appends the decimal places, if any.
func (l locale) number(whole, frac string) string {
	var b strings.Builder
	b.Grow(len(whole)*2 + len(frac) + len(l.point))
	head := len(whole)
	if len(whole) >= l.least {
		head = len(whole) % 3
	}
	b.WriteString(whole[:head])
	for i := head; i < len(whole); i += 3 {
		if i > 0 {
			b.WriteString(l.group)
		}
		b.WriteString(whole[i : i+3])
	}
	if frac != "" {
		b.WriteString(l.point)
		b.WriteString(frac)
	}
	return b.String()
}

// cldr reads the library's data by formatting samples, because the library does not export its patterns.
type cldr struct{ lib *currency.Formatter }

// open uses British English: plain "en" is American.
func open(lang string) cldr {
	switch lang {
	case "cs", "sk", "pl", "de":
	default:
		lang = "en-GB"
	}
	lib := currency.NewFormatter(currency.NewLocale(lang))
	lib.MinDigits = 0
	return cldr{lib}
}

// locale derives separators and sign from samples without a currency.
func (c cldr) locale() locale {
	c.lib.CurrencyDisplay = currency.DisplayNone
	defer func() { c.lib.CurrencyDisplay = currency.DisplaySymbol }()
	l := locale{least: 4, sign: c.around("-7", "EUR").before}
	l.point = strings.Trim(c.sample("1.5", "EUR"), "15")
	l.group = strings.Trim(c.sample("11111", "EUR"), "1")
	if c.sample("1111", "EUR") == "1111" {
		l.least = 5
	}
	return l
}

// style derives the text around a positive and a negative amount.
func (c cldr) style(code string) style {
	places, _ := Digits(code)
	return style{places: places, plus: c.around("7", code), minus: c.around("-7", code)}
}

// codeOnly is a currency that the library knows but that has no symbol in any of the languages.
const codeOnly = "KWD"

// around returns the text around the digits. For a currency that the library does not know, it formats one
// without a symbol and replaces the code.
func (c cldr) around(sample, code string) affix {
	known := code
	if !currency.IsValid(code) {
		known = codeOnly
	}
	before, after, _ := strings.Cut(c.sample(sample, known), "7")
	if known != code {
		before, after = strings.Replace(before, known, code, 1), strings.Replace(after, known, code, 1)
	}
	return affix{strings.Replace(before, "-", minus, 1), strings.Replace(after, "-", minus, 1)}
}

// minus is the sign of negative numbers. The library writes a hyphen, which is shorter than a digit and may
// be parted from it at the end of a line.
const minus = "−"

func (c cldr) sample(decimal, code string) string {
	a, err := currency.NewAmount(decimal, code)
	if err != nil {
		return ""
	}
	return c.lib.Format(a)
}
