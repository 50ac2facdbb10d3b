package credential

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// counted returns the number of repetitions: full in a full run, otherwise a hundredth of it.
func counted(full int) int {
	if os.Getenv("PORTAL_TEST_FULL") != "" {
		return full
	}
	return full / 100
}

// TestTokensAreUnlike checks many tokens for duplicates and for bits that are one more or less often than
// chance allows.
func TestTokensAreUnlike(t *testing.T) {
	t.Parallel()
	n := counted(10_000_000)
	firsts := make([]uint64, 0, n) // chance of two equal ones: 3 in a million full runs
	var ones [SecretBytes * 8]int
	for range n {
		secret := NewToken("AAAAAAAAAAAAAAAAAAAAAA").Secret
		firsts = append(firsts, binary.BigEndian.Uint64(secret[8:]))
		for bit := range ones {
			ones[bit] += int(secret[bit/8]>>(bit%8)) & 1
		}
	}
	slices.Sort(firsts)
	if unlike := len(slices.Compact(firsts)); unlike != n {
		t.Errorf("%d of %d tokens are unlike", unlike, n)
	}
	limit := 7 * math.Sqrt(float64(n)) / 2 // seven standard deviations
	for bit, count := range ones {
		if math.Abs(float64(count)-float64(n)/2) > limit {
			t.Errorf("bit %d is one in %d of %d tokens", bit, count, n)
		}
	}
}

// TestCodesUseTheWholeAlphabet checks that every character is equally likely at every position; only then
// does a code have 40 bits.
func TestCodesUseTheWholeAlphabet(t *testing.T) {
	t.Parallel()
	n := counted(3_200_000)
	var seen [codeLength][256]int
	for range n {
		code := NewCode()
		if NormaliseCode(code) != code || len(code) != codeLength {
			t.Fatalf("code %q", code)
		}
		for place, sign := range []byte(code) {
			seen[place][sign]++
		}
	}
	usual := float64(n) / float64(len(codeAlphabet))
	for place, signs := range seen {
		for sign, count := range signs {
			want := 0.0
			if bytes.IndexByte([]byte(codeAlphabet), byte(sign)) >= 0 {
				want = usual
			}
			if math.Abs(float64(count)-want) > 7*math.Sqrt(want) {
				t.Errorf("place %d: %q comes %d times, usual is %.0f", place, rune(sign), count, want)
			}
		}
	}
}

// FuzzNormaliseCode checks that an entered code becomes eight plain characters or nothing, and that
// normalising it again changes nothing.
func FuzzNormaliseCode(f *testing.F) {
	for _, text := range []string{"", "0000-0000", "abcd efgh", "OIL0 1234", "ABCD–EFGH", "é000-0000",
		"\x80\xff0000000", strings.Repeat("A", 1000), "ABCDEFGH "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code := NormaliseCode(text)
		if code != "" && (len(code) != codeLength || NormaliseCode(code) != code ||
			strings.ContainsAny(code, "OIL- ")) {
			t.Errorf("%q becomes %q", text, code)
		}
	})
}
