package money

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, currency string
		want               int64
		err                error
	}{
		{"whole", "1000", "EUR", 100000, nil},
		{"negative", "-12.50", "EUR", -1250, nil},
		{"one place of two", "0.5", "EUR", 50, nil},
		{"no places", "1000", "JPY", 1000, nil},
		{"three places", "1.234", "KWD", 1234, nil},
		{"minus nothing", "-0.00", "EUR", 0, nil},
		{"largest", "92233720368547758.07", "EUR", math.MaxInt64, nil},
		{"smallest", "-92233720368547758.08", "EUR", math.MinInt64, nil},
		{"one too large", "92233720368547758.08", "EUR", 0, ErrRange},
		{"thirty digits", strings.Repeat("9", 30), "EUR", 0, ErrRange},
		{"places the yen has not", "1.0", "JPY", 0, ErrPrecision},
		{"three places in euro", "1.000", "EUR", 0, ErrPrecision},
		{"unknown currency", "1", "XYZ", 0, ErrCurrency},
		{"former currency", "1", "HRK", 100, nil},
		{"currency in small letters", "1", "eur", 0, ErrCurrency},
		{"no currency", "1", "", 0, ErrCurrency},
		{"empty", "", "EUR", 0, ErrSyntax},
		{"only a minus", "-", "EUR", 0, ErrSyntax},
		{"plus", "+1", "EUR", 0, ErrSyntax},
		{"two minuses", "--1", "EUR", 0, ErrSyntax},
		{"exponent", "1e3", "EUR", 0, ErrSyntax},
		{"comma", "1,50", "EUR", 0, ErrSyntax},
		{"two points", "1.5.0", "EUR", 0, ErrSyntax},
		{"nothing before the point", ".5", "EUR", 0, ErrSyntax},
		{"nothing after the point", "5.", "EUR", 0, ErrSyntax},
		{"leading zero", "05", "EUR", 0, ErrSyntax},
		{"space", " 1", "EUR", 0, ErrSyntax},
		{"not a number", "NaN", "EUR", 0, ErrSyntax},
		{"infinity", "Infinity", "EUR", 0, ErrSyntax},
		{"underscore", "1_000", "EUR", 0, ErrSyntax},
		{"hexadecimal", "0x10", "EUR", 0, ErrSyntax},
		{"Arabic digits", "١٢", "EUR", 0, ErrSyntax},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.in, tt.currency)
			if !errors.Is(err, tt.err) || got.Minor != tt.want {
				t.Fatalf("Parse(%q, %q) = %d, %v; want %d, %v", tt.in, tt.currency, got.Minor, err,
					tt.want, tt.err)
			}
			if err == nil && got.Currency != tt.currency {
				t.Errorf("currency %q", got.Currency)
			}
		})
	}
}

func TestDecimalIsTheInverseOfParse(t *testing.T) {
	t.Parallel()
	minors := []int64{0, 1, -1, 9, 10, -99, 100, 101, -1250, 999999, math.MaxInt64, math.MinInt64}
	for _, code := range Currencies() {
		for _, minor := range minors {
			a := Amount{Minor: minor, Currency: code}
			got, err := Parse(a.Decimal(), code)
			if err != nil || got != a {
				t.Errorf("%v: Parse(%q) = %v, %v", a, a.Decimal(), got, err)
			}
		}
	}
}

func TestAmountDecimal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   Amount
		want string
	}{
		{Amount{-5, "EUR"}, "-0.05"},
		{Amount{1250, "EUR"}, "12.50"},
		{Amount{1250, "JPY"}, "1250"},
		{Amount{-1, "KWD"}, "-0.001"},
	}
	for _, tt := range tests {
		if got := tt.in.Decimal(); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestParseDecimal(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want Decimal
		err  error
	}{
		{"1", "1", nil},
		{"1.500", "1.5", nil},
		{"100.000000", "100", nil},
		{"-0.000", "0", nil},
		{"-0.000001", "-0.000001", nil},
		{"999999999999.999999", "999999999999.999999", nil},
		{"1000000000000", "", ErrRange},
		{"0.0000001", "", ErrPrecision},
		{"0.0000000", "0", nil},
		{"19.0000000", "19", nil},
		{"1e3", "", ErrSyntax},
		{"", "", ErrSyntax},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, err := ParseDecimal(tt.in)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestDecimalIn(t *testing.T) {
	t.Parallel()
	padded, _ := ParseDecimal("12.500000")
	if a, err := padded.In("EUR"); err != nil || a.Minor != 1250 {
		t.Errorf("12.500000 in EUR: %v, %v", a, err)
	}
	if _, err := Decimal("0.005").In("EUR"); !errors.Is(err, ErrPrecision) {
		t.Errorf("half a cent: %v", err)
	}
}

func TestRound(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in    string
		want  Decimal
		exact bool
		err   error
	}{
		{"10.799999999999999", "10.8", false, nil},
		{"19.0000000", "19", true, nil},
		{"0.123456", "0.123456", true, nil},
		{"0.1234565", "0.123457", false, nil},
		{"0.1234564999", "0.123456", false, nil},
		{"-0.0000005", "-0.000001", false, nil},
		{"-0.0000004", "0", false, nil},
		{"99.9999999", "100", false, nil},
		{"999999999999.9999999", "", false, ErrRange},
		{"1,5", "", false, ErrSyntax},
		{"", "", false, ErrSyntax},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			got, exact, err := Round(tt.in, MaxPlaces)
			if got != tt.want || exact != tt.exact || !errors.Is(err, tt.err) {
				t.Errorf("%q, %t, %v; want %q, %t, %v", got, exact, err, tt.want, tt.exact, tt.err)
			}
		})
	}
	if got, exact, err := Round("1.5", 0); got != "2" || exact || err != nil {
		t.Errorf("to no places: %q, %t, %v", got, exact, err)
	}
}
