package address

import (
	"strings"
	"testing"

	data "github.com/Boostport/address"
)

// TestAreasByISOCode checks that the codes that shop systems send are read, and shown as the post of the
// country writes the area: by its name, or by the letters that are usual there.
func TestAreasByISOCode(t *testing.T) {
	t.Parallel()
	tests := []struct{ country, given, code, shown string }{
		{"JP", "JP-13", "13", "Tokyo"},
		{"JP", "JP13", "13", "Tokyo"},
		{"JP", "jp_01", "01", "Hokkaido"},
		{"TR", "TR34", "34", "İstanbul"},
		{"TR", "TR-34", "34", "İstanbul"},
		{"US", "US-CA", "CA", "CA"},
		{"US", "CA", "CA", "CA"},
		{"US", "us ny", "NY", "NY"},
		{"US", "New York", "NY", "NY"},
		{"ES", "ES-B", "B", "Barcelona"},
		{"IT", "IT-RM", "RM", "RM"},
		{"IE", "IE-D", "D", "Co. Dublin"},
		{"CN", "CN-BJ", "11", "Beijing Shi"},
		{"CN", "CN-11", "11", "Beijing Shi"},
		{"CN", "CN11", "CN11", "CN11"},
		{"AE", "AE-DU", "DU", "Dubai"},
		{"US", "US-ZZ", "US-ZZ", "US-ZZ"},
		{"US", "CA-CA", "CA-CA", "CA-CA"},
		{"US", "US", "US", "US"},
		{"SK", "SK-BL", "SK-BL", ""},
		{"US", "", "", ""},
	}
	formats := New()
	for _, test := range tests {
		addr := formats.Normalise(Address{LastName: "A", Line1: "b", City: "c", Country: test.country,
			AdministrativeArea: test.given})
		lines := strings.Join(formats.Lines(addr, ""), "\n")
		if addr.AdministrativeArea != test.code || !strings.Contains(lines, test.shown) {
			t.Errorf("%s in %s is %q, shown as %q", test.given, test.country, addr.AdministrativeArea, lines)
		}
		if again := formats.Normalise(addr); again != addr {
			t.Errorf("%s in %s is %q when read again", test.given, test.country, again.AdministrativeArea)
		}
	}
}

// TestEveryAreaIsReadWithItsCountry checks that each area of each country is found by its ISO code, and that
// no code of an area is taken for another's.
func TestEveryAreaIsReadWithItsCountry(t *testing.T) {
	t.Parallel()
	formats := New()
	for _, item := range data.ListCountries("en") {
		for _, choice := range formats.country(item.Code).choices {
			for _, given := range []string{choice.Code, item.Code + "-" + choice.Code} {
				if got := formats.country(item.Code).area(given); got != choice.Code {
					t.Errorf("%s in %s is %q", given, item.Code, got)
				}
			}
		}
	}
}
