package address

import (
	"slices"
	"strings"
	"unicode"

	data "github.com/Boostport/address"
)

// Lines writes the address as its country does, one string a line, without telephone. An address in
// Latin letters is written the Latin way where the country has one. With a language (of Countries) the
// country's name is the last line, in capitals, as the Universal Postal Union asks of mail that goes
// abroad; with "" it is left out. An unknown country gives the plain order of most, and its text as it is.
func (a *Atlas) Lines(addr Address, lang string) []string {
	n := a.nation(addr.Country)
	if n == nil {
		n = elsewhere()
	}
	lines := n.lines(addr)
	if lang == "" {
		return lines
	}
	name := a.CountryName(addr.Country, lang)
	if name == "" {
		name = addr.Country // as it was given
	}
	if name != "" {
		lines = a.withoutOwnCountry(addr.Country, lines)
		lines = append(lines, strings.ToUpper(name))
	}
	return lines
}

// withoutOwnCountry leaves out the line by which a country's own format names it ("GUERNSEY"), where the
// name in the reader's language follows.
func (a *Atlas) withoutOwnCountry(country string, lines []string) []string {
	n := a.nation(country)
	if n == nil {
		return lines
	}
	return slices.DeleteFunc(lines, func(text string) bool { return n.latin.isFixed(text) || n.local.isFixed(text) })
}

// elsewhere writes an address of no known country with all that it has.
func elsewhere() *nation {
	plain := parseLayout("%N%n%O%n%A%n%D%n%Z %C%n%S")
	return &nation{local: plain, latin: plain, allowed: plain.fields()}
}

func (n *nation) lines(addr Address) []string {
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

// homeless is what the country's format has no place for and the carrier still needs: shops send a city
// for Japan and Singapore too. It goes under the street.
func (n *nation) homeless(addr Address) string {
	var texts []string
	if !n.uses(data.DependentLocality) {
		texts = append(texts, addr.DependentLocality)
	}
	if !n.uses(data.Locality) {
		texts = append(texts, addr.City)
	}
	return joined(", ", texts...)
}

// uses reports whether the country's addresses have such a field.
func (n *nation) uses(f data.Field) bool { return slices.Contains(n.allowed, f) }

// fullName puts the family name first where that is the custom; Chinese, Japanese and Korean names in
// their own letters have it first and stand without a space.
func (n *nation) fullName(addr Address, inLatin bool) string {
	switch {
	case n.familyFirst():
		return joined(" ", addr.LastName, addr.FirstName)
	case !inLatin && !anyLatin(addr.LastName+addr.FirstName) && slices.Contains([]string{"CN", "HK", "JP", "KP", "KR", "MO", "TW"}, n.code):
		return addr.LastName + addr.FirstName
	}
	return joined(" ", addr.FirstName, addr.LastName)
}

// anyLatin reports whether a name has a Latin letter: "Anna Nováková" is written so in Tokyo, too.
func anyLatin(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Latin, r) })
}

// familyFirst tells the countries that write the family name first in Latin letters too.
func (n *nation) familyFirst() bool { return n.code == "HU" || n.code == "VN" }

// latin reports whether no letter of the street, the city or the name is of another script.
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

// joined joins the texts that are not empty.
func joined(between string, texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), between)
}
