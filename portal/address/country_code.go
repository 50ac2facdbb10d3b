package address

import (
	"strings"
	"unicode"

	data "github.com/Boostport/address"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// CountryCode finds the ISO 3166-1 alpha-2 code that a shop means: by a code of two or three letters in any
// case, a code that the EU or customs use ("EL", "XI", "IC"), or a name in a language of Countries or in
// the country's own. It is "" for a text that means no country for certain.
func (a *Atlas) CountryCode(text string) string {
	folded := folded(text)
	if folded == "" {
		return ""
	}
	if code := strings.ToUpper(folded); len(code) == 2 && a.nations[code] != nil {
		return code
	}
	if code, ok := otherNames()[folded]; ok {
		return code
	}
	if region, err := language.ParseRegion(folded); err == nil && len(folded) == 3 {
		if code := region.String(); a.nations[code] != nil {
			return code
		}
	}
	codes := a.codesByName()
	if code := codes[folded]; code != "" {
		return code
	}
	return codes[strings.TrimPrefix(strings.TrimSuffix(folded, "the"), "the")] // "Netherlands (the)"
}

// countryCode is CountryCode, or the text where that finds nothing, a code in capitals.
func (a *Atlas) countryCode(text string) string {
	if code := a.CountryCode(text); code != "" {
		return code
	}
	if len(text) <= 3 {
		return strings.ToUpper(text)
	}
	return text
}

// folded keeps the letters of a text, small and without accents, so that "Côte d’Ivoire" and "cote
// d'ivoire" are one.
func folded(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKD.String(strings.ReplaceAll(text, "&", "and")))
}

// newCodesByName gathers the names of the countries: in English, in the portal's languages, then in each
// country's own. The first country that a name belongs to keeps it.
func newCodesByName(names map[string]*names) map[string]string {
	codes := make(map[string]string)
	add := func(name, code string) {
		if name = folded(name); name != "" && codes[name] == "" {
			codes[name] = code
		}
	}
	for _, lang := range languages() {
		for _, item := range names[lang].sorted {
			add(item.Name, item.Code)
		}
	}
	for _, item := range names["en"].sorted {
		tag, err := language.Parse(data.GetCountry(item.Code).DefaultLanguage)
		if namer := display.Regions(tag); err == nil && namer != nil {
			add(namer.Name(language.MustParseRegion(item.Code)), item.Code)
		}
	}
	return codes
}

// otherNames are codes and names that shops send and that neither ISO 3166-1 nor the catalogue has, folded:
// the exceptional reservations of ISO 3166, the prefixes of VAT IDs, and names that were official once or
// are used by everybody.
func otherNames() map[string]string {
	return map[string]string{
		"uk": "GB", "xi": "GB", "el": "GR", "ic": "ES", "ea": "ES", "fx": "FR", "rom": "RO", "xkx": "XK",
		"rks": "XK", "greatbritain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
		"northernireland": "GB", "unitedkingdomofgreatbritainandnorthernireland": "GB",
		"czechrepublic": "CZ", "ceskarepublika": "CZ", "slovakrepublic": "SK", "slovenskarepublika": "SK",
		"holland": "NL", "unitedstatesofamerica": "US", "russianfederation": "RU", "republicofkorea": "KR",
		"korearepublicof": "KR", "korea": "KR", "republicofireland": "IE", "eire": "IE", "macedonia": "MK",
		"turkiye": "TR", "ivorycoast": "CI", "moldovarepublicof": "MD", "republicofmoldova": "MD",
		"iranislamicrepublicof": "IR", "taiwanprovinceofchina": "TW", "tanzaniaunitedrepublicof": "TZ",
		"venezuelabolivarianrepublicof": "VE", "boliviaplurinationalstateof": "BO",
		"bruneidarussalam": "BN", "syrianarabrepublic": "SY", "capeverde": "CV", "swaziland": "SZ",
		"burma": "MM", "hongkong": "HK", "macau": "MO", "macao": "MO", "holysee": "VA", "bosnia": "BA",
		"palestine": "PS", "canaryislands": "ES", "islascanarias": "ES", "kanarischeinseln": "ES",
		"deutschlandbrd": "DE", "osterreich": "AT", "bundesrepublikdeutschland": "DE",
		"schweizerischeeidgenossenschaft": "CH",
	}
}
