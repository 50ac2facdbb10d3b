package address

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	data "github.com/Boostport/address"
)

// Atlas knows the countries. Build one with New and share it: it is safe for concurrent use.
type Atlas struct {
	// nations are prepared at first use: most shops meet few of the 250 countries, and the patterns of
	// all of them would cost every start of the program.
	nations map[string]func() *nation
	names   map[string]*names
	// codesByName is gathered at first use too: most shops send codes.
	codesByName func() map[string]string
}

// New prepares an atlas; it takes a few milliseconds.
func New() *Atlas {
	a := &Atlas{nations: make(map[string]func() *nation), names: make(map[string]*names)}
	examples, shapes := examples(), shapes()
	for _, item := range data.ListCountries("en") {
		a.nations[item.Code] = sync.OnceValue(func() *nation {
			return newNation(item.Code, examples[item.Code], shapes[item.Code])
		})
	}
	for _, lang := range languages() {
		a.names[lang] = newNames(lang, a.nations)
	}
	a.codesByName = sync.OnceValue(func() map[string]string { return newCodesByName(a.names) })
	return a
}

// nation is what one country needs, ready to use.
type nation struct {
	code string
	// local is the format in the country's own script and with its names of areas; latin is for
	// addresses in Latin letters. They are the same for most countries.
	local, latin layout
	allowed      []data.Field
	pattern      *regexp.Regexp
	shape        shape
	prefixes     []string // of a postal code, which people write and the pattern has not, in capitals
	choices      []Choice
	// localAreas and latinAreas name an area on an envelope by its code.
	localAreas, latinAreas map[string]string
	// areas finds the code by a code or a name in any language, in small letters.
	areas map[string]string
	form  []Field
}

// nation finds a country; nil for a code that is none.
func (a *Atlas) nation(code string) *nation {
	if get, ok := a.nations[code]; ok {
		return get()
	}
	return nil
}

func newNation(code, example string, s shape) *nation {
	d := data.GetCountry(code)
	n := &nation{code: code, allowed: d.Allowed, shape: s, local: parseLayout(d.Format)}
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

// addAreas takes the areas in English where there are any, because the portal's languages are all
// written in Latin letters, else in the country's first language.
func (n *nation) addAreas(d data.CountryData) {
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

// written is how areas stand on an envelope: by code where the country's post wants that, else by name.
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
