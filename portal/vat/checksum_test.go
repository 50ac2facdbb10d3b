package vat

import "testing"

// TestStandardChecksums uses the example numbers of ISO/IEC 7812-1 and ISO 7064.
func TestStandardChecksums(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, good string
		check      func(string) bool
	}{
		{"Luhn", "79927398713", luhn},
		{"MOD 11,10", "07945", mod11x10},
		{"MOD 97-10", "79444", func(s string) bool { return remainder(s, 97) == 1 }},
		{"MOD 97-10 with letters", "3214282912345698765432161182",
			func(s string) bool { return remainder(s, 97) == 1 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !tt.check(tt.good) {
				t.Fatalf("%s refused", tt.good)
			}
			for i := range len(tt.good) {
				for d := byte('0'); d <= '9'; d++ {
					bad := tt.good[:i] + string(d) + tt.good[i+1:]
					if d != tt.good[i] && tt.check(bad) {
						t.Errorf("%s accepted", bad)
					}
				}
			}
		})
	}
}

func TestRemainderCountsLettersAsTwoDigits(t *testing.T) {
	t.Parallel()
	if a, b := remainder("NL1B", 97), remainder("2321111", 97); a != b {
		t.Errorf("%d and %d", a, b)
	}
}

func TestIsDate(t *testing.T) {
	t.Parallel()
	tests := map[[3]int]bool{
		{2000, 2, 29}: true, {1900, 2, 29}: false, {2024, 2, 29}: true, {2023, 2, 29}: false,
		{1999, 12, 31}: true, {1999, 4, 31}: false, {1999, 13, 1}: false, {1999, 0, 1}: false,
		{1999, 1, 0}: false,
	}
	for d, want := range tests {
		if got := isDate(d[0], d[1], d[2]); got != want {
			t.Errorf("isDate(%v) = %t", d, got)
		}
	}
}
