package money

import (
	"strings"

	"github.com/bojanz/currency"
)

// Canonical is a code of ISO 4217 in capitals: "EUR" for " eur". It is false for a text that is none; codes
// that are no longer in force count, because old orders are in them.
func Canonical(code string) (string, bool) {
	code = strings.ToUpper(strings.TrimSpace(code))
	return code, Valid(code)
}

// Valid reports whether code is an ISO 4217 currency in capitals, such as "EUR", in force or not.
func Valid(code string) bool {
	_, ok := Digits(code)
	return ok
}

// Digits is the number of places after the point that ISO 4217 gives a currency: 0 for JPY, 2 for EUR,
// 3 for KWD. It is false for a code that is none.
func Digits(code string) (int, bool) {
	if n, ok := currency.GetDigits(code); ok {
		return int(n), true
	}
	if len(code) != 3 || strings.Contains(code, " ") {
		return 0, false
	}
	for n, codes := range [...]string{0: noPlaces, 2: twoPlaces, 3: threePlaces, 4: fourPlaces} {
		if strings.Contains(codes, code) {
			return n, true
		}
	}
	return 0, false
}

// Currencies lists all codes that Valid accepts, the ten most traded first. The slice is the caller's.
func Currencies() []string {
	codes := append([]string(nil), currency.GetCurrencyCodes()...)
	for code := range strings.FieldsSeq(noPlaces + " " + twoPlaces + " " + threePlaces + " " + fourPlaces) {
		if !currency.IsValid(code) {
			codes = append(codes, code)
		}
	}
	return codes
}
