package vat

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// verdicts holds bodies that python-stdnum accepts and rejects; see testdata/make_fixture.py.
type verdicts struct{ Valid, Invalid []string }

// deviation is a set of bodies on which this package deliberately differs from python-stdnum.
type deviation struct {
	country string // "" for all
	accept  bool   // whether Parse accepts them
	reason  string
	covers  func(body string) bool
}

func deviations() []deviation {
	return []deviation{
		{"", false, "a comma is no separator; stdnum drops it for some countries",
			func(b string) bool { return strings.Contains(b, ",") }},
		{"BE", false, "2 to 9 in front are establishment units or not issued, so no VAT IDs",
			func(b string) bool { return len(b) == 10 && b[0] >= '2' }},
		{"BE", false, "check digits run from 01 to 97; 98 and 00 are congruent but not issued",
			func(b string) bool { return strings.HasSuffix(b, "98") || strings.HasSuffix(b, "00") }},
		{"CH", true, "CH is read as the prefix, so the E of CHE is completed",
			func(b string) bool { return b[0] != 'E' }},
		{"CZ", false, "20 is added to the month of a birth number since 2004 only, never to one of 9 digits",
			func(b string) bool { return len(b) == 9 && b[0] != '6' && pair(b, 2)%50 > 12 }},
		{"GB", false, "a total of 55 modulo 97 is not in HMRC's rule: plain or 9755 gives 0 or 42",
			british55},
		{"XI", false, "as GB", british55},
		{"GB", false, "VIES lists departments with five characters only; their long form has 9 digits, 8888...",
			longDepartment},
		{"XI", false, "as GB", longDepartment},
		{"IE", false, "VIES: the second letter is A to I, or W",
			func(b string) bool { return len(b) == 9 && !strings.Contains("ABCDEFGHIW", b[8:]) }},
		{"LV", true, "personal codes since 2017 begin with 32 and hold no date; stdnum 1.18 reads one",
			func(b string) bool { return len(b) == 11 && strings.HasPrefix(b, "32") && allDigits(b) }},
		{"NL", false, "VIES: 12 characters; stdnum completes leading zeros",
			func(b string) bool { return len(b) < 12 }},
		{"RO", false, "VIES: 2 to 10 digits; a personal CNP of 13 is no VAT ID",
			func(b string) bool { return len(b) == 13 }},
		{"SE", true, "VIES: the last two digits are 01 to 94; stdnum wants 01",
			func(b string) bool { return luhn(b[:10]) && b[10:] != "00" && b[10:] < "95" }},
		{"SK", false, "VIES: divisible by 11, first digit not 0, third one of 2, 3, 4, 7, 8, 9; stdnum takes birth numbers too",
			func(b string) bool {
				return b[0] == '0' || !strings.Contains("234789", b[2:3]) || remainder(b, 11) != 0
			}},
	}
}

func british55(b string) bool {
	return allDigits(b) && (weigh(b, 8, 7, 6, 5, 4, 3, 2)+pair(b, 7))%97 == 55
}

func longDepartment(b string) bool {
	return strings.HasPrefix(b, "GD8888") || strings.HasPrefix(b, "HA8888")
}

func readVerdicts(t *testing.T) map[string]verdicts {
	t.Helper()
	data, err := os.ReadFile("testdata/stdnum.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Countries map[string]verdicts }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Countries
}

func TestAgreesWithStdnum(t *testing.T) {
	t.Parallel()
	all := readVerdicts(t)
	devs := deviations()
	used := make([]int, len(devs))
	for _, country := range countries() {
		v := all[country]
		if len(v.Valid) < 40 || len(v.Invalid) < 60 {
			t.Errorf("%s: %d valid and %d invalid", country, len(v.Valid), len(v.Invalid))
		}
		for _, body := range slices.Concat(v.Valid, v.Invalid) {
			_, err := Parse(country+body, "")
			if (err == nil) == slices.Contains(v.Valid, body) {
				continue
			}
			i := slices.IndexFunc(devs, func(d deviation) bool {
				return (d.country == "" || d.country == country) && d.accept == (err == nil) && d.covers(body)
			})
			if i < 0 {
				t.Errorf("%s%s: %v; stdnum says otherwise", country, body, err)
				continue
			}
			used[i]++
		}
	}
	for _, d := range devs {
		for _, body := range all[d.country].Valid {
			if _, err := Parse(d.country+body, ""); err == nil && !d.accept && d.covers(body) {
				t.Errorf("%s%s accepted: %s", d.country, body, d.reason)
			}
		}
	}
	for i, d := range devs {
		if used[i] == 0 {
			t.Errorf("%s: no case of %q", d.country, d.reason)
		}
	}
}

// TestBodiesWithoutPrefix checks that a body without a prefix is read with the company's country exactly as
// one with a prefix.
func TestBodiesWithoutPrefix(t *testing.T) {
	t.Parallel()
	for country, v := range readVerdicts(t) {
		for _, body := range v.Valid {
			want, err := Parse(country+body, "")
			if err != nil {
				continue
			}
			if got, err := Parse(body, country); got != want {
				t.Errorf("%s with %s: %v, %v", body, country, got, err)
			}
		}
	}
}
