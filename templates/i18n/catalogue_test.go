package i18n

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-playground/locales"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"
)

// raw is a language's catalogue as written, without English fallbacks: key -> form -> text.
type raw map[string]map[string]string

func readRaw(t *testing.T, lang string) raw {
	t.Helper()
	names, err := fs.Glob(files, path.Join(lang, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	all := make(raw)
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var entries map[string]any
		if err := json.Unmarshal(text, &entries); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if twice := repeated(t, text); twice != "" {
			t.Errorf("%s: the key %q stands twice", name, twice)
		}
		for key, entry := range entries {
			all[key] = formsIn(t, key, entry)
		}
	}
	return all
}

func formsIn(t *testing.T, key string, entry any) map[string]string {
	t.Helper()
	if text, ok := entry.(string); ok {
		return map[string]string{"": text}
	}
	object, ok := entry.(map[string]any)
	if !ok {
		t.Fatalf("%s is neither a text nor an object of forms", key)
	}
	forms := make(map[string]string)
	for form, text := range object {
		if forms[form], ok = text.(string); !ok {
			t.Fatalf("%s, %s is no text", key, form)
		}
	}
	return forms
}

// repeated returns the first duplicate top-level key of a document, which Unmarshal would hide.
func repeated(t *testing.T, text []byte) string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		if seen[key.(string)] {
			return key.(string)
		}
		seen[key.(string)] = true
		var skipped json.RawMessage
		if err := decoder.Decode(&skipped); err != nil {
			t.Fatal(err)
		}
	}
	return ""
}

// places lists the names of the values in all forms of a message.
func places(forms map[string]string) []string {
	names := make(map[string]bool)
	for _, text := range forms {
		for _, match := range place.FindAllStringSubmatch(text, -1) {
			names[match[2]] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func TestEveryLanguageIsComplete(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	english := readRaw(t, fallback)
	for _, lang := range c.Languages() {
		t.Run(lang, func(t *testing.T) {
			own := readRaw(t, lang)
			if diff := cmp.Diff(slices.Sorted(maps.Keys(english)),
				slices.Sorted(maps.Keys(own))); diff != "" {
				t.Errorf("keys differ from English:\n%s", diff)
			}
			want := pluralForms(t, lang)
			for key, forms := range own {
				checkMessage(t, key, forms, english[key], want)
			}
		})
	}
}

func checkMessage(t *testing.T, key string, forms, english map[string]string, want []string) {
	t.Helper()
	for form, text := range forms {
		if strings.TrimSpace(text) != text || text == "" {
			t.Errorf("%s, form %q: empty, or space around the text", key, form)
		}
	}
	if english != nil && !slices.Equal(places(forms), places(english)) {
		t.Errorf("%s has places for %v, English for %v", key, places(forms), places(english))
	}
	_, fixed := forms[""]
	_, englishFixed := english[""]
	if english != nil && fixed != englishFixed {
		t.Errorf("%s has plural forms in one language and none in the other", key)
	}
	if got := slices.Sorted(maps.Keys(forms)); !fixed && !slices.Equal(got, want) {
		t.Errorf("%s has the forms %v; the language has %v", key, got, want)
	}
}

// pluralForms returns a language's cardinal plural forms by CLDR, from a source other than the one being
// tested.
func pluralForms(t *testing.T, lang string) []string {
	t.Helper()
	cldr := datesOf(lang).cldr
	if got, _, _ := strings.Cut(cldr.Locale(), "_"); got != lang {
		t.Fatalf("dates.go has no line for %s", lang)
	}
	names := map[locales.PluralRule]string{
		locales.PluralRuleZero: "zero", locales.PluralRuleOne: "one", locales.PluralRuleTwo: "two",
		locales.PluralRuleFew: "few", locales.PluralRuleMany: "many", locales.PluralRuleOther: "other",
	}
	var forms []string
	for _, rule := range cldr.PluralsCardinal() {
		forms = append(forms, names[rule])
	}
	slices.Sort(forms)
	return forms
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, lang, text string
		want             error
	}{
		{"an empty text", "en", `{"a":""}`, errEmpty},
		{"blank text", "en", `{"a":"  "}`, errEmpty},
		{"braces that are no place", "en", `{"a":"{{name}}"}`, errBraces},
		{"a half open place", "en", `{"a":"{{.Name}"}`, errBraces},
		{"no form other", "en", `{"a":{"one":"x"}}`, errOther},
		{"an unknown manner", "en", `{"a":"{{loud .Name}}"}`, nil},
		{"a key in two files", "en", `{"b":"x"}`, nil},
		{"no JSON", "en", `{`, nil},
		{"a folder that is no language", "12", `{"a":"x"}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			source := fstest.MapFS{
				"en/base.json":           {Data: []byte(`{"b":"y"}`)},
				test.lang + "/test.json": {Data: []byte(test.text)},
			}
			_, err := load(source)
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("the error is %v, want %v", err, test.want)
			}
		})
	}
	if _, err := load(fstest.MapFS{"sk/base.json": {Data: []byte(`{"b":"y"}`)}}); err == nil {
		t.Error("a catalogue without English is accepted")
	}
}

func TestAddingAFileSuffices(t *testing.T) {
	t.Parallel()
	c, err := load(fstest.MapFS{
		"en/base.json": {Data: []byte(`{"a":"Hello","b":"Bye"}`)},
		"cs/base.json": {Data: []byte(`{"a":"Ahoj"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"en", "cs"}, c.Languages()); diff != "" {
		t.Error(diff)
	}
	czech := c.Localizer("cs", nil)
	if czech.T("a") != "Ahoj" || czech.T("b") != "Bye" {
		t.Errorf("got %q and %q", czech.T("a"), czech.T("b"))
	}
	if got := c.Match(nil, "cs-CZ,cs;q=0.9"); got != "cs" {
		t.Errorf("a Czech browser gets %q", got)
	}
}

func TestFoldersAreLanguages(t *testing.T) {
	t.Parallel()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range c.Languages() {
		if tag, err := language.Parse(lang); err != nil || tag.String() != lang {
			t.Errorf("the folder %q is no language tag in its usual form", lang)
		}
		if c.Name(lang) == "lang.name" {
			t.Errorf("%s does not say its own name", lang)
		}
	}
}
