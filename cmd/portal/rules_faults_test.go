package main

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// lines returns Go source of n lines without declarations.
func lines(n int) string { return strings.Repeat("//\n", n) }

// function returns the source of a function with n lines.
func function(name string, n int) string {
	return "func " + name + "() {\n" + strings.Repeat("\t_ = 1\n", n-2) + "}\n"
}

// faultCase is a small tree and what a rule finds in it.
type faultCase struct {
	name  string
	check func(sourceTree) []string
	tree  map[string]string
	want  []string
}

func findFaults(t *testing.T, tests []faultCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tree := fstest.MapFS{}
			for name, text := range tt.tree {
				tree[name] = &fstest.MapFile{Data: []byte(text)}
			}
			h, err := readSourceTree(tree)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, tt.check(h)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRulesOfPlace(t *testing.T) {
	t.Parallel()
	findFaults(t, []faultCase{
		{"top level as it should be", strayEntries,
			map[string]string{"go.mod": "", "README.md": "", ".ci/run": "", "portal/x.txt": ""}, nil},
		{"stray file and folder", strayEntries,
			map[string]string{"main.go": "package main", "pkg/x.txt": ""},
			[]string{"main.go has no place at the top level", "pkg has no place at the top level"}},

		{"imports downwards", importsAgainstDirection, map[string]string{
			"portal/x.go": imports("portal", "postern/mail", "postern/storage", "fmt",
				"golang.org/x/text/language"),
			"portal/x_test.go": imports("portal_test", "postern/portal", "postern/storage/storagetest",
				"postern/portal/web/webtest"),
			"mail/smtp/x.go": imports("smtp", "postern/mail"),
			"portal/web/webtest/x.go": imports("webtest", "postern/portal/web",
				"postern/storage/storagetest"),
			"cmd/portal/x.go": imports("main", "postern/portal/web/shopper"),
		}, nil},
		{"imports upwards", importsAgainstDirection,
			map[string]string{"mail/x.go": imports("mail", "postern/portal")},
			[]string{"mail/x.go imports portal: against the direction"}},
		{"a test imports upwards", importsAgainstDirection,
			map[string]string{"mail/x_test.go": imports("mail_test", "postern/portal")},
			[]string{"mail/x_test.go imports portal: against the direction"}},
		{"imports its own level", importsAgainstDirection,
			map[string]string{"portal/web/shopper/x.go": imports("shopper", "postern/portal/web/api")},
			[]string{"portal/web/shopper/x.go imports portal/web/api: against the direction"}},
		{"a leaf imports a leaf", importsAgainstDirection,
			map[string]string{"portal/vat/x.go": imports("vat", "postern/storage")},
			[]string{"portal/vat/x.go imports storage: against the direction"}},
		{"the product imports test support", importsAgainstDirection,
			map[string]string{"cmd/portal/x.go": imports("main", "postern/storage/storagetest")},
			[]string{"cmd/portal/x.go imports storage/storagetest: against the direction"}},
		{"imports what is not in the table", importsAgainstDirection,
			map[string]string{"portal/x.go": imports("portal", "postern/portal/till")},
			[]string{"portal/x.go imports portal/till: against the direction"}},
		{"a package that is not in the table", importsAgainstDirection,
			map[string]string{"portal/till/x.go": "package cart"},
			[]string{"portal/till is not in the table of packages and levels"}},
		{"a module of its own", importsAgainstDirection,
			map[string]string{"storage/mongodb/server/go.mod": "",
				"storage/mongodb/server/x.go": imports("main", "postern/portal")}, nil},
	})
}

func TestRulesOfLibraries(t *testing.T) {
	t.Parallel()
	findFaults(t, []faultCase{
		{"libraries where they belong", librariesElsewhere, map[string]string{
			"storage/sqlite/x.go": imports("sqlite", "modernc.org/sqlite",
				"go.mongodb.org/mongo-driver/v2/bson"),
			"portal/web/x.go":          imports("web", "github.com/gofiber/fiber/v2"),
			"portal/web/gate/x.go":     imports("gate", "github.com/gofiber/fiber/v2/utils", "net/http"),
			"portal/address/x.go":      imports("address", "golang.org/x/text/language"),
			"portal/address/x_test.go": imports("address", "github.com/google/go-cmp/cmp"),
		}, nil},
		{"a library in a second package", librariesElsewhere,
			map[string]string{"portal/x.go": imports("portal", "modernc.org/sqlite")},
			[]string{"portal/x.go imports modernc.org/sqlite, which belongs to storage/sqlite"}},
		{"the driver beside its codec", librariesElsewhere,
			map[string]string{"storage/x.go": imports("storage", "go.mongodb.org/mongo-driver/v2/mongo")},
			[]string{"storage/x.go imports go.mongodb.org/mongo-driver/v2/mongo, which belongs to storage/mongodb"}},
		{"fiber below the web", librariesElsewhere,
			map[string]string{"portal/x.go": imports("portal", "github.com/gofiber/fiber/v2")},
			[]string{"portal/x.go imports github.com/gofiber/fiber/v2, which belongs to portal/web/..., cmd/bench"}},
		{"a library nobody knows", librariesElsewhere,
			map[string]string{"mail/x.go": imports("mail", "example.com/yaml")},
			[]string{"mail/x.go imports example.com/yaml, which is not in the table of libraries"}},
	})
}

func TestRulesOfExemptions(t *testing.T) {
	t.Parallel()
	packages := func(h sourceTree) []string { return missingPackages(h, []string{"mail", "portal/till"}) }
	files := func(h sourceTree) []string { return missingFiles(h, "mail/a.go", "mail/b.go") }
	sameLevel := func(h sourceTree) []string {
		return unusedSameLevel(h, map[string][]string{"mail/smtp": {"mail", "portal"}})
	}
	libraries := func(h sourceTree) []string {
		return unusedLibraries(h, map[string][]string{"modernc.org/sqlite": {"storage/...", "mail"},
			"example.com/yaml": {"..."}})
	}
	findFaults(t, []faultCase{
		{"a package that is gone", packages,
			map[string]string{"mail/a.go": "package mail", "portal/till.go": "package portal"},
			[]string{"portal/till is in the rules, but there is no such package"}},
		{"a file that is gone", files, map[string]string{"mail/a.go": "package mail"},
			[]string{"mail/b.go is in the rules, but there is no such file"}},
		{"an import of its own level that is gone", sameLevel,
			map[string]string{"mail/smtp/x.go": imports("smtp", "postern/mail")},
			[]string{"mail/smtp may import portal, but does not"}},
		{"a library that is gone", libraries,
			map[string]string{"storage/sqlite/x.go": imports("sqlite", "modernc.org/sqlite/vfs")},
			[]string{"... may import example.com/yaml, but does not",
				"mail may import modernc.org/sqlite, but does not"}},
	})
}

func TestRulesOfNames(t *testing.T) {
	t.Parallel()
	findFaults(t, []faultCase{
		{"comments as they should be", packageComments, map[string]string{
			"mail/a.go": "// Package mail sends.\npackage mail\n", "mail/b.go": "package mail\n",
			"mail/a_test.go":  "package mail_test\n",
			"cmd/portal/a.go": "// Command portal serves.\npackage main\n",
		}, nil},
		{"no package comment", packageComments, map[string]string{"mail/a.go": "package mail\n"},
			[]string{"mail: 0 package comments, not one"}},
		{"two package comments", packageComments, map[string]string{
			"mail/a.go": "// Package mail sends.\npackage mail\n",
			"mail/b.go": "// Package mail waits.\npackage mail\n",
		}, []string{"mail: 2 package comments, not one"}},
		{"a long package comment", packageComments,
			map[string]string{"mail/a.go": "// Package mail sends.\n" + strings.Repeat("// So it does.\n",
				12) + "package mail\n"},
			[]string{"mail/a.go: a package comment of 13 lines, at most 12"}},
		{"a comment that begins otherwise", packageComments,
			map[string]string{"mail/a.go": "// This package sends.\npackage mail\n"},
			[]string{`mail/a.go: the package comment does not begin with "Package mail "`}},

		{"names that say something", vagueNames, map[string]string{"mail/entry.go": "package mail"}, nil},
		{"vague package", vagueNames, map[string]string{"portal/common/a.go": "package common"},
			[]string{`portal/common/a.go: "common" says nothing of what is in it`}},
		{"vague file", vagueNames, map[string]string{"mail/utils_test.go": "package mail"},
			[]string{`mail/utils_test.go: "utils" says nothing of what is in it`}},
	})
}

func TestRulesOfLength(t *testing.T) {
	t.Parallel()
	findFaults(t, []faultCase{
		{"files at the limit", longFiles, map[string]string{
			"mail/a.go": "package mail\n" + lines(449), "mail/a_test.go": "package mail\n" + lines(900),
			"mail/testdata/a.txt": lines(900),
		}, nil},
		{"a file over the limit", longFiles,
			map[string]string{"templates/mail/a.html": strings.Repeat("<p>\n", 451)},
			[]string{"templates/mail/a.html has 451 lines, at most 450"}},

		{"usual lengths", usualLengths, map[string]string{
			"mail/a.go":      "package mail\n" + function("a", 12) + function("b", 12) + function("c", 40),
			"mail/a_test.go": "package mail\n" + function("d", 60),
		}, nil},
		{"long functions as a rule", usualLengths,
			map[string]string{"mail/a.go": "package mail\n" + function("a", 13)},
			[]string{"50% of the functions have up to 13 lines, not 12"}},
		{"too many long functions", usualLengths,
			map[string]string{"mail/a.go": "package mail\n" + function("a", 4) + function("b",
				4) + function("c", 41)},
			[]string{"90% of the functions have up to 41 lines, not 40"}},
		{"long files as a rule", usualLengths, map[string]string{"mail/a.go": "package mail\n" + lines(300)},
			[]string{"90% of the files have up to 301 lines, not 300"}},
	})
}

func TestRulesOfWaiting(t *testing.T) {
	t.Parallel()
	findFaults(t, []faultCase{
		{"waits outside of tests, deadlines in them", waitingTests, map[string]string{
			"mail/a.go":      "package mail\nimport \"time\"\nfunc f() { <-time.After(1) }\n",
			"mail/a_test.go": "package mail\nimport \"time\"\nfunc f(c chan int) {\n\tselect {\n\tcase <-c:\n\tcase <-time.After(1):\n\t}\n}\n",
		}, nil},
		{"a test waits", waitingTests,
			map[string]string{"mail/a_test.go": "package mail\nimport \"time\"\nfunc f() { <-time.After(1) }\n"},
			[]string{"mail/a_test.go:3: waits for time.After"}},
	})
}

func TestRulesOfTemplates(t *testing.T) {
	t.Parallel()
	findFaults(t, []faultCase{
		{"a template with a partial", templateFiles,
			map[string]string{"templates/pages/a.html": `{{template "layout/head" .}}`}, nil},
		{"templates with layouts and definitions", templateFiles, map[string]string{
			"templates/layout/a.html": "{{embed}}", "templates/mail/a.txt": `{{- block "b" .}}{{end}}`,
			"templates/pages/a.html": `{{ define "x" }}`,
		}, []string{"templates/layout/a.html: {{embed}}", "templates/mail/a.txt: {{block}}",
			"templates/pages/a.html: {{define}}"}},

		{"rendering without a layout", layouts, map[string]string{
			"portal/web/page/a.go": rendering(engineImport, `e.Render(w, "orders", data)`),
			"portal/web/a.go": rendering(fiberImport,
				`c.Render("orders", data); pages.Render(c, 200, "orders", data)`),
			"mail/a.go": "package mail\nfunc f() { r.Layout(1) }\n",
		}, nil},
		{"an engine renders into a layout", layouts,
			map[string]string{"portal/web/page/a.go": rendering(engineImport,
				`e.Render(w, "orders", data, "base")`)},
			[]string{"portal/web/page/a.go:4: Render with a layout"}},
		{"a context renders into a layout", layouts,
			map[string]string{"portal/web/a.go": rendering(fiberImport, `c.Render("orders", data, "base")`)},
			[]string{"portal/web/a.go:4: Render with a layout"}},
		{"an engine with a layout", layouts,
			map[string]string{"portal/web/page/a.go": rendering(engineImport, `e.Layout("content")`)},
			[]string{"portal/web/page/a.go:4: Layout with a layout"}},
		{"a server with a layout", layouts,
			map[string]string{"portal/web/a.go": rendering(fiberImport,
				`_ = fiber.Config{ViewsLayout: "base"}`)},
			[]string{"portal/web/a.go:4: ViewsLayout"}},
	})
}

func TestRulesOfHTML(t *testing.T) {
	t.Parallel()
	findFaults(t, []faultCase{
		{"no tag", htmlInCode, map[string]string{
			"portal/a.go": "package portal\n\n// A <b> in a comment.\nconst a, b = \"a < b\", \"<https://shop.test>\"\n", "portal/a_test.go": "package portal\nconst c = `<p>`\n",
			"mail/a.go": "package mail\nconst d = `<p>`\n",
		}, nil},
		{"tags", htmlInCode, map[string]string{"cmd/portal/a.go": "package main\nconst (\n\ta = `</p>`\n\tb = \"x\\n<a href=\"\n\tc = \"<!doctype html>\"\n)\n"},
			[]string{
				"cmd/portal/a.go:3: </p>: an HTML tag in a string",
				"cmd/portal/a.go:4: <a: an HTML tag in a string",
				"cmd/portal/a.go:5: <!doctype: an HTML tag in a string",
			}},
		{"an exception without a tag", htmlInCode, map[string]string{"cmd/bench/bare.go": "package main\n"},
			[]string{"cmd/bench/bare.go: an exception that holds no tag"}},
	})
}

func TestRulesOfRedirects(t *testing.T) {
	t.Parallel()
	findFaults(t, []faultCase{
		{"the one place", redirectsElsewhere,
			map[string]string{redirectFile: rendering(fiberImport, `c.Set(fiber.HeaderLocation, to)`)}, nil},
		{"a context redirects", redirectsElsewhere,
			map[string]string{"portal/web/a.go": rendering(fiberImport, `c.Redirect("/x")`)},
			[]string{"portal/web/a.go:4: Redirect: only portal/web/page/redirect.go leads a browser on"}},
		{"a header by its constant", redirectsElsewhere,
			map[string]string{"portal/web/a.go": rendering(fiberImport, `c.Set(fiber.HeaderLocation, x)`)},
			[]string{"portal/web/a.go:4: HeaderLocation: only portal/web/page/redirect.go leads a browser on"}},
		{"a header by its name", redirectsElsewhere,
			map[string]string{"portal/web/a.go": rendering(fiberImport, `c.Set("location", x)`)},
			[]string{"portal/web/a.go:4: only portal/web/page/redirect.go writes a Location"}},
	})
}

// imports returns a Go file that imports the packages.
func imports(name string, paths ...string) string {
	text := "package " + name + "\n"
	for _, p := range paths {
		text += fmt.Sprintf("import _ %q\n", p)
	}
	return text
}

// rendering returns a Go file with a handler whose only statement is on the fourth line.
func rendering(library, statement string) string {
	return fmt.Sprintf("package web\nimport %q\nfunc f(c *fiber.Ctx) {\n%s\n}\n", library, statement)
}
