package address

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// territories holds the country names of CLDR 48.2, each file as Unicode publishes it:
// main/LANG/territories.json of the npm package cldr-localenames-full. x/text/language/display has the names
// of CLDR 32 of 2017, and there is no maintained Go module with newer ones. To update, replace the files and
// the licence.
//
//go:embed cldr/*.json
var territories embed.FS

// CountryItem is an entry in a list of countries.
type CountryItem struct{ Code, Name string }

// names holds the country names in one language.
type names struct {
	sorted []CountryItem
	byCode map[string]string
	others []CountryItem // further names of these countries, such as "Turkey" for Türkiye
}

func languages() []string { return []string{"en", "cs", "sk", "pl", "de"} }

// newNames returns the country names, sorted by the rules of the language: H before CH in Slovak.
func newNames(lang string, codes map[string]func() *country) *names {
	n := &names{byCode: make(map[string]string, len(codes))}
	for key, name := range readTerritories(lang) {
		code, other, _ := strings.Cut(key, "-") // "TR", or "TR-alt-variant"
		switch {
		case codes[code] == nil:
		case other != "":
			n.others = append(n.others, CountryItem{Code: code, Name: name})
		default:
			n.byCode[code] = name
			n.sorted = append(n.sorted, CountryItem{Code: code, Name: name})
		}
	}
	n.sort(language.Make(lang))
	return n
}

func readTerritories(lang string) map[string]string {
	text, err := territories.ReadFile("cldr/" + lang + ".json")
	if err != nil {
		panic(fmt.Sprintf("address: the country names are embedded: %v", err))
	}
	var file struct {
		Main map[string]struct {
			LocaleDisplayNames struct{ Territories map[string]string }
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		panic(fmt.Sprintf("address: the embedded country names of %q can be read: %v", lang, err))
	}
	return file.Main[lang].LocaleDisplayNames.Territories
}

func (n *names) sort(tag language.Tag) {
	order, buf := collate.New(tag), collate.Buffer{}
	keys := make(map[string]string, len(n.sorted))
	for _, item := range n.sorted {
		keys[item.Code] = string(order.KeyFromString(&buf, item.Name))
		buf.Reset()
	}
	slices.SortFunc(n.sorted, func(x, y CountryItem) int {
		return cmp.Or(strings.Compare(keys[x.Code], keys[y.Code]), strings.Compare(x.Code, y.Code))
	})
}

// Countries lists the countries that an address can be in, named and sorted in a language: en, cs, sk, pl
// or de; any other is treated as en. The list is shared, so callers must not modify it.
func (a *Formats) Countries(lang string) []CountryItem { return a.in(lang).sorted }

// CountryName returns the name of a country in a language of Countries, or "" for an unknown code.
func (a *Formats) CountryName(code, lang string) string { return a.in(lang).byCode[code] }

func (a *Formats) in(lang string) *names {
	if get, ok := a.names[lang]; ok {
		return get()
	}
	return a.names["en"]()
}
