package address

import (
	"slices"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// CountryItem is an entry in a list of countries.
type CountryItem struct{ Code, Name string }

// names holds the country names in one language.
type names struct {
	sorted []CountryItem
	byCode map[string]string
}

func languages() []string { return []string{"en", "cs", "sk", "pl", "de"} }

// newNames returns the country names, sorted by the rules of the language: H before CH in Slovak.
func newNames(lang string, codes map[string]func() *nation) *names {
	tag := language.Make(lang)
	namer := display.Regions(tag)
	n := &names{byCode: make(map[string]string, len(codes))}
	for code := range codes {
		name := namer.Name(language.MustParseRegion(code))
		n.byCode[code] = name
		n.sorted = append(n.sorted, CountryItem{Code: code, Name: name})
	}
	order, buf := collate.New(tag), collate.Buffer{}
	keys := make(map[string]string, len(codes))
	for _, item := range n.sorted {
		keys[item.Code] = string(order.KeyFromString(&buf, item.Name))
		buf.Reset()
	}
	slices.SortFunc(n.sorted, func(x, y CountryItem) int {
		return compare(keys[x.Code], keys[y.Code], x.Code, y.Code)
	})
	return n
}

// compare orders by key, and by code if two names are equal, so that the order is stable.
func compare(keyX, keyY, codeX, codeY string) int {
	switch {
	case keyX < keyY || keyX == keyY && codeX < codeY:
		return -1
	case keyX == keyY && codeX == codeY:
		return 0
	}
	return 1
}

// Countries lists the countries that an address can be in, named and sorted in a language: en, cs, sk, pl
// or de; any other is treated as en. The list is shared, so callers must not modify it.
func (a *Atlas) Countries(lang string) []CountryItem { return a.in(lang).sorted }

// CountryName returns the name of a country in a language of Countries, or "" for an unknown code.
func (a *Atlas) CountryName(code, lang string) string { return a.in(lang).byCode[code] }

func (a *Atlas) in(lang string) *names {
	if n, ok := a.names[lang]; ok {
		return n
	}
	return a.names["en"]
}
