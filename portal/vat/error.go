package vat

// Reason says why a text is no VAT ID. The values are stable and fit into message keys.
type Reason string

// The reasons. Each error has one, the first that was met.
const (
	// Empty: nothing is left without separators.
	Empty Reason = "empty"
	// Characters: something other than ASCII letters, digits, "+", "*" and separators, such as
	// full-width digits or Cyrillic letters that look Latin. Changing them silently would hide
	// a copy that went wrong.
	Characters Reason = "characters"
	// Country: the prefix is unknown, or there is none and the company's country does not supply one.
	Country Reason = "country"
	// Format: the length is wrong (or the text longer than 40 bytes), or letters and digits are not
	// where they belong.
	Format Reason = "format"
	// Checksum: the shape is right, but no such number is issued: a check digit does not agree, or
	// a part is out of its range (a birth date, a reserved block).
	Checksum Reason = "checksum"
)

// Error is what Parse returns for a text that is no VAT ID. It does not repeat the text, so it may be
// logged.
type Error struct {
	Reason  Reason
	Country string // the prefix by which the text was judged, as in ID; "" when there was none
	Example string // Example(Country); "" when Country is
}

// Error describes the fault for logs.
func (e *Error) Error() string {
	if e.Country == "" {
		return "vat: " + string(e.Reason)
	}
	return "vat: " + string(e.Reason) + ", expected like " + e.Example
}

func fault(r Reason, prefix string) *Error {
	return &Error{Reason: r, Country: prefix, Example: Example(prefix)}
}
