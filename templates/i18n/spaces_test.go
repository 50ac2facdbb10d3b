package i18n

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// TestSpacesThatDoNotBreak checks where no-break spaces, shown as "~", are inserted.
func TestSpacesThatDoNotBreak(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ lang, text, want string }{
		{"en", "In 10 minutes a code", "In 10~minutes a code"},
		{"sk", "Prihláste sa v obchode a z účtu", "Prihláste sa v~obchode a~z~účtu"},
		{"sk", "Odstúpenie do 14 dní (v obchode)", "Odstúpenie do 14~dní (v~obchode)"},
		{"cs", "O {{.Count}} objednávkách k {{.Email}}", "O~{{.Count}}~objednávkách k~{{.Email}}"},
		{"cs", "DPH {{.Rate}} % a kolo", "DPH {{.Rate}}~% a~kolo"},
		{"pl", "Do 800 × 200 pikseli, art. 38a, m. in. w sklepie",
			"Do 800~×~200~pikseli, art.~38a, m.~in. w~sklepie"},
		{"pl", "nr {{.Number}} z {{datetime .When}}", "nr~{{.Number}} z~{{datetime .When}}"},
		{"de", "Nach § 5 und Art. 6, z. B. am 5. März um {{.Time}} Uhr",
			"Nach §~5~und Art.~6, z.~B. am 5.~März um~{{.Time}}~Uhr"},
		{"de", "a b", "a b"},
	} {
		if got := strings.ReplaceAll(spacesOf(test.lang).bind(test.text), noBreak, "~"); got != test.want {
			t.Errorf("%s: %q, want %q", test.lang, got, test.want)
		}
	}
}

// TestEmailIsOneWord checks that pages never break "e-mail" at its hyphen, and that emails, and single words,
// which may be the head of a column, hold no character that is not seen.
func TestEmailIsOneWord(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ key, text, want string }{
		{"a", "Pozrite si e-mail alebo E-Mails", "Pozrite si e-~mail alebo E-~Mails"},
		{"a", "E-mail", "E-mail"}, {"mail.a", "Pozrite si e-mail", "Pozrite si e-mail"},
	} {
		if got := strings.ReplaceAll(spacesOf("sk").keep(test.key, test.text), wordJoiner, "~"); got != test.want {
			t.Errorf("%s: %q, want %q", test.key, got, test.want)
		}
	}
}

// TestCataloguesHoldOrdinarySpacesOnly checks that catalogues contain no other spaces, because one rule
// inserts them into every sentence.
func TestCataloguesHoldOrdinarySpacesOnly(t *testing.T) {
	t.Parallel()
	for _, lang := range Tags() {
		for id, text := range readRaw(t, lang) {
			if all := fmt.Sprint(text); strings.ContainsAny(all, "\u00a0\u202f\u2009") {
				t.Errorf("%s in %s: %q", id, lang, all)
			}
		}
	}
}

// TestIDsHaveOneStyle checks that ids are lower-case words with underscores, separated by dots, from the
// page to the part to the state.
func TestIDsHaveOneStyle(t *testing.T) {
	t.Parallel()
	style := regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9][a-z0-9_]*)+$`)
	for id := range readAll(t) {
		if !style.MatchString(id) {
			t.Errorf("the id %q", id)
		}
	}
}

// TestEnglishIsTypeset checks that texts have curly apostrophes and British spelling.
func TestEnglishIsTypeset(t *testing.T) {
	t.Parallel()
	wrong := regexp.MustCompile(`\w'\w|s' |(?i)\be-mail|\bcanceled\b|\bcolor\b|authorized\b`)
	for id, text := range readRaw(t, fallback) {
		if found := wrong.FindString(fmt.Sprint(text)); found != "" {
			t.Errorf("%s: %q in %q", id, found, text)
		}
	}
}

// TestASentenceIsCutAroundAValue checks that the values before and after the cut are filled in.
func TestASentenceIsCutAroundAValue(t *testing.T) {
	t.Parallel()
	c, err := load(fstest.MapFS{"en/a.json": {Data: []byte(`{"a.b":"Write to {{.Email}}, or {{.Other}}."}`)}})
	if err != nil {
		t.Fatal(err)
	}
	before, after := c.Localizer("en", nil).Around("a.b", "Email", "Other", "call")
	if before != "Write to " || after != ", or call." {
		t.Errorf("got %q and %q", before, after)
	}
}

// TestOperatorsReadWhatPagesSay checks that operators get the page's text, or the developers' text if pages
// have none.
func TestOperatorsReadWhatPagesSay(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for id, as := range map[string]*Localizer{"email.form": c.Localizer(fallback, nil),
		"json.syntax": c.Developer()} {
		if got := c.Operator().T(id); got != as.T(id) || got == id {
			t.Errorf("%s: %q", id, got)
		}
	}
}
