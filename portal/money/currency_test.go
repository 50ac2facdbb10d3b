package money

import (
	"encoding/csv"
	"os"
	"strconv"
	"testing"
)

func TestCurrenciesAreThoseOfISO4217(t *testing.T) {
	t.Parallel()
	file, err := os.Open("testdata/iso4217.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, row := range rows[1:] {
		code, minorUnit := row[0], row[2]
		listed[code] = true
		places, ok := Digits(code)
		if !ok || minorUnit != "" && strconv.Itoa(places) != minorUnit {
			t.Errorf("%s has %d places, %t; the list says %q", code, places, ok, minorUnit)
		}
	}
	for _, code := range Currencies() {
		if !listed[code] {
			t.Errorf("%s is on neither list", code)
		}
	}
	if len(Currencies()) != len(listed) {
		t.Errorf("%d currencies, the lists have %d", len(Currencies()), len(listed))
	}
}

func TestCanonical(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, want string
		ok       bool
	}{
		{"EUR", "EUR", true}, {" eur ", "EUR", true}, {"hrk", "HRK", true},
		{"xcg", "XCG", true}, {"BYR", "BYR", true},
		{"EURO", "EURO", false}, {"XYZ", "XYZ", false}, {"", "", false},
		{"R U", "R U", false}, {"UR ", "UR", false},
	}
	for _, tt := range tests {
		if got, ok := Canonical(tt.in); got != tt.want || ok != tt.ok {
			t.Errorf("%q: %q, %t; want %q, %t", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}
