package i18n

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// testWords returns a small catalogue with every kind of message.
func testWords(t *testing.T) *Catalogue {
	t.Helper()
	shared := `"date.day":"{{.Weekday}} {{.Day}}","date.datetime":"{{.Date}}, {{.Time}}",` +
		`"plain":"Plain","named":"Dear {{.Name}}!","due":"by {{day .At}}","on":"on {{.At}}","year":"in {{.Year}}",`
	c, err := load(fstest.MapFS{
		"en/a.json": {Data: []byte(`{` +
			shared + `"orders":{"one":"{{.Count}} order","other":"{{.Count}} orders"}}`)},
		"sk/a.json": {Data: []byte(`{` +
			shared + `"orders":{"one":"{{.Count}} objednávka","few":"{{.Count}} objednávky",` +
			`"many":"{{.Count}} objednávky (z)","other":"{{.Count}} objednávok"}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPlurals(t *testing.T) {
	t.Parallel()
	c := testWords(t)
	tests := []struct {
		lang  string
		count any
		want  string
	}{
		{"en", 0, "0\u00a0orders"}, {"en", 1, "1\u00a0order"}, {"en", 2, "2\u00a0orders"}, {"en", 1234, "1,234\u00a0orders"},
		{"sk", 0, "0\u00a0objednávok"}, {"sk", 1, "1\u00a0objednávka"}, {"sk", 2, "2\u00a0objednávky"},
		{"sk", 4, "4\u00a0objednávky"},
		{"sk", 5, "5\u00a0objednávok"}, {"sk", 101, "101\u00a0objednávok"},
		{"sk", "1.5", "1.5\u00a0objednávky (z)"},
		{"sk", int64(3), "3\u00a0objednávky"}, {"sk", 1234, "1\u00a0234\u00a0objednávok"},
	}
	for _, test := range tests {
		if got := c.Localizer(test.lang, nil).T("orders", "Count", test.count); got != test.want {
			t.Errorf("%s, %v: %q, want %q", test.lang, test.count, got, test.want)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	l := testWords(t).Localizer("en", nil)
	at := time.Date(2026, 3, 5, 14, 5, 0, 0, time.UTC)
	tests := []struct {
		name, want string
		key        string
		args       []any
	}{
		{"none", "Plain", "plain", nil},
		{"pairs", "Dear Jana!", "named", []any{"Name", "Jana"}},
		{"map of any", "Dear Jana!", "named", []any{map[string]any{"Name": "Jana"}}},
		{"map of strings", "Dear Jana!", "named", []any{map[string]string{"Name": "Jana"}}},
		{"a value that looks like a place", "Dear {{.Name}}!", "named", []any{"Name", "{{.Name}}"}},
		{"a year is not grouped", "in 2026", "year", []any{"Year", 2026}},
		{"a time, in the sentence's manner", "by Thursday 5\u00a0March", "due", []any{"At", at}},
		{"a time, as a day", "on 5\u00a0March\u00a02026", "on", []any{"At", &at}},
		{"no time", "on ", "on", []any{"At", (*time.Time)(nil)}},
		{"an odd argument", "Dear !", "named", []any{"Name"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := l.T(test.key, test.args...); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestMissingIsCountedAndBounded(t *testing.T) {
	t.Parallel()
	c := testWords(t)
	l := c.Localizer("sk", nil)
	if got := l.T("no.such"); got != "no.such" || l.Has("no.such") {
		t.Errorf("an unknown key gives %q", got)
	}
	l.T("no.such")
	l.T("named")
	want := map[string]int{"no.such": 2, "named:Name": 1}
	if diff := cmp.Diff(want, c.Missing()); diff != "" {
		t.Error(diff)
	}
	for i := range 2 * maxMissing {
		l.T(strings.Repeat("x", i+1))
	}
	if got := len(c.Missing()); got != maxMissing {
		t.Errorf("%d keys are kept, want %d", got, maxMissing)
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	bratislava, err := time.LoadLocation("Europe/Bratislava")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 4, 23, 5, 0, 0, time.UTC) // already the fifth in Bratislava
	type words struct{ Date, Short, Day, DateTime, ISO string }
	want := map[string]words{
		"en": {"5\u00a0March\u00a02026", "5\u00a0Mar\u00a02026", "Thursday 5\u00a0March", "5\u00a0March\u00a02026 at\u00a000:05",
			"2026-03-05T00:05:00+01:00"},
		"sk": {"5.\u00a0marca\u00a02026", "5.\u00a03.\u00a02026", "štvrtok 5.\u00a0marca",
			"5.\u00a0marca\u00a02026 o\u00a00:05", "2026-03-05T00:05:00+01:00"},
		"cs": {"5.\u00a0března\u00a02026", "5.\u00a03.\u00a02026", "čtvrtek 5.\u00a0března",
			"5.\u00a0března\u00a02026 v\u00a00:05", "2026-03-05T00:05:00+01:00"},
		"pl": {"5\u00a0marca\u00a02026", "5\u00a0mar\u00a02026", "czwartek, 5\u00a0marca",
			"5\u00a0marca\u00a02026 o\u00a000:05", "2026-03-05T00:05:00+01:00"},
		"de": {"5.\u00a0März\u00a02026", "05.03.2026", "Donnerstag, 5.\u00a0März",
			"5.\u00a0März\u00a02026 um\u00a000:05\u00a0Uhr", "2026-03-05T00:05:00+01:00"},
	}
	for lang, want := range want {
		l := c.Localizer(lang, bratislava)
		write := func(t time.Time) words {
			return words{l.Date(t), l.ShortDate(t), l.DayDate(t), l.DateTime(t), l.ISO(t)}
		}
		if diff := cmp.Diff(want, write(at)); diff != "" {
			t.Errorf("%s: %s", lang, diff)
		}
		if diff := cmp.Diff(words{}, write(time.Time{})); diff != "" {
			t.Errorf("%s, no time: %s", lang, diff)
		}
	}
}

func TestCzechHourTakesItsPreposition(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	l := c.Localizer("cs", nil)
	for hour, want := range []string{
		"v", "v", "ve", "ve", "ve", "v", "v", "v", "v", "v", "v", "v", "ve", "ve", "ve", "v", "v", "v", "v",
		"v", "ve", "ve", "ve", "ve",
	} {
		text := l.DateTime(time.Date(2026, 3, 5, hour, 5, 0, 0, time.UTC))
		if words := strings.Fields(text); words[3] != want { // Fields also splits at no-break spaces
			t.Errorf("%q, want %q before the hour", text, want)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	both := []string{"sk", "en"}
	tests := []struct {
		name    string
		offered []string
		wishes  []string
		want    string
	}{
		{"the first wish", both, []string{"en", "sk"}, "en"},
		{"an empty wish is passed over", both, []string{"", "en"}, "en"},
		{"a header's order", both, []string{"fr-FR,en;q=0.4,sk;q=0.6"}, "sk"},
		{"a region", both, []string{"en-US"}, "en"},
		{"a wish nobody meets", both, []string{"ja", "en"}, "en"},
		{"nothing met", both, []string{"ja"}, "sk"},
		{"only what is offered", []string{"sk"}, []string{"en"}, "sk"},
		{"offered without a catalogue", []string{"xx", "en"}, []string{"xx"}, "en"},
		{"nothing offered", nil, []string{"sk"}, "sk"},
		{"rubbish", both, []string{"\x00;;q=,,", "en"}, "en"},
		{"a flood", both, []string{"sk," + strings.Repeat("en-x-a,", 5000)}, "sk"},
		{"a flood without a comma", both, []string{strings.Repeat("a", 5000), "en"}, "en"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := c.Match(test.offered, test.wishes...); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestInParallel(t *testing.T) {
	t.Parallel()
	c := testWords(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 200 {
				c.Match([]string{"en", "sk"}, "sk-SK")
				if got := c.Localizer("sk", nil).T("orders", "Count", 1); got != "1\u00a0objednávka" {
					t.Errorf("got %q", got)
				}
				c.Localizer("en", nil).T("unknown")
			}
		})
	}
	group.Wait()
}

func BenchmarkT(b *testing.B) {
	c, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	l := c.Localizer("sk", nil)
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			l.T("nav.orders")
		}
	})
	b.Run("value", func(b *testing.B) {
		for b.Loop() {
			l.T("problem.reference", "ID", "r-1")
		}
	})
}

func TestDecimalNumbersAreWrittenAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string][]string{
		"en": {"1.2:1", "4.5:1"}, "cs": {"1,2:1", "4,5:1"}, "sk": {"1,2:1", "4,5:1"},
		"pl": {"1,2:1", "4,5:1"}, "de": {"1,2:1", "4,5:1"},
	} {
		got := c.Localizer(lang, nil).T("accent.contrast", "Contrast", "1.2", "Nearest", "#112233")
		for _, ratio := range want {
			if !strings.Contains(got, ratio) {
				t.Errorf("%s: no %q in %q", lang, ratio, got)
			}
		}
	}
	words := testWords(t).Localizer("sk", nil)
	if got := words.show("a.5", piece{name: "N", manner: decimal}); got != "a.5" {
		t.Errorf("a text that is no number becomes %q", got)
	}
}
