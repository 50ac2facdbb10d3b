package money

import (
	"strings"

	"github.com/bojanz/currency"
)

// Canonical returns an ISO 4217 code in capitals: "EUR" for " eur". It returns false for any other text.
// Withdrawn codes are valid, because old orders contain them.
func Canonical(code string) (string, bool) {
	code = strings.ToUpper(strings.TrimSpace(code))
	return code, Valid(code)
}

// Valid reports whether code is an ISO 4217 currency in capitals, such as "EUR", active or withdrawn.
func Valid(code string) bool {
	_, ok := Digits(code)
	return ok
}

// Digits returns the number of decimal places of a currency in ISO 4217: 0 for JPY, 2 for EUR, 3 for KWD.
// It returns false for an unknown code.
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

// Currencies lists all codes that Valid accepts, the ten most traded first. The caller may modify the
// slice.
func Currencies() []string {
	codes := append([]string(nil), currency.GetCurrencyCodes()...)
	for code := range strings.FieldsSeq(noPlaces + " " + twoPlaces + " " + threePlaces + " " + fourPlaces) {
		if !currency.IsValid(code) {
			codes = append(codes, code)
		}
	}
	return codes
}
