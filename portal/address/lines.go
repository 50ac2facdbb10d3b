package address

import (
	"slices"
	"strings"
	"unicode"

	data "github.com/Boostport/address"
)

// Lines formats the address as is usual in its country, one string per line, without the phone number. An
// address in Latin letters uses the country's Latin format if there is one. If lang is a language of
// Countries, the last line is the country's name in capitals, as the Universal Postal Union requires for
// international mail; if lang is "", it is left out. An unknown country gets a common format, and its text
// is used as it is.
func (a *Formats) Lines(addr Address, lang string) []string {
	n := a.country(addr.Country)
	if n == nil {
		n = elsewhere()
	}
	lines := n.lines(addr)
	if lang == "" {
		return lines
	}
	name := a.CountryName(addr.Country, lang)
	if name == "" {
		name = addr.Country // as given
	}
	if name != "" {
		lines = a.withoutOwnCountry(addr.Country, lines)
		lines = append(lines, strings.ToUpper(name))
	}
	return lines
}

// withoutOwnCountry removes the line with which a country's own format names it ("GUERNSEY"), because the
// name in the reader's language follows.
func (a *Formats) withoutOwnCountry(country string, lines []string) []string {
	n := a.country(country)
	if n == nil {
		return lines
	}
	return slices.DeleteFunc(lines,
		func(text string) bool { return n.latin.isFixed(text) || n.local.isFixed(text) })
}

// elsewhere returns the format for an address in an unknown country, with all fields.
func elsewhere() *country {
	plain := parseLayout("%N%n%O%n%A%n%D%n%Z %C%n%S")
	return &country{local: plain, latin: plain, allowed: plain.fields()}
}

func (n *country) lines(addr Address) []string {
	form, areas := n.latin, n.latinAreas
	inLatin := latin(addr)
	if !inLatin {
		form, areas = n.local, n.localAreas
	}
	area := addr.AdministrativeArea
	if text := areas[area]; text != "" {
		area = text
	}
	return form.fill(map[data.Field]string{
		data.Name:               n.fullName(addr, inLatin),
		data.Organization:       addr.Company,
		data.StreetAddress:      joined("\n", addr.Line1, addr.Line2, n.homeless(addr)),
		data.DependentLocality:  addr.DependentLocality,
		data.Locality:           addr.City,
		data.AdministrativeArea: area,
		data.PostCode:           form.barePostalCode(addr.PostalCode),
		data.SortingCode:        addr.SortingCode,
	})
}

// homeless returns texts that the country's format has no place for but the carrier still needs: shops send
// a city for Japan and Singapore too. They go under the street.
func (n *country) homeless(addr Address) string {
	var texts []string
	if !n.uses(data.DependentLocality) {
		texts = append(texts, addr.DependentLocality)
	}
	if !n.uses(data.Locality) {
		texts = append(texts, addr.City)
	}
	return joined(", ", texts...)
}

// uses reports whether the country's addresses have the field.
func (n *country) uses(f data.Field) bool { return slices.Contains(n.allowed, f) }

// fullName puts the family name first where that is the custom. Chinese, Japanese and Korean names in their
// own script also have it first, without a space.
func (n *country) fullName(addr Address, inLatin bool) string {
	switch {
	case n.familyFirst():
		return joined(" ", addr.LastName, addr.FirstName)
	case !inLatin && !anyLatin(addr.LastName+addr.FirstName) &&
		slices.Contains([]string{"CN", "HK", "JP", "KP", "KR", "MO", "TW"}, n.code):
		return addr.LastName + addr.FirstName
	}
	return joined(" ", addr.FirstName, addr.LastName)
}

// anyLatin reports whether a name has a Latin letter: "Anna Nováková" keeps this order in Tokyo too.
func anyLatin(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Latin, r) })
}

// familyFirst reports whether the country puts the family name first in Latin letters too.
func (n *country) familyFirst() bool { return n.code == "HU" || n.code == "VN" }

// latin reports whether the street, the city and the name have only Latin letters.
func latin(addr Address) bool {
	for _, text := range []string{addr.Line1, addr.City, addr.LastName, addr.FirstName} {
		for _, r := range text {
			if unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) && !unicode.Is(unicode.Common, r) {
				return false
			}
		}
	}
	return true
}

// joined joins the non-empty texts.
func joined(between string, texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), between)
}
