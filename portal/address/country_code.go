package address

import (
	"strings"
	"unicode"

	data "github.com/Boostport/address"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"golang.org/x/text/unicode/norm"
)

// CountryCode finds the ISO 3166-1 alpha-2 code for a shop's text: a code of two or three letters in any
// case, a code used by the EU or customs ("EL", "XI", "IC"), or a name in a language of Countries or in the
// country's own. It returns "" if the text does not clearly mean one country.
func (a *Formats) CountryCode(text string) string {
	folded := folded(text)
	if folded == "" {
		return ""
	}
	if code := strings.ToUpper(folded); len(code) == 2 && a.countries[code] != nil {
		return code
	}
	if code, ok := otherNames()[folded]; ok {
		return code
	}
	if region, err := language.ParseRegion(folded); err == nil && len(folded) == 3 {
		if code := region.String(); a.countries[code] != nil {
			return code
		}
	}
	codes := a.codesByName()
	if code := codes[folded]; code != "" {
		return code
	}
	return codes[strings.TrimPrefix(strings.TrimSuffix(folded, "the"), "the")] // "Netherlands (the)"
}

// countryCode is CountryCode, but returns text if no code is found, in capitals if it is as short as a
// code.
func (a *Formats) countryCode(text string) string {
	if code := a.CountryCode(text); code != "" {
		return code
	}
	if len(text) <= 3 {
		return strings.ToUpper(text)
	}
	return text
}

// folded reduces a text to its letters, in lower case and without accents, so that "Côte d’Ivoire" and
// "cote d'ivoire" are equal.
func folded(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKD.String(strings.ReplaceAll(text, "&", "and")))
}

// newCodesByName collects the country names: in English, in the portal's other languages, then further and
// older names, then those in each country's own language. If several countries have a name, the first one
// keeps it.
func newCodesByName(names map[string]func() *names) map[string]string {
	codes := make(map[string]string)
	add := func(name, code string) {
		if name = folded(name); name != "" && codes[name] == "" {
			codes[name] = code
		}
	}
	for _, lang := range languages() {
		for _, item := range names[lang]().sorted {
			add(item.Name, item.Code)
		}
	}
	for _, lang := range languages() {
		for _, item := range names[lang]().others {
			add(item.Name, item.Code)
		}
		older := display.Regions(language.Make(lang))
		for code := range names[lang]().byCode {
			add(older.Name(language.MustParseRegion(code)), code)
		}
	}
	for _, item := range names["en"]().sorted {
		tag, err := language.Parse(data.GetCountry(item.Code).DefaultLanguage)
		if namer := display.Regions(tag); err == nil && namer != nil {
			add(namer.Name(language.MustParseRegion(item.Code)), item.Code)
		}
	}
	return codes
}

// otherNames maps further codes and names that shops send, folded, to ISO 3166-1 codes: exceptional
// reservations of ISO 3166, prefixes of VAT IDs, and former official or common names.
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
