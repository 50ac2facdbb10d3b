package address

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	data "github.com/Boostport/address"
)

// Formats holds the address formats of all countries. Create one with New and share it: it is safe for
// concurrent use.
type Formats struct {
	// countries are prepared when first used: most shops need few of the 250 countries, and compiling the
	// patterns of all of them would slow down every start of the program.
	countries map[string]func() *country
	names     map[string]func() *names // by language, read when first used
	// codesByName is built when first used too: most shops send codes.
	codesByName func() map[string]string
}

// New returns the formats; it takes a few milliseconds.
func New() *Formats {
	a := &Formats{countries: make(map[string]func() *country), names: make(map[string]func() *names)}
	examples, shapes := examples(), shapes()
	for _, item := range data.ListCountries("en") {
		a.countries[item.Code] = sync.OnceValue(func() *country {
			return newCountry(item.Code, examples[item.Code], shapes[item.Code])
		})
	}
	for _, lang := range languages() {
		a.names[lang] = sync.OnceValue(func() *names { return newNames(lang, a.countries) })
	}
	a.codesByName = sync.OnceValue(func() map[string]string { return newCodesByName(a.names) })
	return a
}

// country holds the data of one country, ready for use.
type country struct {
	code string
	// local is the format in the country's own script and with its names of areas; latin is for addresses
	// in Latin letters. For most countries they are the same.
	local, latin layout
	allowed      []data.Field
	pattern      *regexp.Regexp
	shape        shape
	prefixes     []string // texts that people write before a postal code, in capitals
	choices      []Choice
	// localAreas and latinAreas map the code of an area to its text on an envelope.
	localAreas, latinAreas map[string]string
	// areas maps a code, or a name in any language, to the code. Keys are in lower case.
	areas map[string]string
	form  []Field
}

// country returns the country with the given code, or nil.
func (a *Formats) country(code string) *country {
	if get, ok := a.countries[code]; ok {
		return get()
	}
	return nil
}

func newCountry(code, example string, s shape) *country {
	d := data.GetCountry(code)
	n := &country{code: code, allowed: d.Allowed, shape: s, local: parseLayout(d.Format)}
	n.latin = n.local
	if d.LatinizedFormat != "" {
		n.latin = parseLayout(d.LatinizedFormat)
	}
	if d.PostCodeRegex.Regex != "" {
		n.pattern = regexp.MustCompile(d.PostCodeRegex.Regex)
		n.prefixes = n.postalPrefixes()
	}
	if slices.Contains(d.Allowed, data.AdministrativeArea) {
		n.addAreas(d)
	}
	n.form = n.newForm(d, example)
	return n
}

// addAreas uses the English area names if there are any, because all languages of the portal use Latin
// letters; otherwise those in the country's first language.
func (n *country) addAreas(d data.CountryData) {
	local := d.AdministrativeAreas[d.DefaultLanguage]
	latin := d.AdministrativeAreas["en"]
	if len(latin) == 0 {
		latin = local
	}
	n.areas = make(map[string]string)
	for _, list := range d.AdministrativeAreas {
		for _, area := range list {
			n.areas[strings.ToLower(area.Name)] = area.ID
		}
	}
	for _, area := range latin {
		n.choices = append(n.choices, Choice{Code: area.ID, Name: area.Name})
		n.areas[strings.ToLower(area.ID)] = area.ID
	}
	n.localAreas, n.latinAreas = written(n.code, local), written(n.code, latin)
}

// written returns the text of each area on an envelope: the code in countries whose post requires that,
// otherwise the name.
func written(country string, list []data.AdministrativeAreaData) map[string]string {
	byCode := slices.Contains([]string{"US", "CA", "AU", "BR", "IT"}, country)
	text := make(map[string]string, len(list))
	for _, area := range list {
		text[area.ID] = area.Name
		if byCode {
			text[area.ID] = area.ID
		}
	}
	return text
}
