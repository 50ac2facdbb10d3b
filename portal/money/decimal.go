package money

import (
	"math/big"
	"strings"
)

// The maximum numbers of digits of a Decimal before and after the point.
const (
	MaxWhole  = 12
	MaxPlaces = 6
)

// Decimal is an exact decimal with up to MaxPlaces decimal places, such as a unit price of "0.004" or a
// quantity of "1.5". ParseDecimal makes it canonical (no trailing zeros after the point, no "-0"), so that
// two decimals are equal if their strings are. The zero value "" means that no value was given. There is
// deliberately no IsZero: encoders would use it to omit a price of zero.
type Decimal string

// ParseDecimal parses a plain decimal such as "-12.500" and makes it canonical: "-12.5". It returns
// ErrSyntax like Parse, ErrRange for more than 12 digits before the point, and ErrPrecision for more than 6
// digits after it, not counting trailing zeros.
func ParseDecimal(s string) (Decimal, error) {
	n, err := scan(s)
	if err != nil {
		return "", err
	}
	if len(n.whole) > MaxWhole {
		return "", ErrRange
	}
	if len(strings.TrimRight(n.frac, "0")) > MaxPlaces {
		return "", ErrPrecision
	}
	return n.decimal(), nil
}

// Round parses a plain decimal like ParseDecimal and rounds it to a number of decimal places, half away
// from zero: a unit price of "10.799999999999999" rounded to six places is "10.8". exact is false if
// rounding changed the number.
func Round(s string, places int) (d Decimal, exact bool, err error) {
	n, err := scan(s)
	if err != nil {
		return "", false, err
	}
	n.frac = strings.TrimRight(n.frac, "0")
	exact = len(n.frac) <= places
	if !exact {
		n = n.round(places)
	}
	if len(n.whole) > MaxWhole {
		return "", false, ErrRange
	}
	return n.decimal(), exact, nil
}

// round shortens the number to fewer decimal places than it has, rounding half away from zero.
func (n number) round(places int) number {
	up := n.frac[places] >= '5'
	digits := []byte(n.whole + n.frac[:places])
	for i := len(digits) - 1; up && i >= 0; i-- {
		if digits[i]++; digits[i] <= '9' {
			up = false
		} else {
			digits[i] = '0'
		}
	}
	if up {
		digits = append([]byte{'1'}, digits...)
	}
	cut := len(digits) - places
	return number{negative: n.negative, whole: string(digits[:cut]), frac: string(digits[cut:])}
}

// decimal returns the canonical text of a number.
func (n number) decimal() Decimal {
	text := n.whole
	if frac := strings.TrimRight(n.frac, "0"); frac != "" {
		text += "." + frac
	}
	if n.negative && text != "0" {
		text = "-" + text
	}
	return Decimal(text)
}

// String returns the canonical text: "-12.5".
func (d Decimal) String() string { return string(d) }

// Minus returns the difference of two numbers. One that is no number counts as 0.
func (d Decimal) Minus(other Decimal) Decimal {
	var a, b big.Rat
	a.SetString(string(d))
	b.SetString(string(other))
	left, err := ParseDecimal(a.Sub(&a, &b).FloatString(MaxPlaces))
	if err != nil {
		return "0"
	}
	return left
}

// IsPositive reports whether the number is greater than 0.
func (d Decimal) IsPositive() bool {
	return !strings.HasPrefix(string(d), "-") && strings.Trim(string(d), "0.") != ""
}

// In converts the decimal to an amount in a currency, or returns an error of Parse if it is not exactly
// one. It is used for totals that shops pad to six decimal places ("12.500000").
func (d Decimal) In(currency string) (Amount, error) {
	return Parse(string(d), currency)
}
