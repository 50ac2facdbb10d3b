package address

import "testing"

func TestCountryCode(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"SK": "SK", "sk": "SK", " Sk ": "SK", "SVK": "SK", "svk": "SK", "Slovakia": "SK", "Slovensko": "SK",
		"Slowakei":        "SK",
		"SLOVAK REPUBLIC": "SK", "UK": "GB", "uk": "GB", "U.K.": "GB", "EL": "GR", "XI": "GB",
		"IC": "ES", "XK": "XK",
		"XKX": "XK", "ROM": "RO", "USA": "US", "U.S.A.": "US", "United States": "US",
		"United States of America": "US",
		"Deutschland":              "DE", "Niemcy": "DE", "Österreich": "AT", "OSTERREICH": "AT",
		"Oesterreich":  "",
		"Magyarország": "HU",
		"Ελλάδα":       "GR", "日本": "JP", "Česko": "CZ", "Česká republika": "CZ", "Czech Republic": "CZ",
		"Czechia":         "CZ",
		"The Netherlands": "NL", "Netherlands (the)": "NL", "Côte d'Ivoire": "CI", "Cote d’Ivoire": "CI",
		"Türkiye":                "TR",
		"Bosnia and Herzegovina": "BA", "España": "ES", "Great Britain": "GB", "Korea, Republic of": "KR",
		"Turkey": "TR", "Turecko": "TR", "Eswatini": "SZ",
		"Swaziland": "SZ", "Svazijsko": "SZ", "Swasiland": "SZ", "Suazi": "SZ",
		"Macedonia": "MK", "Makedonie": "MK", "Macedónsko": "MK", "Mazedonien": "MK", "Nordmazedonien": "MK",
		"Narnia": "", "ZZ": "", "XX": "", "": "", "-": "", "703": "", "EU": "", "the": "",
	}
	formats := New()
	for text, want := range tests {
		if got := formats.CountryCode(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// TestCountryCodeOfEveryCountry checks that every country is found by its three-letter code and by its name
// in each language.
func TestCountryCodeOfEveryCountry(t *testing.T) {
	t.Parallel()
	formats := New()
	for _, lang := range languages() {
		for _, country := range formats.Countries(lang) {
			if got := formats.CountryCode(country.Name); got != country.Code {
				t.Errorf("%s: %q is %q, want %s", lang, country.Name, got, country.Code)
			}
		}
	}
}
