package money

import "github.com/bojanz/currency"

// Valid reports whether code is a current ISO 4217 currency in capitals, such as "EUR".
func Valid(code string) bool {
	_, ok := Digits(code)
	return ok
}

// Digits is the number of places after the point that ISO 4217 gives a currency: 0 for JPY, 2 for EUR,
// 3 for KWD. It is false for a code that is none.
func Digits(code string) (int, bool) {
	n, ok := currency.GetDigits(code)
	return int(n), ok
}

// Currencies lists all codes that Valid accepts, the ten most traded first. The slice is the caller's.
func Currencies() []string {
	return append([]string(nil), currency.GetCurrencyCodes()...)
}
