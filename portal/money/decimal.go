package money

import "strings"

// Bounds of a Decimal: digits before and after the point.
const (
	MaxWhole  = 12
	MaxPlaces = 6
)

// Decimal is an exact decimal with up to MaxPlaces places, such as a unit price of "0.004" or a quantity
// of "1.5". Made by ParseDecimal it is canonical (no trailing zeros after the point, no "-0"), so that
// two are equal when their strings are. The zero value "" means that none was given. There is no IsZero
// on purpose: encoders would take it as leave to drop a price of nothing.
type Decimal string

// ParseDecimal reads a plain decimal such as "-12.500" and makes it canonical: "-12.5". It refuses with
// ErrSyntax as Parse does, with ErrRange beyond 12 digits before the point and with ErrPrecision beyond
// 6 digits after it; zeros at the end do not count.
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

// Round reads a plain decimal as ParseDecimal does and rounds it to a number of places, halves away from
// zero: a unit price of "10.799999999999999" to six is "10.8". exact is false where that changed the
// number.
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

// round cuts the number to fewer places than it has, halves away from zero.
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

// decimal is the canonical text of a number.
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

// String is the canonical text: "-12.5".
func (d Decimal) String() string { return string(d) }

// In is the decimal as an amount of a currency where it is exactly one, else an error of Parse. Shops
// that pad totals to six places ("12.500000") are read this way.
func (d Decimal) In(currency string) (Amount, error) {
	return Parse(string(d), currency)
}
