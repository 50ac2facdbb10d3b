// Package money handles exact amounts: totals in minor units of an ISO 4217 currency, decimals as given by
// a shop (unit prices, quantities), and the formatting of both for a language.
//
// It uses no floating point, and rejects values that it cannot represent exactly, unless Round is called
// explicitly. It must not know about orders, taxes, shops, requests or storage.
package money

import "errors"

// The errors of Parse and ParseDecimal. None of them repeats the input.
var (
	// ErrCurrency means that a code is not an ISO 4217 currency.
	ErrCurrency = errors.New("money: currency")
	// ErrSyntax means that a text is not a plain decimal such as "-12.50".
	ErrSyntax = errors.New("money: syntax")
	// ErrPrecision means that a number has too many decimal places.
	ErrPrecision = errors.New("money: precision")
	// ErrRange means that a number is too large.
	ErrRange = errors.New("money: range")
)
