package address

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"postern/portal/validate"
)

// Normalise writes an address in its one form: white space trimmed and collapsed (line breaks too), without
// what cannot be seen, Unicode NFC, the country by its code where CountryCode finds one, the postal code as
// the country writes it, an area by its code where a code or a name of the country's list was given, the
// telephone in E.164. What cannot be read is left as it is, for Validate to name. Doing it twice changes
// nothing more.
func (a *Atlas) Normalise(addr Address) Address {
	for _, name := range Names() {
		addr.Set(name, tidy(addr.Get(name)))
	}
	for _, code := range []Name{PostalCode, SortingCode, Country, Phone} {
		addr.Set(code, validate.Code(addr.Get(code)))
	}
	addr.Country = a.countryCode(addr.Country)
	if e164, err := ParsePhone(addr.Phone, addr.Country); err == nil {
		addr.Phone = e164
	}
	n := a.nation(addr.Country)
	if n == nil {
		return addr
	}
	addr.PostalCode = n.postalCode(addr.PostalCode)
	if code, ok := n.areas[strings.ToLower(addr.AdministrativeArea)]; ok {
		addr.AdministrativeArea = code
	}
	return addr
}

// tidy leaves broken UTF-8 as it is, for Validate to name.
func tidy(s string) string {
	if utf8.ValidString(s) {
		s, _ = validate.Line(s)
	}
	return strings.Join(strings.Fields(norm.NFC.String(s)), " ")
}
