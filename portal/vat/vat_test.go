package vat

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, country string
		want                ID
	}{
		{"as printed", "SK1234567895", "", ID{"SK", "1234567895"}},
		{"lower case", "sk1234567895", "", ID{"SK", "1234567895"}},
		{"spaces around and between", "  SK 1234 567 895\r\n", "", ID{"SK", "1234567895"}},
		{"dots and dashes", "BE 0123.456-749", "", ID{"BE", "0123456749"}},
		{"slashes", "AT/U12345675", "", ID{"AT", "U12345675"}},
		{"spaces and dashes of a word processor", "SK\u00a01234\u202f567\u2011895\u200b", "",
			ID{"SK", "1234567895"}},
		{"prefix from the country", "1234567895", "SK", ID{"SK", "1234567895"}},
		{"country in lower case", "1234567895", " sk ", ID{"SK", "1234567895"}},
		{"prefix of another country", "CZ12345679", "SK", ID{"CZ", "12345679"}},
		{"prefix and a country without a rule", "SK1234567895", "US", ID{"SK", "1234567895"}},
		{"GR in the text", "GR123456783", "", ID{"EL", "123456783"}},
		{"GR as the country", "123456783", "GR", ID{"EL", "123456783"}},
		{"EL as the country", "123456783", "EL", ID{"EL", "123456783"}},
		{"old Greek number of 8 digits", "EL12345670", "", ID{"EL", "012345670"}},
		{"old Belgian number of 9 digits", "123.456.749", "BE", ID{"BE", "0123456749"}},
		{"Northern Ireland", "XI123456782", "GB", ID{"XI", "123456782"}},
		{"Northern Ireland as the country", "123456782", "XI", ID{"XI", "123456782"}},
		{"British department", "GD 123", "GB", ID{"GB", "GD123"}},
		{"Monaco", "FR 69 000 000 019", "MC", ID{"FR", "69000000019"}},
		{"Monaco without a prefix", "11123456782", "MC", ID{"FR", "11123456782"}},
		{"Isle of Man without a prefix", "123456782", "IM", ID{"GB", "123456782"}},
		{"Swiss, without a word", "CHE-123.456.788", "", ID{"CH", "E123456788"}},
		{"Swiss, German", "CHE-123.456.788 MWST", "", ID{"CH", "E123456788"}},
		{"Swiss, French", "che 123 456 788 tva", "", ID{"CH", "E123456788"}},
		{"Swiss, Italian", "CHE123456788IVA", "DE", ID{"CH", "E123456788"}},
		{"Swiss, bare", "123.456.788", "CH", ID{"CH", "E123456788"}},
		{"Norwegian", "NO 123 456 785", "", ID{"NO", "123456785"}},
		{"Norwegian with MVA", "123 456 785 MVA", "NO", ID{"NO", "123456785"}},
		{"Dutch sole trader", "NL000099998B57", "", ID{"NL", "000099998B57"}},
		{"old Irish with a plus", "IE 1+23456W", "", ID{"IE", "1+23456W"}},
		{"French key that is a known prefix", "DK123456782", "FR", ID{"FR", "DK123456782"}},
		{"40 bytes", strings.Repeat(" ", 28) + "SK1234567895", "", ID{"SK", "1234567895"}},
		{"prefix goes before the key", "DE123450298", "FR", ID{"DE", "123450298"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.text, tt.country)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, country string
		reason              Reason
		judged              string
	}{
		{"nothing", "", "", Empty, ""},
		{"only separators", " .-/\u00a0", "SK", Empty, "SK"},
		{"no prefix, no country", "1234567895", "", Country, ""},
		{"no prefix, country without a rule", "1234567895", "US", Country, ""},
		{"one letter", "S", "", Country, ""},
		{"unknown prefix", "US123456789", "", Country, ""},
		{"unknown prefix, country known", "US123456789", "SK", Country, "SK"},
		{"number for all of the EU", "EU372000041", "", Country, ""},
		{"digit in front", "1K1234567895", "SK", Format, "SK"},
		{"prefix alone", "SK", "", Format, "SK"},
		{"too short", "SK123456789", "", Format, "SK"},
		{"too short, prefix from the country", "123456789", "SK", Format, "SK"},
		{"too long", "SK12345678950", "", Format, "SK"},
		{"letter for a digit", "SK123456789O", "", Format, "SK"},
		{"prefix twice", "SKSK1234567895", "SK", Format, "SK"},
		{"Austrian without its U", "AT12345675", "", Format, "AT"},
		{"Swiss word in the wrong place", "CHEMWST123456788", "", Format, "CH"},
		{"longer than any text", "SK" + strings.Repeat(" ", 40) + "1234567895", "SK", Format, "SK"},
		{"41 bytes", strings.Repeat(" ", 29) + "SK1234567895", "SK", Format, "SK"},
		{"check digit", "SK1234567896", "", Checksum, "SK"},
		{"check digit, prefix from the country", "1234567896", "SK", Checksum, "SK"},
		{"check digit, prefix of another country", "CZ12345670", "SK", Checksum, "CZ"},
		{"French key that is a known prefix", "AT123456782", "FR", Checksum, "FR"},
		{"GR is named by its prefix", "GR123456784", "", Checksum, "EL"},
		{"nothing but zeros", "PL0000000000", "", Checksum, "PL"},
		{"day of birth that does not exist", "CZ530230123", "", Checksum, "CZ"},
		{"full-width digits", "SK１２３４５６７８９５", "", Characters, ""},
		{"Cyrillic letters", "СК1234567895", "SK", Characters, "SK"},
		{"letter that folds to ASCII", "\u017fk1234567895", "", Characters, ""},
		{"Kelvin sign", "S\u212a1234567895", "", Characters, ""},
		{"not UTF-8", "SK\xff1234567895", "", Characters, ""},
		{"brackets", "SK{1234567895", "", Characters, ""},
		{"square brackets", "SK[1234567895", "", Characters, ""},
		{"comma", "SK1234567,895", "", Characters, ""},
		{"colon", "VAT: SK1234567895", "", Characters, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id, err := Parse(tt.text, tt.country)
			if id != (ID{}) {
				t.Errorf("ID %q with an error", id)
			}
			var got *Error
			if !errors.As(err, &got) {
				t.Fatalf("error %v is no *Error", err)
			}
			want := &Error{Reason: tt.reason, Country: tt.judged, Example: Example(tt.judged)}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestErrorDoesNotRepeatTheText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"SK1234567896", "SK99", "QQ778899", "SK7788;99"} {
		_, err := Parse(text, "SK")
		if err == nil || strings.Contains(err.Error(), text[2:]) {
			t.Errorf("Parse(%q): %v", text, err)
		}
	}
}

// countries returns the prefixes that have rules: those of VIES, and CH, GB and NO.
func countries() []string {
	return strings.Fields("AT BE BG CH CY CZ DE DK EE EL ES FI FR GB HR HU IE IT LT LU LV MT NL NO PL PT RO SE SI SK XI")
}

func TestCountries(t *testing.T) {
	t.Parallel()
	all := countries()
	if !slices.IsSorted(all) || len(all) != 27+4 {
		t.Errorf("%d countries, sorted %t", len(all), slices.IsSorted(all))
	}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			prefix := string(a) + string(b)
			if _, ok := ruleOf(prefix); ok != slices.Contains(all, prefix) {
				t.Errorf("%s has a rule: %t", prefix, ok)
			}
		}
	}
}

