package page

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/static"
	"postern/templates"
)

var (
	literal     = regexp.MustCompile("\"(?:[^\"\\\\\n]|\\\\.)*\"|`[^`]*`")
	declaration = regexp.MustCompile(`/\*[^*]*\*/|\{[^{}]*\}`)
	class       = regexp.MustCompile(`\.([a-z][a-z-]*)`)
)

// sources returns the templates and the code that renders pages.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, root := range []string{"..", "../../../templates"} {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			ext := filepath.Ext(name)
			if err != nil || entry.IsDir() || ext != ".go" && ext != ".html" || strings.HasSuffix(name,
				"_test.go") || strings.Contains(name, "testdata") {
				return err
			}
			text, err := os.ReadFile(name)
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

func TestEveryIconIsUsed(t *testing.T) {
	t.Parallel()
	all, err := loadIcons(static.FS)
	if err != nil {
		t.Fatal(err)
	}
	quoted := make(map[string]bool)
	for _, text := range literal.FindAllString(sources(t), -1) {
		quoted[strings.Trim(text, "\"`")] = true
	}
	for name := range all {
		if !quoted[name] {
			t.Errorf("no page shows %q", name)
		}
	}
}

// attribute matches the start of a class attribute, action what a template does there, and inserted the name
// of the data that an action inserts.
var (
	attribute     = regexp.MustCompile(`\bclass="`)
	action        = regexp.MustCompile(`\{\{[^{}]*\}\}`)
	inserted      = regexp.MustCompile(`\.([A-Z][A-Za-z]*)\s*\}\}$`)
	wholeOrPrefix = regexp.MustCompile(`^[a-z][a-z-]*$`)
)

// classesOf returns the classes in the class attributes of a page, "tone-" for one that is completed by data,
// and the names of the data that are classes.
func classesOf(text string) (classes, data map[string]bool) {
	classes, data = make(map[string]bool), make(map[string]bool)
	for _, at := range attribute.FindAllStringIndex(text, -1) {
		value := text[at[1]:]
		value = value[:closingQuote(value)]
		plain := action.ReplaceAllStringFunc(value, func(found string) string {
			if name := inserted.FindStringSubmatch(found); name != nil && !strings.HasPrefix(found, "{{if") {
				data[name[1]] = true
				return ""
			}
			return " "
		})
		for _, one := range strings.Fields(plain) {
			if wholeOrPrefix.MatchString(one) {
				classes[one] = true
			}
		}
	}
	return classes, data
}

// closingQuote returns the position of the quote that ends an attribute, outside actions.
func closingQuote(value string) int {
	bare := action.ReplaceAllStringFunc(value,
		func(found string) string { return strings.Repeat(" ", len(found)) })
	if end := strings.Index(bare, `"`); end >= 0 {
		return end
	}
	return len(value)
}

func TestClassesOf(t *testing.T) {
	t.Parallel()
	classes, data := classesOf(`<p class="a{{if eq .Type "b"}} c{{else}} d{{end}} tone-{{.Tone}}" title="e"><b class="{{.Class}}">f</b>class`)
	if diff := cmp.Diff(map[string]bool{"a": true, "c": true, "d": true, "tone-": true},
		classes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]bool{"Tone": true, "Class": true}, data); diff != "" {
		t.Error(diff)
	}
}

// wornClasses returns the classes of all templates and icons, and those that the code puts into their data.
func wornClasses(t *testing.T) map[string]bool {
	t.Helper()
	worn := make(map[string]bool)
	for _, tree := range []fs.FS{templates.Pages, static.FS} {
		err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(name) != ".html" && path.Ext(name) != ".svg" {
				return err
			}
			text, err := fs.ReadFile(tree, name)
			classes, data := classesOf(string(text))
			maps.Copy(worn, classes)
			for field := range data {
				if field != "Class" && field != "Tone" {
					t.Errorf("%s: %s holds a class: name it Class or Tone", name, field)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, found := range dataClass.FindAllStringSubmatch(sources(t), -1) {
		worn[found[1]] = true
	}
	return worn
}

// dataClass matches a class in the data of a page, or a constant for one.
var dataClass = regexp.MustCompile(`(?:\bClass:|\.Class +=|[a-z]Class +=) *"([a-z][a-z-]*)"`)

// TestNoUnusedCSSClasses checks that every CSS class is in a class attribute or in the data for one. A class
// whose suffix is added at run time is there as its prefix.
func TestNoUnusedCSSClasses(t *testing.T) {
	t.Parallel()
	sheet, err := static.FS.ReadFile("css/portal.css")
	if err != nil {
		t.Fatal(err)
	}
	worn := wornClasses(t)
	for _, found := range class.FindAllStringSubmatch(declaration.ReplaceAllString(string(sheet), " "), -1) {
		prefix, _, dashed := strings.Cut(found[1], "-")
		if !worn[found[1]] && (!dashed || !worn[prefix+"-"]) {
			t.Errorf("nothing wears .%s", found[1])
		}
	}
}
