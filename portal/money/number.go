package money

import "strings"

// number is a plain decimal split into its parts: ASCII digits only, at least one before the point.
type number struct {
	negative    bool
	whole, frac string
}

// scan parses "-12.50". Like JSON, it refuses leading zeros, so that each whole number has only one
// spelling.
func scan(s string) (number, error) {
	var n number
	s, n.negative = strings.CutPrefix(s, "-")
	var point bool
	n.whole, n.frac, point = strings.Cut(s, ".")
	if !digits(n.whole) || point && !digits(n.frac) {
		return number{}, ErrSyntax
	}
	if len(n.whole) > 1 && n.whole[0] == '0' {
		return number{}, ErrSyntax
	}
	return n, nil
}

// digits reports whether s is one or more ASCII digits.
func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