func TestExample(t *testing.T) {
	t.Parallel()
	for _, c := range countries() {
		id, err := Parse(Example(c), "")
		if err != nil || id.String() != Example(c) || id.Country != c {
			t.Errorf("Example(%s) = %q: %v, %v", c, Example(c), id, err)
		}
	}
	if got := Example("GR"); got != Example("EL") {
		t.Errorf("Example(GR) = %q", got)
	}
	if got := Example("US"); got != "" {
		t.Errorf("Example(US) = %q", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range countries() {
		f.Add(Example(c), "")
		f.Add(Example(c)[2:], c)
	}
	f.Add("CHE-123.456.788 MWST", "CH")
	f.Add("MWST", "CH")
	f.Add("GR12345670", "GR")
	f.Add("DE123456782", "FR")
	f.Add("IE1*23456W", "XI")
	f.Fuzz(func(t *testing.T, text, country string) {
		id, err := Parse(text, country)
		if err != nil {
			var own *Error
			if !errors.As(err, &own) || own.Reason == "" || id != (ID{}) {
				t.Fatalf("Parse(%q, %q) = %v, %#v", text, country, id, err)
			}
			return
		}
		if !slices.Contains(countries(), id.Country) {
			t.Fatalf("Parse(%q, %q) has the prefix %q", text, country, id.Country)
		}
		for _, form := range []string{id.String(), strings.ToLower(id.String())} {
			if again, err := Parse(form, country); err != nil || again != id {
				t.Fatalf("Parse(%q, %q) = %v; %q read again: %v, %v", text, country, id, form, again, err)
			}
		}
	})
}
