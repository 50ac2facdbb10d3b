package shop

import (
	"strings"
	"testing"

	"postern/portal/validate"
)

// TestReorderTemplates checks which templates of a link to the cart are accepted.
func TestReorderTemplates(t *testing.T) {
	t.Parallel()
	for template, want := range map[string]bool{
		"":                                           true,
		"https://shop.example/cart?add={skus}":       true,
		"https://shop.example/cart/{items}":          true,
		"http://shop.example/#/reorder/{number}":     true,
		" https://shop.example/?n={number}&s={skus}": true,
		"https://shop.example/cart":                  false, // nothing to fill in
		"https://shop.example/cart?add={sku}":        false,
		"https://{number}.shop.example/{skus}":       false,
		"https://shop.example?add={skus}":            false, // the host ends with a slash
		"https://shop.example{number}@evil.example/": false,
		"javascript:alert({skus})":                   false,
		"/cart?add={skus}":                           false,
		"https://user:secret@shop.example/{skus}":    false,
	} {
		s, f := Shop{ReorderURL: template}, &validate.Validator{}
		if s.checkReorder(f); (len(f.Rejected) == 0) != want {
			t.Errorf("%q: %v", template, f.Rejected)
		}
	}
}

// TestReorderLink fills in templates.
func TestReorderLink(t *testing.T) {
	t.Parallel()
	goods := []Bought{{"PEN", "2"}, {"", "1"}, {"A&B/ 1,2", "0.5"}}
	tests := []struct {
		template, want string
		goods          []Bought
	}{
		{"https://x.example/?add={skus}", "https://x.example/?add=PEN,A%26B%2F+1%2C2", goods},
		{"https://x.example/{items}", "https://x.example/PEN:2,A%26B%2F+1%2C2:0.5", goods},
		{"https://x.example/?n={number}", "https://x.example/?n=2026%2F1+a", nil},
		{"https://x.example/?add={skus}", "", []Bought{{"", "1"}}},
		{"", "", goods},
		{"https://x.example/?add={skus}", "", []Bought{{strings.Repeat("S", maxReorderLink), "1"}}},
	}
	for _, test := range tests {
		if got := (Shop{ReorderURL: test.template}).ReorderLink("2026/1 a", test.goods); got != test.want {
			t.Errorf("%q: %q", test.template, got)
		}
	}
}

func TestHomeCountry(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]Shop{"": {}, "SK": {Country: "SK", VATID: "CZ1"}, "CZ": {VATID: "CZ12345678"},
		"GR": {VATID: "EL123456789"}} {
		if got := s.HomeCountry(); got != want {
			t.Errorf("%+v: %q", s, got)
		}
	}
	for country, want := range map[string]string{"": "", " sk ": "SK", "HU": "HU"} {
		s, f := Shop{Country: country}, &validate.Validator{}
		if s.checkCountry(f); s.Country != want || len(f.Rejected) > 0 {
			t.Errorf("%q: %q, %v", country, s.Country, f.Rejected)
		}
	}
	for _, wrong := range []string{"SVK", "ZZ", "1", "Slovakia"} {
		s, f := Shop{Country: wrong}, &validate.Validator{}
		if s.checkCountry(f); len(f.Rejected) != 1 {
			t.Errorf("%q is accepted", wrong)
		}
	}
}
