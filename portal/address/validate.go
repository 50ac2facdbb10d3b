package address

import (
	"errors"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Reason says what is wrong with a field.
type Reason string

// The reasons of a FieldError.
const (
	// Required: the country requires the field and it is empty.
	Required Reason = "required"
	// Unknown: the country does not exist.
	Unknown Reason = "unknown"
	// Pattern: the postal code does not match the country's pattern.
	Pattern Reason = "pattern"
	// TooLong: more than MaxLength runes.
	TooLong Reason = "too_long"
	// Control: control characters, line breaks, changes of writing direction or invalid UTF-8, which would
	// make a label show something other than what was typed.
	Control Reason = "control"
	// BadPhone: not a phone number.
	BadPhone Reason = "phone"
	// PhoneWords: the phone number contains words, or letters in place of digits.
	PhoneWords Reason = "phone_words"
	// PhoneExtension: an extension follows the phone number.
	PhoneExtension Reason = "phone_extension"
	// BadChoice: the country has a list of areas, and the area is not on it.
	BadChoice Reason = "choice"
)

// FieldError is one problem with an address; Validate returns at most one per field.
type FieldError struct {
	Field  Name   `json:"field"`
	Reason Reason `json:"reason"`
}

// Validate checks a normalised address and returns its errors in the order of Names. Fields that the
// country does not use are allowed, because shops send them.
func (a *Formats) Validate(addr Address) []FieldError {
	n := a.country(addr.Country)
	var list []FieldError
	for _, name := range Names() {
		text := addr.Get(name)
		reason := checkText(text)
		if reason == "" {
			reason = checkField(n, addr, name)
		}
		if reason != "" {
			list = append(list, FieldError{name, reason})
		}
	}
	return list
}

// checkText returns what is wrong with a text, whatever its field, or "".
func checkText(text string) Reason {
	if !utf8.ValidString(text) {
		return Control
	}
	if utf8.RuneCountInString(text) > MaxLength {
		return TooLong
	}
	if slices.ContainsFunc([]rune(text), forbidden) {
		return Control
	}
	return ""
}

// forbidden reports whether r is a control character, a line or paragraph separator, or an embedding,
// override or isolate of writing direction. Joiners and direction marks are allowed, because names and
// emoji need them.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || r == 0x2028 || r == 0x2029 ||
		r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// checkField returns what is wrong with a field in the given country, or ""; n is nil if the country is
// unknown.
func checkField(n *country, addr Address, name Name) Reason {
	text := addr.Get(name)
	switch {
	case name == Country && text != "" && n == nil:
		return Unknown
	case text == "" && required(n, addr, name):
		return Required
	case text == "":
		return ""
	case name == Phone:
		_, err := ParsePhone(text, addr.Country)
		return PhoneReason(err)
	case n != nil && name == PostalCode && n.pattern != nil:
		if !n.pattern.MatchString(text) {
			return Pattern
		}
	case n != nil && name == AdministrativeArea && len(n.choices) > 0:
		if !slices.ContainsFunc(n.choices, func(c Choice) bool { return c.Code == text }) {
			return BadChoice
		}
	}
	return ""
}

// PhoneReason returns the Reason for an error of ParsePhone, or "" for nil.
func PhoneReason(err error) Reason {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrPhoneWords):
		return PhoneWords
	case errors.Is(err, ErrPhoneExtension):
		return PhoneExtension
	}
	return BadPhone
}

// required reports whether a field must be filled in. A company may replace the last name.
func required(n *country, addr Address, name Name) bool {
	switch {
	case name == Country:
		return true
	case name == LastName:
		return addr.Company == ""
	case n == nil:
		return false
	}
	return slices.ContainsFunc(n.form, func(f Field) bool { return f.Name == name && f.Required })
}
