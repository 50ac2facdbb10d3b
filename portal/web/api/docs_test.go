package api_test

import (
	"slices"
	"strings"
	"testing"

	"postern/portal/web/api"
	"postern/portal/web/webtest"
)

// TestDocsPageShowsTheDocument checks that the page has each request, type, member, code and heading, without
// a script, and that it is English within a page of any language.
func TestDocsPageShowsTheDocument(t *testing.T) {
	t.Parallel()
	d := documented(t)
	for _, lang := range []string{"en", "sk"} {
		page := webtest.Portal(t).Browser().Get(api.DocsPath + "?lang=" + lang).Want(200)
		if page.Attr("html", "lang") != lang || page.Attr("main .docs", "lang") != "en" || page.Text("h1") != "API reference" {
			t.Errorf("%s: %q, %q", lang, page.Attr("html", "lang"), page.Text("h1"))
		}
		requests := page.Texts("section.docs-request .docs-path")
		for path, item := range d.strict.Paths.Map() {
			for method, op := range item.Operations() {
				if !slices.Contains(requests, method+" "+path) || !page.Has("#"+strings.ToLower(op.OperationID)) {
					t.Errorf("%s: no %s %s", lang, method, path)
				}
			}
		}
		for name, schema := range d.strict.Components.Schemas {
			if name == "Code" {
				continue
			}
			members := page.Texts("#" + strings.ToLower(name) + " dt > code")
			if len(members) != len(schema.Value.Properties) || !page.Has("#"+strings.ToLower(name)) {
				t.Errorf("%s: %s has the members %v", lang, name, members)
			}
		}
		if codes := page.Texts("#codes dt"); len(codes) != len(d.codes()) {
			t.Errorf("%s: %d codes of %d", lang, len(codes), len(d.codes()))
		}
		for _, id := range []string{"keys", "limits", "statuses", "retries", "pages", "versions"} {
			if !page.Has("#" + id) {
				t.Errorf("%s: no section %s", lang, id)
			}
		}
	}
}

// TestExampleRequestsAreAccepted sends the requests that the page shows, as they are.
func TestExampleRequestsAreAccepted(t *testing.T) {
	t.Parallel()
	i := newPortal(t)
	key := i.Key("main")
	examples := webtest.Portal(t).Browser().Get(api.DocsPath).Want(200).RawTexts(".docs-example")
	if len(examples) < 4 {
		t.Fatalf("there are only %d examples", len(examples))
	}
	for _, example := range examples {
		head, body, _ := strings.Cut(example, "\n\n")
		line, rest, _ := strings.Cut(head, "\n")
		method, path, _ := strings.Cut(line, " ")
		if !strings.Contains(rest, "Authorization: Bearer KEY") || !strings.Contains(rest, "Content-Type: application/json") {
			t.Errorf("%s lacks a header: %s", line, rest)
		}
		path = strings.NewReplacer("{number}", "2026-0042", "{id}", "1001").Replace(path)
		page := i.Browser().Send(webtest.Request{Method: method, Path: path, Body: body, Header: map[string]string{
			"Authorization": "Bearer " + key, "Content-Type": "application/json"}})
		if page.Status >= 300 || strings.Contains(page.Body, `"status":"rejected"`) || strings.Contains(page.Body, "warnings\":[{") {
			t.Errorf("%s: %d %s", line, page.Status, page.Body)
		}
	}
}
