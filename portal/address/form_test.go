package address

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func split(form []Field) (all, required []Name) {
	for _, f := range form {
		all = append(all, f.Name)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	return all, required
}

func TestFormOrder(t *testing.T) {
	t.Parallel()
	tests := []struct {
		country       string
		all, required []Name
	}{
		{"SK", []Name{FirstName, LastName, Company, Line1, Line2, PostalCode, City, Phone},
			[]Name{LastName, Line1, PostalCode, City}},
		{"US", []Name{FirstName, LastName, Company, Line1, Line2, City, AdministrativeArea, PostalCode,
			Phone}, []Name{LastName, Line1, City, AdministrativeArea, PostalCode}},
		{"HU", []Name{LastName, FirstName, Company, City, Line1, Line2, PostalCode, Phone},
			[]Name{LastName, City, Line1, PostalCode}},
		{"HK", []Name{FirstName, LastName, Company, Line1, Line2, City, AdministrativeArea, Phone},
			[]Name{LastName, Line1, AdministrativeArea}}, // no postal codes
		{"IE", []Name{FirstName, LastName, Company, Line1, Line2, DependentLocality, City, AdministrativeArea,
			PostalCode, Phone}, []Name{LastName, Line1, City}},
	}
	formats := New()
	for _, tt := range tests {
		t.Run(tt.country, func(t *testing.T) {
			all, required := split(formats.Form(tt.country))
			if diff := cmp.Diff(tt.all, all); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.required, required); diff != "" {
				t.Error("required: ", diff)
			}
		})
	}
	if formats.Form("XX") != nil || formats.Form("sk") != nil {
		t.Error("a form for a code that is no country")
	}
}

func TestFormWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		country string
		name    Name
		want    string
	}{
		{"SK", PostalCode, "postal_code.postal_code"},
		{"US", PostalCode, "postal_code.zip"},
		{"IE", PostalCode, "postal_code.eircode"},
		{"IN", PostalCode, "postal_code.pin"},
		{"US", AdministrativeArea, "area.state"},
		{"CA", AdministrativeArea, "area.province"},
		{"AU", City, "city.suburb"},
		{"GB", City, "city.post_town"},
		{"IE", DependentLocality, "locality.townland"},
	}
	formats := New()
	for _, tt := range tests {
		form := formats.Form(tt.country)
		i := slices.IndexFunc(form, func(f Field) bool { return f.Name == tt.name })
		if i < 0 || form[i].Label != tt.want {
			t.Errorf("%s %s: want the label %s", tt.country, tt.name, tt.want)
		}
	}
}

// TestFormOfEveryCountry checks that every country has a form that can be shown and completed.
func TestFormOfEveryCountry(t *testing.T) {
	t.Parallel()
	formats := New()
	used := map[string]bool{"country": true}
	for _, c := range formats.Countries("en") {
		for _, f := range formats.Form(c.Code) {
			used[f.Label] = true
			if f.Autocomplete == "" || f.MaxLength == 0 || !slices.Contains(Labels(), f.Label) {
				t.Errorf("%s: %+v", c.Code, f)
			}
			if f.Name == PostalCode && f.Example != "" {
				checkExample(t, formats, c.Code, f.Example)
			}
			for _, choice := range f.Choices {
				if choice.Code == "" || choice.Name == "" {
					t.Errorf("%s: an empty choice", c.Code)
				}
			}
		}
	}
	for _, label := range Labels() {
		if !used[label] && label != "sorting_code" {
			t.Errorf("no country uses %s", label)
		}
	}
}

func checkExample(t *testing.T, formats *Formats, country, code string) {
	t.Helper()
	a := Address{LastName: "A", Line1: "b", City: "c", Country: country, PostalCode: code}
	if got := formats.Normalise(a).PostalCode; got != code {
		t.Errorf("%s: the example %s is written %s", country, code, got)
	}
	if slices.Contains(formats.Validate(a), FieldError{PostalCode, Pattern}) {
		t.Errorf("%s: the example %s does not pass", country, code)
	}
}

func TestChoicesAreInLatinLettersWhereTheDataHasThem(t *testing.T) {
	t.Parallel()
	formats := New()
	form := formats.Form("JP")
	i := slices.IndexFunc(form, func(f Field) bool { return f.Name == AdministrativeArea })
	if i < 0 || !slices.Contains(form[i].Choices, Choice{"13", "Tokyo"}) {
		t.Error("no Tokyo")
	}
}

func TestCountries(t *testing.T) {
	t.Parallel()
	formats := New()
	for lang, germany := range map[string]string{
		"en": "Germany", "cs": "Německo", "sk": "Nemecko", "pl": "Niemcy", "de": "Deutschland",
		"xx": "Germany",
	} {
		if got := formats.CountryName("DE", lang); got != germany {
			t.Errorf("%s: %q", lang, got)
		}
	}
	if got := formats.CountryName("XX", "en"); got != "" {
		t.Errorf("XX is called %q", got)
	}
}

// TestCountryNamesAreCurrent checks the countries that were renamed lately.
func TestCountryNamesAreCurrent(t *testing.T) {
	t.Parallel()
	formats := New()
	for lang, want := range map[string]map[string]string{
		"en": {"SZ": "Eswatini", "MK": "North Macedonia", "TR": "Türkiye", "CZ": "Czechia"},
		"cs": {"SZ": "Eswatini", "MK": "Severní Makedonie", "TR": "Turecko", "CZ": "Česko"},
		"sk": {"SZ": "Eswatini", "MK": "Severné Macedónsko", "TR": "Turecko", "CZ": "Česko"},
		"pl": {"SZ": "Eswatini", "MK": "Macedonia Północna", "TR": "Turcja", "CZ": "Czechy"},
		"de": {"SZ": "Eswatini", "MK": "Nordmazedonien", "TR": "Türkei", "CZ": "Tschechien"},
	} {
		got := map[string]string{}
		for code := range want {
			got[code] = formats.CountryName(code, lang)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", lang, diff)
		}
	}
}

func TestEveryCountryHasANameInEachLanguage(t *testing.T) {
	t.Parallel()
	formats := New()
	for _, lang := range languages() {
		for code := range formats.countries {
			if formats.CountryName(code, lang) == "" {
				t.Errorf("%s: no name for %s", lang, code)
			}
		}
		if got, want := len(formats.Countries(lang)), len(formats.countries); got != want {
			t.Errorf("%s: the list has %d of %d countries", lang, got, want)
		}
	}
}

func TestCountriesAreSortedAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, lang string
		codes      []string
	}{
		{"CH after H in Slovak", "sk", []string{"HN", "HR", "IN"}},
		{"Č after C in Czech", "cs", []string{"CW", "CZ", "DK"}},
		{"Ö beside O in German", "de", []string{"OM", "AT", "PK"}},
		{"Ł after L in Polish", "pl", []string{"LU", "LV", "MG"}},
		{"Åland beside A in English", "en", []string{"AF", "AX", "AL"}},
	}
	formats := New()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range formats.Countries(tt.lang) {
				if slices.Contains(tt.codes, c.Code) {
					got = append(got, c.Code)
				}
			}
			if diff := cmp.Diff(tt.codes, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
