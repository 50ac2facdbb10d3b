package vat

// Reason says why a text is not a VAT ID. The values are stable and can be used in message keys.
type Reason string

// The reasons. Each error has one: the first that was found.
const (
	// Empty: the text contains only separators, or nothing.
	Empty Reason = "empty"
	// Characters: something other than ASCII letters, digits, "+", "*" and separators, such as full-width
	// digits or Cyrillic letters that look Latin. Converting them silently would hide a copying error.
	Characters Reason = "characters"
	// Country: the prefix is unknown, or it is missing and cannot be derived from the company's country.
	Country Reason = "country"
	// Format: the length is wrong (or the text longer than 40 bytes), or letters and digits are in the
	// wrong positions.
	Format Reason = "format"
	// Checksum: the format is right, but no such number is issued: a check digit is wrong, or a part is out
	// of range (a date of birth, a reserved block).
	Checksum Reason = "checksum"
)

// Error is the error of Parse for a text that is not a VAT ID. It does not contain the text, so it may be
// logged.
type Error struct {
	Reason  Reason
	Country string // the prefix used to check the text, as in ID; "" if there was none
	Example string // Example(Country); "" if Country is ""
}

// Error returns the text for the log.
func (e *Error) Error() string {
	if e.Country == "" {
		return "vat: " + string(e.Reason)
	}
	return "vat: " + string(e.Reason) + ", expected like " + e.Example
}

func newError(r Reason, prefix string) *Error {
	return &Error{Reason: r, Country: prefix, Example: Example(prefix)}
}
