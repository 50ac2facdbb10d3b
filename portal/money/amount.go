package money

import (
	"strconv"
	"strings"
)

// Amount is a sum of money in minor units: 1250 of "EUR" is 12.50 €, 1250 of "JPY" is 1250 ¥. The zero
// value has no currency; use it only for comparison.
type Amount struct {
	Minor    int64  `bson:"minor" json:"minor"`
	Currency string `bson:"currency" json:"currency"`
}

// Parse parses a plain decimal such as "-12.50" or "1000" as an amount in a currency. The errors are
// ErrCurrency, ErrSyntax (signs other than a minus, exponents, spaces, leading zeros, NaN, empty text),
// ErrPrecision (more decimal places than the currency has) and ErrRange (more than 64 bits of minor units).
func Parse(decimal, currency string) (Amount, error) {
	places, ok := Digits(currency)
	if !ok {
		return Amount{}, ErrCurrency
	}
	n, err := scan(decimal)
	if err != nil {
		return Amount{}, err
	}
	if len(n.frac) > places {
		return Amount{}, ErrPrecision
	}
	minor, err := n.minor(places)
	if err != nil {
		return Amount{}, err
	}
	return Amount{Minor: minor, Currency: currency}, nil
}

// minor returns the number in minor units of a currency with the given decimal places. n must not have
// more.
func (n number) minor(places int) (int64, error) {
	text := n.whole + n.frac + strings.Repeat("0", places-len(n.frac))
	if n.negative {
		text = "-" + text
	}
	minor, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, ErrRange
	}
	return minor, nil
}

// Decimal formats the amount so that Parse can read it, with all decimal places of its currency: "-12.50",
// "1000".
func (a Amount) Decimal() string {
	text := strconv.FormatInt(a.Minor, 10)
	places, _ := Digits(a.Currency)
	if places == 0 {
		return text
	}
	sign := ""
	if a.Minor < 0 {
		sign, text = "-", text[1:]
	}
	if short := places + 1 - len(text); short > 0 {
		text = strings.Repeat("0", short) + text
	}
	cut := len(text) - places
	return sign + text[:cut] + "." + text[cut:]
}
