package address

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func slovak() Address {
	return Address{FirstName: "Ľubica", LastName: "Žltá", Line1: "Mostná 5", City: "Bratislava",
		PostalCode: "811 01", Country: "SK"}
}

func TestNamesAreTheFieldsOfTheStruct(t *testing.T) {
	t.Parallel()
	typ := reflect.TypeFor[Address]()
	var want []Name
	for i := range typ.NumField() {
		tag := typ.Field(i).Tag
		if tag.Get("bson") != tag.Get("json") {
			t.Errorf("%s is called differently in bson and json", typ.Field(i).Name)
		}
		want = append(want, Name(strings.TrimSuffix(tag.Get("json"), ",omitempty")))
	}
	if diff := cmp.Diff(want, Names()); diff != "" {
		t.Error(diff)
	}
	var a Address
	for _, n := range want {
		a.Set(n, string(n))
	}
	for i, n := range want {
		if got := reflect.ValueOf(a).Field(i).String(); got != string(n) || a.Get(n) != got {
			t.Errorf("%s holds %q", n, got)
		}
	}
}

func TestNormalise(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		in, want Address
	}{
		{"white space", Address{City: " Banská \t\n Bystrica\u00a0"}, Address{City: "Banská Bystrica"}},
		{"composed letters", Address{LastName: "Z\u030clta\u0301"}, Address{LastName: "Žltá"}},
		{"Slovak code without a gap", Address{Country: "sk", PostalCode: "81101"}, Address{Country: "SK", PostalCode: "811 01"}},
		{"Slovak code with the country", Address{Country: "SK", PostalCode: "sk-811 01"}, Address{Country: "SK", PostalCode: "811 01"}},
		{"Czech", Address{Country: "CZ", PostalCode: "1 10 00"}, Address{Country: "CZ", PostalCode: "110 00"}},
		{"Polish", Address{Country: "PL", PostalCode: "00001"}, Address{Country: "PL", PostalCode: "00-001"}},
		{"German with spaces", Address{Country: "DE", PostalCode: "10 115"}, Address{Country: "DE", PostalCode: "10115"}},
		{"British", Address{Country: "GB", PostalCode: "sw1a1aa"}, Address{Country: "GB", PostalCode: "SW1A 1AA"}},
		{"forces of Britain", Address{Country: "GB", PostalCode: "bfpo 57"}, Address{Country: "GB", PostalCode: "BFPO57"}},
		{"American with four more", Address{Country: "US", PostalCode: "941031234"}, Address{Country: "US", PostalCode: "94103-1234"}},
		{"Latvian", Address{Country: "LV", PostalCode: "lv1073"}, Address{Country: "LV", PostalCode: "LV-1073"}},
		{"Latvian without the country", Address{Country: "LV", PostalCode: "1073"}, Address{Country: "LV", PostalCode: "LV-1073"}},
		{"Lithuanian with the country", Address{Country: "LT", PostalCode: "LT-04340"}, Address{Country: "LT", PostalCode: "04340"}},
		{"Japanese, full width", Address{Country: "JP", PostalCode: "１０００００１"}, Address{Country: "JP", PostalCode: "100-0001"}},
		{"Luxembourg with the country", Address{Country: "LU", PostalCode: "L-1111"}, Address{Country: "LU", PostalCode: "1111"}},
		{"Luxembourg twice", Address{Country: "LU", PostalCode: "L-L 1111"}, Address{Country: "LU", PostalCode: "1111"}},
		{"Swiss with the country", Address{Country: "CH", PostalCode: "CH-8001"}, Address{Country: "CH", PostalCode: "8001"}},
		{"German with its road sign", Address{Country: "DE", PostalCode: "D-10115"}, Address{Country: "DE", PostalCode: "10115"}},
		{"Swedish with its road sign", Address{Country: "SE", PostalCode: "S-11455"}, Address{Country: "SE", PostalCode: "114 55"}},
		{"with three letters", Address{Country: "SVK", PostalCode: "SVK 81101"}, Address{Country: "SK", PostalCode: "811 01"}},
		{"marks that cannot be seen", Address{Country: "S\u200bK", LastName: "\u202aNová\u202c", PostalCode: "\ufeff81101", Phone: "\u202a0905 123 456\u202c"},
			Address{Country: "SK", LastName: "Nová", PostalCode: "811 01", Phone: "+421905123456"}},
		{"foreign code is left", Address{Country: "SK", PostalCode: "sw1a 1aa"}, Address{Country: "SK", PostalCode: "SW1A 1AA"}},
		{"area by name", Address{Country: "US", AdministrativeArea: "california"}, Address{Country: "US", AdministrativeArea: "CA"}},
		{"area by code", Address{Country: "US", AdministrativeArea: "ca"}, Address{Country: "US", AdministrativeArea: "CA"}},
		{"area in its own script", Address{Country: "JP", AdministrativeArea: "東京都"}, Address{Country: "JP", AdministrativeArea: "13"}},
		{"area of no list", Address{Country: "SK", AdministrativeArea: "Liptov"}, Address{Country: "SK", AdministrativeArea: "Liptov"}},
		{"telephone", Address{Country: "SK", Phone: "0905 123 456"}, Address{Country: "SK", Phone: "+421905123456"}},
		{"no telephone number", Address{Country: "SK", Phone: "ask  me"}, Address{Country: "SK", Phone: "ask me"}},
		{"unknown country", Address{Country: "xx", PostalCode: " a1 "}, Address{Country: "XX", PostalCode: "a1"}},
	}
	formats := New()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := formats.Normalise(tt.in)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(got, formats.Normalise(got)); diff != "" {
				t.Error("a second time: ", diff)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	with := func(set func(*Address)) Address {
		a := slovak()
		set(&a)
		return a
	}
	tests := []struct {
		name string
		in   Address
		want []FieldError
	}{
		{"good", slovak(), nil},
		{"nothing", Address{}, []FieldError{{LastName, Required}, {Country, Required}}},
		{"nothing in Slovakia", Address{Country: "SK"}, []FieldError{{LastName, Required}, {Line1, Required}, {City, Required}, {PostalCode, Required}}},
		{"a company without a person", with(func(a *Address) { a.FirstName, a.LastName, a.Company = "", "", "Kvet s. r. o." }), nil},
		{"unknown country", with(func(a *Address) { a.Country = "XX" }), []FieldError{{Country, Unknown}}},
		{"the data's own default", with(func(a *Address) { a.Country = "ZZ" }), []FieldError{{Country, Unknown}}},
		{"code of another country", with(func(a *Address) { a.PostalCode = "SW1A 1AA" }), []FieldError{{PostalCode, Pattern}}},
		{"a code within a text", with(func(a *Address) { a.PostalCode = "x811 01" }), []FieldError{{PostalCode, Pattern}}},
		{"a hundred letters", with(func(a *Address) { a.City = strings.Repeat("ž", 100) }), nil},
		{"a hundred and one", with(func(a *Address) { a.City = strings.Repeat("ž", 101) }), []FieldError{{City, TooLong}}},
		{"NUL", with(func(a *Address) { a.Line1 = "Mostná\x00 5" }), []FieldError{{Line1, Control}}},
		{"line break", with(func(a *Address) { a.Line2 = "a\nb" }), []FieldError{{Line2, Control}}},
		{"C1 control", with(func(a *Address) { a.Line2 = "a\u0085b" }), []FieldError{{Line2, Control}}},
		{"override", with(func(a *Address) { a.LastName = "Žltá\u202e" }), []FieldError{{LastName, Control}}},
		{"embedding", with(func(a *Address) { a.LastName = "\u202aŽltá" }), []FieldError{{LastName, Control}}},
		{"isolate", with(func(a *Address) { a.LastName = "Žltá\u2069" }), []FieldError{{LastName, Control}}},
		{"line separator", with(func(a *Address) { a.LastName = "Žl\u2028tá" }), []FieldError{{LastName, Control}}},
		{"broken UTF-8", with(func(a *Address) { a.City = "Ko\xc5ice" }), []FieldError{{City, Control}}},
		{"emoji, joined", with(func(a *Address) { a.FirstName = "👩\u200d💻" }), nil},
		{"from right to left", with(func(a *Address) { a.LastName = "عبد\u200fالله" }), nil},
		{"combining marks", with(func(a *Address) { a.LastName = "x\u0323\u0307" }), nil},
		{"telephone", with(func(a *Address) { a.Phone = "+421905123456" }), nil},
		{"telephone with words", with(func(a *Address) { a.Phone = "0905 123 456 mama" }), []FieldError{{Phone, PhoneWords}}},
		{"telephone with an extension", with(func(a *Address) { a.Phone = "0905 123 456 kl. 5" }), []FieldError{{Phone, PhoneExtension}}},
		{"telephone too short", with(func(a *Address) { a.Phone = "+4219" }), []FieldError{{Phone, BadPhone}}},
		{"an area the country does not ask for", with(func(a *Address) { a.AdministrativeArea = "Liptov" }), nil},
		{"an area that is not in the list", Address{LastName: "A", Line1: "b", City: "c", AdministrativeArea: "ZZ", PostalCode: "94103", Country: "US"}, []FieldError{{AdministrativeArea, BadChoice}}},
		{"no area where one is asked for", Address{LastName: "A", Line1: "b", City: "c", PostalCode: "94103", Country: "US"}, []FieldError{{AdministrativeArea, Required}}},
		{"no Eircode is fine", Address{LastName: "A", Line1: "b", City: "c", Country: "IE"}, nil},
	}
	formats := New()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, formats.Validate(tt.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPhone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, country, want string
		err                     error
	}{
		{"national", "0905 123 456", "SK", "+421905123456", nil},
		{"with plus", "+49 30 901820", "SK", "+4930901820", nil},
		{"with two noughts", "0049 30 901820", "SK", "+4930901820", nil},
		{"with brackets", "(415) 555-2671", "US", "+14155552671", nil},
		{"with the nought in brackets", "+49 (0)30 901820", "SK", "+4930901820", nil},
		{"with a slash", "030/901820", "DE", "+4930901820", nil},
		{"with dashes from a document", "0905–123‑456", "SK", "+421905123456", nil},
		{"as a link", "tel:+421905123456", "", "+421905123456", nil},
		{"full width", "０９０５ １２３ ４５６", "SK", "+421905123456", nil},
		{"pasted from a contact", "\u202a+421 905 123 456\u202c", "SK", "+421905123456", nil},
		{"pasted with zero-width spaces", "\ufeff0905\u200b123\u200b456", "SK", "+421905123456", nil},
		{"without a country, national", "0905 123 456", "", "", ErrPhone},
		{"extension", "+1 415 555 2671 ext. 5", "US", "", ErrPhoneExtension},
		{"extension by x", "415-555-2671 x12", "US", "", ErrPhoneExtension},
		{"extension of RFC 3966", "tel:+14155552671;ext=12", "US", "", ErrPhoneExtension},
		{"extension by a number sign", "415 555 2671 #5", "US", "", ErrPhoneExtension},
		{"German extension", "030 901820 Durchwahl 12", "DE", "", ErrPhoneExtension},
		{"Slovak extension", "02/5932 1111 kl. 12", "SK", "", ErrPhoneExtension},
		{"words behind", "030 123456 privat", "DE", "", ErrPhoneWords},
		{"words before", "mobil 0905 123 456", "SK", "", ErrPhoneWords},
		{"letters as keys", "1-800-FLOWERS", "US", "", ErrPhoneWords},
		{"only words", "call me", "SK", "", ErrPhoneWords},
		{"two numbers", "030 901820; 030 901821", "DE", "", ErrPhone},
		{"too short", "123", "SK", "", ErrPhone},
		{"empty", "", "SK", "", ErrPhone},
		{"very long", strings.Repeat("0905", 1000), "SK", "", ErrPhone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParsePhone(tt.in, tt.country)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestFormatPhone(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, country, want string }{
		{"+421905123456", "SK", "0905 123 456"},
		{"+421905123456", "CZ", "+421 905 123 456"},
		{"+421905123456", "", "+421 905 123 456"},
		{"ask me", "SK", "ask me"},
		{"030 123456 privat", "DE", "030 123456 privat"},
		{"+49 30 123456 privat", "DE", "+49 30 123456 privat"},
	}
	for _, tt := range tests {
		if got := FormatPhone(tt.in, tt.country); got != tt.want {
			t.Errorf("%s in %q: %q, want %q", tt.in, tt.country, got, tt.want)
		}
	}
}
