package address

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// shape describes how a country splits its postal codes: sep comes before the last tail characters.
type shape struct {
	tail int
	sep  string
}

func shapes() map[string]shape {
	return map[string]shape{
		"SK": {2, " "}, "CZ": {2, " "}, "SE": {2, " "}, "GR": {2, " "}, "NL": {2, " "},
		"GB": {3, " "}, "GG": {3, " "}, "JE": {3, " "}, "IM": {3, " "}, "CA": {3, " "},
		"IE": {4, " "}, "MT": {4, " "}, "PL": {3, "-"}, "PT": {3, "-"}, "BR": {3, "-"},
		"JP": {4, "-"}, "LV": {4, "-"}, "KY": {4, "-"}, "IR": {5, "-"},
		"US": {4, "-"}, "PR": {4, "-"}, "VI": {4, "-"}, "GU": {4, "-"}, "AS": {4, "-"}, "MP": {4, "-"},
		"GI": {3, " "}, "FK": {3, " "}, "TC": {3, " "}, "SH": {3, " "}, "IO": {3, " "}, "PN": {3, " "},
	}
}

// postalCode formats a postal code as its country does: in capitals, with ASCII digits and the country's
// separator. People put separators elsewhere or leave them out, add the country ("SK-81101", "L-1111"), or
// omit it where it is required ("1073" in Latvia). A text that does not match the pattern is kept for
// Validate to report.
func (n *country) postalCode(text string) string {
	text = strings.ToUpper(norm.NFKC.String(text))
	if n.pattern == nil {
		return text
	}
	bare := strings.Map(alphanumeric, text)
	var candidates []string
	for _, written := range []string{bare, text} { // some separators occur only in the pattern: "LIMA 12"
		candidates = append(candidates, written)
		for _, prefix := range n.prefixes {
			// a code that passed through two systems may have the prefix twice
			for rest := written; strings.HasPrefix(rest, prefix); {
				rest = strings.TrimLeft(rest[len(prefix):], " -")
				candidates = append(candidates, rest)
			}
		}
	}
	for _, candidate := range append(candidates, n.code+bare) {
		if shaped, ok := n.shaped(candidate); ok {
			return shaped
		}
	}
	return text
}

// shaped inserts the country's separator into a postal code and reports whether the result matches the
// pattern.
func (n *country) shaped(bare string) (string, bool) {
	if len(bare) > n.shape.tail && n.shape.tail > 0 {
		cut := len(bare) - n.shape.tail
		if shaped := bare[:cut] + n.shape.sep + bare[cut:]; n.pattern.MatchString(shaped) {
			return shaped, true
		}
	}
	return bare, n.pattern.MatchString(bare)
}

// postalPrefixes returns the texts that people write before a postal code of the country: the prefix of its
// own format, its ISO 3166-1 codes, and its vehicle registration code, which European posts recommended
// until the 1990s.
func (n *country) postalPrefixes() []string {
	var prefixes []string
	add := func(text string) {
		text = strings.Map(alphanumeric, strings.ToUpper(text))
		if text != "" && !slices.Contains(prefixes, text) {
			prefixes = append(prefixes, text)
		}
	}
	add(n.local.postalLead())
	add(n.latin.postalLead())
	add(n.code)
	if region, err := language.ParseRegion(n.code); err == nil {
		add(region.ISO3())
	}
	add(roadSigns()[n.code])
	return prefixes
}

// roadSigns returns the vehicle registration codes that differ from the ISO 3166-1 code.
func roadSigns() map[string]string {
	return map[string]string{
		"AT": "A", "BE": "B", "DE": "D", "ES": "E", "FR": "F", "FI": "FIN", "HU": "H", "IT": "I",
		"LI": "FL", "LU": "L", "MT": "M", "NO": "N", "PT": "P", "SE": "S", "SI": "SLO", "SM": "RSM",
		"VA": "V", "EE": "EST", "IE": "IRL", "RS": "SRB", "BA": "BIH", "ME": "MNE", "XK": "RKS",
		"RU": "RUS", "JP": "J", "CA": "CDN", "AU": "AUS",
	}
}

// alphanumeric keeps ASCII letters and digits.
func alphanumeric(r rune) rune {
	if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
		return r
	}
	return -1
}

// examples returns well-known postal codes of the countries that shops deliver to most.
func examples() map[string]string {
	return map[string]string{
		"AT": "1010", "AU": "2060", "BE": "1000", "BG": "1000", "CA": "K1A 0B1", "CH": "3030",
		"CY": "2008", "CZ": "110 00", "DE": "10115", "DK": "1566", "EE": "69501", "ES": "28039",
		"FI": "00550", "FR": "75001", "GB": "SW1A 1AA", "GR": "151 24", "HR": "10000", "HU": "1037",
		"IE": "A65 F4E2", "IS": "101", "IT": "00144", "JP": "100-0001", "LI": "9490", "LT": "04340",
		"LU": "4750", "LV": "LV-1073", "MT": "NXR 0001", "NL": "1012 JS", "NO": "0025", "NZ": "6001",
		"PL": "00-001", "PT": "2725-079", "RO": "010001", "RS": "11000", "SE": "114 55", "SI": "1000",
		"SK": "811 01", "UA": "01001", "US": "94103",
	}
}
