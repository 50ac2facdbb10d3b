package money

import (
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/bojanz/currency"
)

// spaced replaces no-break spaces with "_", so that the expected values are readable.
func spaced(s string) string { return strings.ReplaceAll(s, noBreak, "_") }

func TestFormatAmount(t *testing.T) {
	t.Parallel()
	tests := []struct {
		lang string
		in   Amount
		want string
	}{
		{"en", Amount{123450, "EUR"}, "€1,234.50"},
		{"en", Amount{-123450, "EUR"}, "−€1,234.50"},
		{"en", Amount{5, "GBP"}, "£0.05"},
		{"en", Amount{123450, "CZK"}, "CZK_1,234.50"},
		{"cs", Amount{123456750, "CZK"}, "1_234_567,50_Kč"},
		{"sk", Amount{123450, "EUR"}, "1_234,50_€"},
		{"sk", Amount{-100, "EUR"}, "−1,00_€"},
		{"sk", Amount{1234, "KWD"}, "1,234_KWD"},
		{"pl", Amount{123450, "PLN"}, "1234,50_zł"},
		{"pl", Amount{1234500, "PLN"}, "12_345,00_zł"},
		{"de", Amount{123450, "EUR"}, "1.234,50_€"},
		{"de", Amount{1234, "JPY"}, "1.234_¥"},
		{"xx", Amount{123450, "EUR"}, "€1,234.50"},
		{"sk", Amount{1234, "XYZ"}, "1_234_XYZ"},
		{"sk", Amount{123450, "SKK"}, "1_234,50_SKK"},
		{"en", Amount{-123450, "HRK"}, "−HRK_1,234.50"},
		{"en", Amount{123450, "XCG"}, "XCG_1,234.50"},
		{"pl", Amount{12345, "BYR"}, "12_345_BYR"},
		{"de", Amount{math.MinInt64, "EUR"}, "−92.233.720.368.547.758,08_€"},
	}
	for _, tt := range tests {
		t.Run(tt.lang+" "+tt.in.Decimal()+" "+tt.in.Currency, func(t *testing.T) {
			if got := spaced(NewFormatter(tt.lang).Amount(tt.in)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestFormatUnitAndDecimal(t *testing.T) {
	t.Parallel()
	sk, pl := NewFormatter("sk"), NewFormatter("pl")
	tests := []struct{ name, got, want string }{
		{"six places", sk.Unit("0.004567", "EUR"), "0,004567_€"},
		{"padded to the currency", sk.Unit("1234.5", "EUR"), "1_234,50_€"},
		{"yen with places", sk.Unit("-0.5", "JPY"), "−0,5_¥"},
		{"no price", sk.Unit("", "EUR"), ""},
		{"quantity", sk.Decimal("1234567.5"), "1_234_567,5"},
		{"negative quantity", pl.Decimal("-1000"), "−1000"},
		{"no quantity", pl.Decimal(""), ""},
		{"whole quantity", pl.Decimal("3"), "3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := spaced(tt.got); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestFormatterAgreesWithTheLibrary checks that the fast formatter writes every currency as the library
// does, but for the sign.
func TestFormatterAgreesWithTheLibrary(t *testing.T) {
	t.Parallel()
	minors := []int64{0, 7, -7, 99, 100, -999, 1000, 9999, 10000, -99999, 100000, 1234567, -987654321012}
	for lang, locale := range map[string]string{"en": "en-GB", "cs": "cs", "sk": "sk",
		"pl": "pl", "de": "de"} {
		f, lib := NewFormatter(lang), currency.NewFormatter(currency.NewLocale(locale))
		for _, code := range currency.GetCurrencyCodes() {
			for _, minor := range minors {
				a, err := currency.NewAmountFromInt64(minor, code)
				if err != nil {
					t.Fatal(err)
				}
				want := strings.Replace(lib.Format(a), "-", "−", 1)
				if got := f.Amount(Amount{minor, code}); got != want {
					t.Errorf("%s %d %s: %q, want %q", lang, minor, code, got, want)
				}
			}
		}
	}
}

func TestFormatterIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	f := NewFormatter("sk")
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 100 {
				if got := spaced(f.Amount(Amount{123450, "EUR"})); got != "1_234,50_€" {
					t.Error(got)
				}
			}
		})
	}
	wait.Wait()
}

func BenchmarkFormatAmount(b *testing.B) {
	f := NewFormatter("sk")
	for b.Loop() {
		f.Amount(Amount{123450, "EUR"})
	}
}

func BenchmarkNewFormatter(b *testing.B) {
	for b.Loop() {
		NewFormatter("sk")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"-12.50", "1000", "", "-0", "1e9", "٣", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Parse(s, "EUR")
		if err != nil {
			return
		}
		again, err := Parse(a.Decimal(), "EUR")
		if err != nil || again != a {
			t.Errorf("%q gave %v, and that %v, %v", s, a, again, err)
		}
	})
}
