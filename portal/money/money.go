// Package money owns exact amounts: totals in minor units of an ISO 4217 currency, decimals as a shop
// gave them (unit prices, quantities), and both as a language writes them.
//
// There is no floating point in it, and what cannot be held exactly is refused, unless Round is asked for
// by name. It must not know about orders, taxes, shops, requests or storage.
package money

import "errors"

// What Parse and ParseDecimal refuse. None of them repeats the input.
var (
	// ErrCurrency says that a code is no ISO 4217 currency.
	ErrCurrency = errors.New("money: currency")
	// ErrSyntax says that a text is not a plain decimal such as "-12.50".
	ErrSyntax = errors.New("money: syntax")
	// ErrPrecision says that there are more places after the point than can be kept.
	ErrPrecision = errors.New("money: precision")
	// ErrRange says that a number is too large.
	ErrRange = errors.New("money: range")
)
