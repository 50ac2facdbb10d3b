package i18n

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// brokenCall matches where a call goes on in the next line.
var brokenCall = regexp.MustCompile(`([,(])\n\s+`)

// literal matches a quoted key, or the start of one that is completed at run time: "headline.".
var literal = regexp.MustCompile("[\"`]([a-z][a-z0-9_-]*(?:\\.[a-z0-9_-]+)*\\.?)[\"`]")

// ending matches a suffix that is appended to a whole key at run time: ".title".
var ending = regexp.MustCompile(`"(\.[a-z0-9_-]+)"`)

// asked matches a key in a place where only a key can be.
var asked = regexp.MustCompile(`(?:\bT\(|\.T |\bT |\bAround |\bKey: +|NewError\([A-Za-z.]+, |\.Warn\([^\n"]*(?:"[^"\n]*")?, )"([a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+)"`)

// sources returns the files that may refer to messages: templates and Go files except tests.
func sources(t *testing.T) map[string]string {
	t.Helper()
	const root = "../.."
	texts := make(map[string]string)
	for _, top := range []string{"cmd", "mail", "portal", "templates"} {
		err := filepath.WalkDir(filepath.Join(root, top),
			func(name string, entry fs.DirEntry, err error) error {
				if os.IsNotExist(err) {
					return nil
				}
				if err != nil || entry.IsDir() || !speaks(name) {
					return err
				}
				text, err := os.ReadFile(name)
				texts[name] = brokenCall.ReplaceAllString(string(text), "$1 ")
				return err
			})
		if err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

func speaks(name string) bool {
	if strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata") {
		return false
	}
	return slices.Contains([]string{".go", ".html", ".txt"}, filepath.Ext(name))
}

// mentions holds the keys that sources contain, whole or in part.
type mentions struct {
	whole           map[string]bool
	begins, endings []string
}

func mentioned(t *testing.T) mentions {
	t.Helper()
	m := mentions{whole: make(map[string]bool)}
	for _, text := range sources(t) {
		for _, match := range literal.FindAllStringSubmatch(text, -1) {
			m.whole[match[1]] = true
			if strings.HasSuffix(match[1], ".") {
				m.begins = append(m.begins, match[1])
			}
		}
		for _, match := range ending.FindAllStringSubmatch(text, -1) {
			m.endings = append(m.endings, match[1])
		}
	}
	return m
}

func (m mentions) has(key string) bool {
	begun := func(begin string) bool { return strings.HasPrefix(key, begin) }
	ended := func(end string) bool {
		whole, found := strings.CutSuffix(key, end)
		return found && m.whole[whole]
	}
	return m.whole[key] || slices.ContainsFunc(m.begins, begun) || slices.ContainsFunc(m.endings, ended)
}

// readAll returns the English texts and the developers' texts.
func readAll(t *testing.T) raw {
	all := readRaw(t, fallback)
	text, err := developerFiles.ReadFile(developerFile)
	if err != nil {
		t.Fatal(err)
	}
	var entries map[string]any
	if err := json.Unmarshal(text, &entries); err != nil {
		t.Fatal(err)
	}
	if twice := repeated(t, text); twice != "" {
		t.Errorf("%s: the key %q stands twice", developerFile, twice)
	}
	for key, entry := range entries {
		all[key] = formsIn(t, key, entry)
	}
	return all
}

func TestNoKeyIsUnused(t *testing.T) {
	t.Parallel()
	named := mentioned(t)
	for key := range readAll(t) {
		if !named.has(key) {
			t.Errorf("nothing asks for %q", key)
		}
	}
}

// TestNoMannerIsUnused checks that some text uses each format of a placeholder.
func TestNoMannerIsUnused(t *testing.T) {
	t.Parallel()
	text := fmt.Sprint(readRaw(t, fallback))
	for _, manner := range manners() {
		if !strings.Contains(text, "{{"+manner+" .") {
			t.Errorf("no sentence asks for %q", manner)
		}
	}
}

func TestEveryKeyAskedForIsThere(t *testing.T) {
	t.Parallel()
	known := readAll(t)
	for name, text := range sources(t) {
		for _, match := range asked.FindAllStringSubmatch(text, -1) {
			if known[match[1]] == nil {
				t.Errorf("%s asks for %q, which no catalogue has", name, match[1])
			}
		}
	}
}

// call matches a reference to a message by its whole key, given matches the names in a call, and held
// matches the values in a message.
var (
	call  = regexp.MustCompile(`(?:\bT\(|\.T |\bT |\bAround )"([a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+)"([^\n]*)`)
	given = regexp.MustCompile(`"([A-Z][A-Za-z]*)"`)
	held  = regexp.MustCompile(`\{\{(?:[a-z]+ )?\.([A-Z][A-Za-z]*)\}\}`)
)

// TestEveryValueIsGiven checks that every value in a message is given by name on the line of the call, so
// that no text has a gap.
func TestEveryValueIsGiven(t *testing.T) {
	t.Parallel()
	known := readRaw(t, fallback)
	for name, text := range sources(t) {
		for _, match := range call.FindAllStringSubmatch(text, -1) {
			names := map[string]bool{}
			for _, g := range given.FindAllStringSubmatch(match[2], -1) {
				names[g[1]] = true
			}
			for _, h := range held.FindAllStringSubmatch(fmt.Sprint(known[match[1]]), -1) {
				if !names[h[1]] && !strings.Contains(match[2], "...") {
					t.Errorf("%s asks for %q without %s", name, match[1], h[1])
				}
			}
		}
	}
}
