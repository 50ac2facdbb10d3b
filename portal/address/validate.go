package address

import (
	"errors"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Reason says what is wrong with a field.
type Reason string

// The reasons of a Fault.
const (
	// Required: the country asks for the field and it is empty.
	Required Reason = "required"
	// Unknown: there is no such country.
	Unknown Reason = "unknown"
	// Pattern: the postal code is not one of the country.
	Pattern Reason = "pattern"
	// TooLong: more than MaxLength runes.
	TooLong Reason = "too_long"
	// Control: control characters, line breaks, changes of writing direction or broken UTF-8, which
	// make a label show something else than was typed.
	Control Reason = "control"
	// BadPhone: no telephone number.
	BadPhone Reason = "phone"
	// PhoneWords: words beside the telephone number, or letters in place of digits.
	PhoneWords Reason = "phone_words"
	// PhoneExtension: an extension behind the telephone number.
	PhoneExtension Reason = "phone_extension"
	// BadChoice: the country has a list of areas and this is none of them.
	BadChoice Reason = "choice"
)

// Fault is one thing to mend; Validate gives at most one a field.
type Fault struct {
	Field  Name   `json:"field"`
	Reason Reason `json:"reason"`
}

// Validate checks an address that Normalise has been at, and names the faults in the order of Names.
// Fields that the country does not use are allowed: shops send them.
func (a *Atlas) Validate(addr Address) []Fault {
	n := a.nation(addr.Country)
	var faults []Fault
	for _, name := range Names() {
		text := addr.Get(name)
		reason := textFault(text)
		if reason == "" {
			reason = fieldFault(n, addr, name)
		}
		if reason != "" {
			faults = append(faults, Fault{name, reason})
		}
	}
	return faults
}

// textFault is what is wrong with a text in any field.
func textFault(text string) Reason {
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

// forbidden are control characters, line and paragraph separators, and the embeddings, overrides and
// isolates of writing direction. Joiners and direction marks stay: names and emoji need them.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || r == 0x2028 || r == 0x2029 ||
		r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// fieldFault is what is wrong with a field in the light of the country; n is nil where that is unknown.
func fieldFault(n *nation, addr Address, name Name) Reason {
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

// PhoneReason is what an error of ParsePhone is called, "" for none.
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

// required tells what must be filled in. A company can stand for a person.
func required(n *nation, addr Address, name Name) bool {
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
