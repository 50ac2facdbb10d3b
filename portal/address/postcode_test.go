package address

import (
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
)

// TestPostalCodeOnALabelPassesTheForm checks that the postal code on a label can be typed into the form of
// the same country and gives the same code.
func TestPostalCodeOnALabelPassesTheForm(t *testing.T) {
	t.Parallel()
	formats, random := New(), rand.New(rand.NewPCG(1, 2))
	for _, country := range formats.Countries("en") {
		n := formats.country(country.Code)
		if n.pattern == nil {
			continue
		}
		tree, err := syntax.Parse(n.pattern.String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 {
			var text strings.Builder
			write(&text, tree, random)
			checkOnLabel(t, formats, Address{Country: country.Code, PostalCode: text.String()})
		}
	}
}

func checkOnLabel(t *testing.T, formats *Formats, given Address) {
	t.Helper()
	want := formats.Normalise(given)
	printed := labelled(formats, want)
	if printed == "" {
		t.Errorf("%s: no label shows %q", given.Country, want.PostalCode)
	}
	for _, text := range []string{printed, strings.ToLower(printed), given.Country + "-" + want.PostalCode,
		given.PostalCode} {
		typed := formats.Normalise(Address{Country: given.Country, PostalCode: text})
		if typed.PostalCode != want.PostalCode {
			t.Errorf("%s: %q is read as %q, want %q", given.Country, text, typed.PostalCode, want.PostalCode)
		}
		if slices.Contains(formats.Validate(typed), FieldError{PostalCode, Pattern}) {
			t.Errorf("%s: the form refuses %q", given.Country, text)
		}
	}
	if again := labelled(formats, Address{Country: given.Country, PostalCode: printed}); again != printed {
		t.Errorf("%s: the label of %q shows %q", given.Country, printed, again)
	}
}

// labelled returns the line of the label that contains the postal code.
func labelled(formats *Formats, a Address) string {
	for _, line := range formats.Lines(Address{Country: a.Country, PostalCode: a.PostalCode}, "") {
		if strings.Contains(line, a.PostalCode) {
			return line
		}
	}
	return ""
}

// write writes a random text that matches the pattern.
func write(out *strings.Builder, re *syntax.Regexp, random *rand.Rand) {
	times := 1
	switch re.Op {
	case syntax.OpLiteral:
		out.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		at := 2 * random.IntN(len(re.Rune)/2)
		out.WriteRune(re.Rune[at] + rune(random.IntN(int(re.Rune[at+1]-re.Rune[at]+1))))
	case syntax.OpAlternate:
		write(out, re.Sub[random.IntN(len(re.Sub))], random)
		return
	case syntax.OpQuest:
		times = random.IntN(2)
	case syntax.OpRepeat:
		times = re.Min + random.IntN(re.Max-re.Min+1)
	}
	for range times {
		for _, sub := range re.Sub {
			write(out, sub, random)
		}
	}
}
