package address

import (
	"strings"
	"testing"

	data "github.com/Boostport/address"
	"github.com/google/go-cmp/cmp"
)

func TestLines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   Address
		lang string
		want string
	}{
		{"Slovak at home", slovak(), "", "Ľubica Žltá|Mostná 5|811 01 Bratislava"},
		{"Slovak for a German carrier", slovak(), "de", "Ľubica Žltá|Mostná 5|811 01 Bratislava|SLOWAKEI"},
		{"firm", Address{Company: "O'Brien & Söhne <KG>", Line1: "Weg 1", Line2: "2. OG", City: "Wien", PostalCode: "1010", Country: "AT"}, "",
			"O'Brien & Söhne <KG>|Weg 1|2. OG|1010 Wien"},
		{"American, state by its code", Address{FirstName: "Ann", LastName: "Lee", Line1: "1 Main St", City: "Redmond", AdministrativeArea: "WA", PostalCode: "98052", Country: "US"}, "en",
			"Ann Lee|1 Main St|Redmond, WA 98052|UNITED STATES"},
		{"American without a state", Address{LastName: "Lee", Line1: "1 Main St", City: "Redmond", PostalCode: "98052", Country: "US"}, "",
			"Lee|1 Main St|Redmond 98052"},
		{"British", Address{LastName: "Lee", Line1: "10 Downing Street", City: "London", PostalCode: "SW1A 2AA", Country: "GB"}, "",
			"Lee|10 Downing Street|London|SW1A 2AA"},
		{"Hungarian", Address{FirstName: "János", LastName: "Nagy", Line1: "Fő utca 1", City: "Budapest", PostalCode: "1037", Country: "HU"}, "",
			"Nagy János|Budapest|Fő utca 1|1037"},
		{"Spanish, province by its name", Address{LastName: "Ruiz", Line1: "Calle 1", City: "Elche", AdministrativeArea: "A", PostalCode: "03201", Country: "ES"}, "",
			"Ruiz|Calle 1|03201 Elche Alicante"},
		{"Japanese in its own script", Address{FirstName: "太郎", LastName: "山田", Line1: "千代田1-1", AdministrativeArea: "13", PostalCode: "100-0001", Country: "JP"}, "",
			"〒100-0001|東京都|千代田1-1|山田太郎"},
		{"Japanese in Latin letters, city from a shop", Address{FirstName: "Taro", LastName: "Yamada", Line1: "1-1 Chiyoda", City: "Chiyoda-ku", AdministrativeArea: "13", PostalCode: "100-0001", Country: "JP"}, "en",
			"Taro Yamada|1-1 Chiyoda|Chiyoda-ku, Tokyo|100-0001|JAPAN"},
		{"Latin name, Japanese street", Address{FirstName: "Anna", LastName: "Nováková", Line1: "千代田1-1", AdministrativeArea: "13", PostalCode: "100-0001", Country: "JP"}, "",
			"〒100-0001|東京都|千代田1-1|Anna Nováková"},
		{"Guernsey names itself once", Address{LastName: "Le Page", Line1: "1 High Street", City: "St Peter Port", PostalCode: "GY1 1AA", Country: "GG"}, "en",
			"Le Page|1 High Street|St Peter Port|GY1 1AA|GUERNSEY"},
		{"Åland, read in Slovak", Address{LastName: "Berg", Line1: "Torg 1", City: "Mariehamn", PostalCode: "22100", Country: "AX"}, "sk",
			"Berg|Torg 1|AX-22100 Mariehamn|ALANDY"},
		{"Åland", Address{LastName: "Berg", Line1: "Torg 1", City: "Mariehamn", PostalCode: "22100", Country: "AX"}, "",
			"Berg|Torg 1|AX-22100 Mariehamn|ÅLAND"},
		{"unknown country keeps all", Address{LastName: "A", Line1: "b", City: "c", PostalCode: "d", AdministrativeArea: "e", Country: "XX"}, "en",
			"A|b|d c|e|XX"},
		{"unknown country by its name", Address{LastName: "A", Line1: "b", Country: "Narnia"}, "de", "A|b|NARNIA"},
		{"Luxembourg, code with the country", Address{LastName: "A", PostalCode: "L-1111", City: "Luxembourg", Country: "LU"}, "", "A|L-1111 Luxembourg"},
		{"Swiss, code with the country", Address{LastName: "A", PostalCode: "CH-CH-8001", City: "Zürich", Country: "CH"}, "", "A|CH-8001 Zürich"},
	}
	formats := New()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(formats.Lines(tt.in, tt.lang), "|")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLayoutKeepsTextOnlyBesideWhatIsThere(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, format, want string
		values             map[data.Field]string
	}{
		{"all", "<%Z %C, %S>", "<1 c, s>", map[data.Field]string{data.PostCode: "1", data.Locality: "c", data.AdministrativeArea: "s"}},
		{"without the first", "<%Z %C, %S>", "c, s>", map[data.Field]string{data.Locality: "c", data.AdministrativeArea: "s"}},
		{"without the last", "<%Z %C, %S>", "<1 c", map[data.Field]string{data.PostCode: "1", data.Locality: "c"}},
		{"without the middle", "<%Z, %C %S>", "<1 s>", map[data.Field]string{data.PostCode: "1", data.AdministrativeArea: "s"}},
		{"only the middle", "<%Z %C, %S>", "c", map[data.Field]string{data.Locality: "c"}},
		{"nothing", "<%Z %C, %S>", "", nil},
		{"no field", "ÅLAND", "ÅLAND", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(parseLayout(tt.format).fill(tt.values), "|"); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestLinesOfEveryCountryShowTheWholeForm checks that every country's format includes all fields of its
// form.
func TestLinesOfEveryCountryShowTheWholeForm(t *testing.T) {
	t.Parallel()
	formats := New()
	for _, c := range formats.Countries("en") {
		a := Address{Country: c.Code}
		for _, f := range formats.Form(c.Code) {
			if f.Name != AdministrativeArea && f.Name != Phone {
				a.Set(f.Name, "<"+string(f.Name)+">")
			}
		}
		text := strings.Join(formats.Lines(a, ""), "\n")
		for _, name := range Names() {
			if value := a.Get(name); name != Country && !strings.Contains(text, value) {
				t.Errorf("%s loses %s:\n%s", c.Code, value, text)
			}
		}
		if strings.Contains(text, "%") || strings.Contains(text, "\n\n") {
			t.Errorf("%s:\n%s", c.Code, text)
		}
	}
}

func BenchmarkForm(b *testing.B) {
	formats := New()
	for b.Loop() {
		formats.Form("US")
	}
}

func BenchmarkLines(b *testing.B) {
	formats, a := New(), slovak()
	for b.Loop() {
		formats.Lines(a, "sk")
	}
}

func BenchmarkValidate(b *testing.B) {
	formats, a := New(), slovak()
	for b.Loop() {
		formats.Validate(a)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New()
	}
}
