package web_test

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"postern/portal/web/webtest"
	"postern/templates"
)

// formAction matches the constant target of a POST form, both in templates and in Go code that writes HTML.
var formAction = regexp.MustCompile(`method=\\?"post\\?" action=\\?"(/[^"{\\]*)\\?"`)

// constantActions returns the constant targets of our forms and the files with them.
func constantActions(t *testing.T) map[string]string {
	t.Helper()
	actions := map[string]string{}
	for name, tree := range map[string]fs.FS{"templates": templates.Pages, "page": os.DirFS("page"),
		"shopper": os.DirFS("shopper")} {
		err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") ||
				strings.Contains(path, "testdata") {
				return err
			}
			text, err := fs.ReadFile(tree, path)
			for _, found := range formAction.FindAllStringSubmatch(string(text), -1) {
				actions[found[1]] = name + "/" + path
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return actions
}

// TestFormsReachUsThroughAnyProxy checks that no form is sent to a path that is a prefix of other routes. A
// proxy with a rule for "/x/", such as an nginx location, redirects "/x" to "/x/", and browsers do not send
// the form again.
func TestFormsReachUsThroughAnyProxy(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	actions := constantActions(t)
	if len(actions) < 15 {
		t.Errorf("only %d forms were found", len(actions))
	}
	for action, file := range actions {
		for _, route := range h.site.GetRoutes(true) {
			if strings.HasPrefix(route.Path, action+"/") {
				t.Errorf("%s: the form goes to %s, which begins %s: put a slash at its end", file,
					action, route.Path)
			}
		}
	}
}

// TestSlashAtTheEndChangesNothing checks that "/x/" shows the page of "/x", since proxies redirect there.
func TestSlashAtTheEndChangesNothing(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	b := h.browser(t)
	h.SignIn(b, "jana@example.com")
	for _, route := range h.site.GetRoutes(true) {
		if route.Method != "GET" || strings.ContainsAny(route.Path, ":*") || strings.HasPrefix(route.Path,
			"/test") || strings.HasPrefix(route.Path, "/api/test") {
			continue
		}
		plain := b.Send(webtest.Request{Path: route.Path})
		slash := b.Send(webtest.Request{Path: strings.TrimSuffix(route.Path, "/") + "/"})
		if plain.Status != slash.Status || plain.Text("h1") != slash.Text("h1") {
			t.Errorf("%s is %d %q, with a slash %d %q", route.Path, plain.Status, plain.Text("h1"),
				slash.Status, slash.Text("h1"))
		}
	}
}
