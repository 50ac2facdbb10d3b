// Package vat reads VAT IDs as people type them and says whether they can exist: country prefix,
// shape and check digits, for the 27 states of the EU, Northern Ireland (XI), Great Britain,
// Switzerland and Norway.
//
// It owns the canonical form. It does not know whether an ID was ever issued or is still in force:
// that is a question for VIES or a national register. It must not know shops, companies, languages,
// storage or the network; its errors are data from which others make sentences.
package vat

import "strings"

// maxLen is the longest text looked at, in bytes. The longest real ID has 14 characters; the rest is
// room for separators.
const maxLen = 40

// ID is a VAT ID that passed Parse. Country is the prefix VIES uses (EL for Greece, XI for Northern
// Ireland); Body is what follows it, in upper case and without separators. The Swiss body begins with
// the E of CHE; the words for "VAT" that Switzerland and Norway append are not part of it. The zero
// ID means none.
type ID struct{ Country, Body string }

// String returns the canonical form, such as "SK1234567895", or "" for the zero ID. It is the form to
// store, to compare and to parse again.
func (id ID) String() string { return id.Country + id.Body }

// Parse reads text as a VAT ID. Letters may be in either case; spaces, dots, dashes and slashes are
// dropped; GR is read as EL. Country is the ISO 3166 code of the company's country, or "": it supplies
// a prefix that is missing and forbids none, as a Slovak company may hold a Czech ID. Text that is
// valid both with the prefix it carries and as a body of country is read by its prefix. Every error
// is an *Error.
func Parse(text, country string) (ID, error) {
	home := prefixOf(country)
	s, reason := normalise(text)
	if reason != "" {
		return ID{}, fault(reason, home)
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

// likelier picks which of two failed readings of s to report: by the prefix it carries, or as a body
// without one. A body with the right shape was meant as one; else letters in front were meant as a prefix.
func likelier(s string, foreign, own *Error) *Error {
	switch {
	case own.Reason == Checksum && foreign.Reason != Checksum:
		return own
	case foreign.Reason != Country:
		return foreign
	case startsWithLetters(s):
		return fault(Country, own.Country)
	}
	return own
}

func startsWithLetters(s string) bool {
	return len(s) >= 2 && isLetter(s[0]) && isLetter(s[1])
}

func parsePrefixed(s string) (ID, *Error) {
	if !startsWithLetters(s) {
		return ID{}, fault(Country, "")
	}
	prefix := s[:2]
	if prefix == "GR" {
		prefix = "EL"
	}
	if _, ok := ruleOf(prefix); !ok {
		return ID{}, fault(Country, "")
	}
	return parseBody(prefix, s[2:])
}

// parseBody judges body by the rule of a known prefix.
func parseBody(prefix, body string) (ID, *Error) {
	body = complete(prefix, body)
	rule, _ := ruleOf(prefix)
	switch {
	case !rule.fits(body):
		return ID{}, fault(Format, prefix)
	case strings.Trim(body, "0") == "" || !rule.check(body):
		return ID{}, fault(Checksum, prefix)
	}
	return ID{Country: prefix, Body: body}, nil
}

// Example returns an ID for hints, made up but valid, such as "SK1234567895". Country is an ISO 3166
// code or a prefix; for one without a rule here the answer is "".
func Example(country string) string {
	prefix := prefixOf(country)
	rule, _ := ruleOf(prefix)
	return prefix + rule.example
}
