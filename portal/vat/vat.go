// Package vat parses VAT IDs as people type them and checks whether they are possible: country prefix,
// format and check digits, for the 27 EU member states, Northern Ireland (XI), Great Britain, Switzerland
// and Norway.
//
// It owns the canonical form. It cannot tell whether an ID was ever issued or is still valid; that is a
// question for VIES or a national register. It must not know about shops, companies, languages, storage or
// the network; its errors are data from which others make messages.
package vat

import "strings"

// maxLen is the maximum length of a text in bytes. The longest real ID has 14 characters; the rest allows
// for separators.
const maxLen = 40

// ID is a VAT ID accepted by Parse. Country is the VIES prefix (EL for Greece, XI for Northern Ireland);
// Body is the rest, in upper case and without separators. A Swiss body begins with the E of CHE. The
// abbreviation for VAT that Switzerland and Norway append is not included. The zero ID means none.
type ID struct{ Country, Body string }

// String returns the canonical form, such as "SK1234567895", or "" for the zero ID. Use it to store and
// compare IDs; Parse accepts it.
func (id ID) String() string { return id.Country + id.Body }

// Parse parses text as a VAT ID. It ignores case, spaces, dots, dashes and slashes, and reads GR as EL.
// country is the ISO 3166 code of the company's country, or "". It supplies a missing prefix but forbids
// none, because a Slovak company may have a Czech ID. If text is valid both with the prefix it carries and
// as a body in country, the prefix wins. Every error is an *Error.
func Parse(text, country string) (ID, error) {
	home := prefixOf(country)
	s, reason := normalise(text)
	if reason != "" {
		return ID{}, newError(reason, home)
	}
	id, foreign := parsePrefixed(s)
	if foreign == nil {
		return id, nil
	}
	if home == "" {
		return ID{}, foreign
	}
	id, own := parseBody(home, s)
	if own == nil {
		return id, nil
	}
	return ID{}, likelier(s, foreign, own)
}

// likelier chooses which of two failed readings of s to report: with the prefix it carries, or as a body
// without one. A text with the format of a body was meant as one; otherwise, leading letters were meant as
// a prefix.
func likelier(s string, foreign, own *Error) *Error {
	switch {
	case own.Reason == Checksum && foreign.Reason != Checksum:
		return own
	case foreign.Reason != Country:
		return foreign
	case startsWithLetters(s):
		return newError(Country, own.Country)
	}
	return own
}

func startsWithLetters(s string) bool {
	return len(s) >= 2 && isLetter(s[0]) && isLetter(s[1])
}

func parsePrefixed(s string) (ID, *Error) {
	if !startsWithLetters(s) {
		return ID{}, newError(Country, "")
	}
	prefix := s[:2]
	if prefix == "GR" {
		prefix = "EL"
	}
	if _, ok := ruleOf(prefix); !ok {
		return ID{}, newError(Country, "")
	}
	return parseBody(prefix, s[2:])
}

// parseBody checks a body against the rule of a known prefix.
func parseBody(prefix, body string) (ID, *Error) {
	body = complete(prefix, body)
	rule, _ := ruleOf(prefix)
	switch {
	case !rule.fits(body):
		return ID{}, newError(Format, prefix)
	case strings.Trim(body, "0") == "" || !rule.check(body):
		return ID{}, newError(Checksum, prefix)
	}
	return ID{Country: prefix, Body: body}, nil
}

// Example returns an invented but valid ID for hints, such as "SK1234567895". country is an ISO 3166 code
// or a prefix; without a rule for it, the result is "".
func Example(country string) string {
	prefix := prefixOf(country)
	rule, _ := ruleOf(prefix)
	return prefix + rule.example
}
