package page

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postern/static"
)

var (
	literal     = regexp.MustCompile("\"(?:[^\"\\\\\n]|\\\\.)*\"|`[^`]*`")
	declaration = regexp.MustCompile(`/\*[^*]*\*/|\{[^{}]*\}`)
	class       = regexp.MustCompile(`\.([a-z][a-z-]*)`)
)

// quoted returns all quoted texts of the templates and of the code that renders pages, one a line, without
// imports.
func quoted(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, root := range []string{"..", "../../../templates"} {
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			ext := filepath.Ext(name)
			if err != nil || entry.IsDir() || ext != ".go" && ext != ".html" || strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata") {
				return err
			}
			text, err := os.ReadFile(name)
			for _, found := range literal.FindAllString(string(text), -1) {
				if !strings.HasPrefix(found, `"postern/`) {
					all.WriteString(found + "\n")
				}
			}
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
	texts := quoted(t)
	for name := range all {
		if !strings.Contains(texts, `"`+name+`"`) {
			t.Errorf("no page shows %q", name)
		}
	}
}

// TestEveryClassIsWorn checks that every CSS class is used. A class whose suffix is added at run time counts
// as used if its prefix up to the dash is.
func TestEveryClassIsWorn(t *testing.T) {
	t.Parallel()
	sheet, err := static.FS.ReadFile("css/portal.css")
	if err != nil {
		t.Fatal(err)
	}
	texts := quoted(t)
	for _, found := range class.FindAllStringSubmatch(declaration.ReplaceAllString(string(sheet), " "), -1) {
		begin, _, _ := strings.Cut(found[1], "-")
		worn := regexp.MustCompile("(^|[^a-z-])(" + found[1] + "([^a-z-]|$)|" + begin + "-([^a-z]|$))")
		if !worn.MatchString(texts) {
			t.Errorf("nothing wears .%s", found[1])
		}
	}
}
