package main

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

const (
	fiberImport  = "github.com/gofiber/fiber/v2"
	engineImport = "github.com/gofiber/template/html/v2"
)

// templateFiles finds what must not be passed to the template engine: layouts, which answer 200 with the
// error printed into the page, and definitions, which all files would share.
func templateFiles(h sourceTree) []string {
	action := regexp.MustCompile(`\{\{-?\s*(embed|define|block)\b`)
	var faults []string
	for _, s := range h.files {
		if !strings.HasPrefix(s.path, "templates/") || s.isGo() {
			continue
		}
		for _, found := range action.FindAllStringSubmatch(s.text, -1) {
			faults = append(faults, fmt.Sprintf("%s: {{%s}}", s.path, found[1]))
		}
	}
	return faults
}

// layouts finds Go code that renders into a layout: an engine's Layout or Render with a fourth argument, a
// context's Render with a third, and the configuration's ViewsLayout.
func layouts(h sourceTree) []string {
	var faults []string
	for _, s := range h.files {
		if !s.owned() {
			continue
		}
		engine := s.localName(engineImport, "html") != ""
		fiber := s.localName(fiberImport, "fiber")
		if fiber == "" && !engine {
			continue
		}
		contexts := contextNames(s, fiber)
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "ViewsLayout" {
					faults = append(faults, s.at(n)+": ViewsLayout")
				}
			case *ast.CallExpr:
				if name := layoutCall(n, contexts, engine); name != "" {
					faults = append(faults, fmt.Sprintf("%s: %s with a layout", s.at(n), name))
				}
			}
			return true
		})
	}
	return faults
}

// contextNames returns the names of the parameters of type *fiber.Ctx.
func contextNames(s source, fiber string) []string {
	var names []string
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		field, ok := n.(*ast.Field)
		if !ok {
			return true
		}
		if star, ok := field.Type.(*ast.StarExpr); ok && isSelector(star.X, fiber, "Ctx") {
			for _, name := range field.Names {
				names = append(names, name.Name)
			}
		}
		return true
	})
	return names
}

// layoutCall returns the name of the called method if the call names a layout, otherwise "".
func layoutCall(call *ast.CallExpr, contexts []string, engine bool) string {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	receiver, _ := selector.X.(*ast.Ident)
	onContext := receiver != nil && slices.Contains(contexts, receiver.Name)
	switch selector.Sel.Name {
	case "Layout":
		if engine {
			return "Layout"
		}
	case "Render":
		if onContext && len(call.Args) > 2 || engine && !onContext && len(call.Args) > 3 {
			return "Render"
		}
	}
	return ""
}

// redirectsElsewhere finds redirects outside the one file that checks their targets: a context's Redirect
// and similar methods, and the Location header.
func redirectsElsewhere(h sourceTree) []string {
	leads := []string{"Redirect", "RedirectToRoute", "RedirectBack", "Location"}
	var faults []string
	for _, s := range h.files {
		if !s.owned() || s.test() || s.path == redirectFile || s.localName(fiberImport, "fiber") == "" {
			continue
		}
		fiber := s.localName(fiberImport, "fiber")
		contexts := contextNames(s, fiber)
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				receiver, _ := n.X.(*ast.Ident)
				onContext := receiver != nil && slices.Contains(contexts, receiver.Name) &&
					slices.Contains(leads, n.Sel.Name)
				if onContext || isSelector(n, fiber, "HeaderLocation") {
					faults = append(faults, s.at(n)+": "+n.Sel.Name+": only "+redirectFile+
						" leads a browser on")
				}
			case *ast.BasicLit:
				if strings.EqualFold(n.Value, `"Location"`) {
					faults = append(faults, s.at(n)+": only "+redirectFile+" writes a Location")
				}
			}
			return true
		})
	}
	return faults
}

// redirectFile is the only file that may redirect browsers.
const redirectFile = "portal/web/page/redirect.go"
