package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// htmlTag matches an HTML tag, a comment or a document type.
var htmlTag = regexp.MustCompile(`</?[a-z][a-z0-9]*(?:[\s/>]|$)|<!(?:--|doctype)`)

// htmlExceptions returns the files outside templates that may hold a tag, each with the reason.
func htmlExceptions() map[string]string {
	return map[string]string{
		"cmd/portal/demo/pages.go":                "searches the head of an email to show it in a frame",
		"cmd/bench/bare.go":                       "answers with a page of any size, to compare with",
		"cmd/bench/page.go":                       "searches a page for its heading",
		"portal/web/webtest/chrome/storefront.go": "stands for a foreign site in tests",
	}
}

// htmlInCode finds HTML tags in the strings of Go files: all HTML lives in templates.
func htmlInCode(h sourceTree) []string {
	var faults []string
	allowed := htmlExceptions()
	for _, s := range h.files {
		if !s.isGo() || s.test() || !strings.HasPrefix(s.path, "portal/") &&
			!strings.HasPrefix(s.path, "cmd/") {
			continue
		}
		tags := tagsIn(s)
		if allowed[s.path] == "" {
			faults = append(faults, tags...)
		} else if len(tags) == 0 {
			faults = append(faults, s.path+": an exception that holds no tag")
		}
	}
	slices.Sort(faults)
	return faults
}

func tagsIn(s source) []string {
	var found []string
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(literal.Value)
		if tag := htmlTag.FindString(text); err == nil && tag != "" {
			found = append(found, s.at(n)+": "+strings.TrimSpace(tag)+": an HTML tag in a string")
		}
		return true
	})
	return found
}
