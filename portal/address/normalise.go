package address

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"postern/portal/clean"
)

// Normalise returns an address in canonical form: Unicode NFC, with white space (including line breaks)
// trimmed and collapsed and invisible characters removed; the country as a code if CountryCode finds one;
// the postal code as written in the country; an area as a code if the country's list has the given code or
// name, also with the country before it; the phone number in E.164. Values that cannot be read stay as they
// are, for Validate to report. Applying it again changes nothing.
func (a *Formats) Normalise(addr Address) Address {
	for _, name := range Names() {
		addr.Set(name, tidy(addr.Get(name)))
	}
	for _, code := range []Name{PostalCode, SortingCode, Country, Phone} {
		addr.Set(code, clean.Code(addr.Get(code)))
	}
	addr.Country = a.countryCode(addr.Country)
	if e164, err := ParsePhone(addr.Phone, addr.Country); err == nil {
		addr.Phone = e164
	}
	n := a.country(addr.Country)
	if n == nil {
		return addr
	}
	addr.PostalCode = n.postalCode(addr.PostalCode)
	addr.AdministrativeArea = n.area(addr.AdministrativeArea)
	return addr
}

// tidy leaves invalid UTF-8 unchanged, for Validate to report.
func tidy(s string) string {
	if utf8.ValidString(s) {
		s, _ = clean.Line(s)
	}
	return strings.Join(strings.Fields(norm.NFC.String(s)), " ")
}
