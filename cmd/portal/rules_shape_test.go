package main

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

const (
	maxFile           = 450 // lines
	maxPackageComment = 12

	medianFunction = 12
	mostFunctions  = 40  // lines; 90th percentile of the functions
	mostFiles      = 300 // lines; 90th percentile of the files
)

func packageComments(h sourceTree) []string {
	counts := map[string]int{}
	var faults []string
	for _, s := range h.files {
		if !s.isGo() || s.test() {
			continue
		}
		counts[s.dir()] += 0
		doc := s.syntax.Doc
		if doc == nil {
			continue
		}
		counts[s.dir()]++
		begins := "Package " + s.syntax.Name.Name + " "
		if s.syntax.Name.Name == "main" {
			begins = "Command " + path.Base(s.dir()) + " "
		}
		if !strings.HasPrefix(doc.Text(), begins) {
			faults = append(faults, fmt.Sprintf("%s: the package comment does not begin with %q",
				s.path, begins))
		}
		if n := strings.Count(doc.Text(), "\n"); n > maxPackageComment {
			faults = append(faults, fmt.Sprintf("%s: a package comment of %d lines, at most %d", s.path, n,
				maxPackageComment))
		}
	}
	for dir, n := range counts {
		if n != 1 {
			faults = append(faults, fmt.Sprintf("%s: %d package comments, not one", dir, n))
		}
	}
	slices.Sort(faults)
	return faults
}

func vagueNames(h sourceTree) []string {
	var faults []string
	vague := []string{"utils", "util", "helpers", "helper", "common", "models", "types", "misc"}
	for _, s := range h.files {
		if !s.isGo() {
			continue
		}
		stem := strings.TrimSuffix(path.Base(s.path), ".go")
		for _, name := range []string{s.syntax.Name.Name, strings.TrimSuffix(stem, "_test")} {
			if slices.Contains(vague, name) {
				faults = append(faults, fmt.Sprintf("%s: %q says nothing of what is in it", s.path, name))
			}
		}
	}
	return faults
}

func longFiles(h sourceTree) []string {
	var faults []string
	for _, s := range h.files {
		if path.Ext(s.path) != ".css" && !s.test() && s.lines > maxFile {
			faults = append(faults, fmt.Sprintf("%s has %d lines, at most %d", s.path, s.lines, maxFile))
		}
	}
	return faults
}

func usualLengths(h sourceTree) []string {
	var functions, files []int
	for _, s := range h.files {
		if !s.isGo() || s.test() {
			continue
		}
		files = append(files, s.lines)
		for _, f := range s.functions() {
			functions = append(functions, s.span(f))
		}
	}
	var faults []string
	for _, m := range []struct {
		what    string
		lengths []int
		percent int
		limit   int
	}{
		{"functions", functions, 50, medianFunction},
		{"functions", functions, 90, mostFunctions},
		{"files", files, 90, mostFiles},
	} {
		if n := percentile(m.lengths, m.percent); n > m.limit {
			faults = append(faults, fmt.Sprintf("%d%% of the %s have up to %d lines, not %d", m.percent,
				m.what, n, m.limit))
		}
	}
	return faults
}

// percentile returns the smallest length that the given percentage of lengths does not exceed, or 0 if
// there are none.
func percentile(lengths []int, percent int) int {
	if len(lengths) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(lengths))
	return sorted[(len(sorted)*percent+99)/100-1]
}

// waitingTests finds tests that wait for a time to pass: a receive from time.After outside a select. The
// linters find time.Sleep.
func waitingTests(h sourceTree) []string {
	var faults []string
	for _, s := range h.files {
		if !s.isGo() || !s.test() && !slices.Contains(ruleSupport(), s.dir()) {
			continue
		}
		clock := s.localName("time", "time")
		inSelect := map[ast.Node]bool{}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CommClause:
				inSelect[received(n.Comm)] = true
			case *ast.UnaryExpr:
				if isCall(n.X, clock, "After") && !inSelect[n] {
					faults = append(faults, s.at(n)+": waits for time.After")
				}
			}
			return true
		})
	}
	return faults
}

// received returns the receive that a case of a select waits for, or nil.
func received(comm ast.Stmt) ast.Node {
	switch comm := comm.(type) {
	case *ast.ExprStmt:
		return comm.X
	case *ast.AssignStmt:
		return comm.Rhs[0]
	}
	return nil
}

// isCall reports whether the node calls the function of the package with that local name.
func isCall(n ast.Node, local, function string) bool {
	call, ok := n.(*ast.CallExpr)
	return ok && isSelector(call.Fun, local, function)
}

// isSelector reports whether the node is local.name.
func isSelector(n ast.Node, local, name string) bool {
	selector, ok := n.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != name {
		return false
	}
	receiver, ok := selector.X.(*ast.Ident)
	return ok && local != "" && receiver.Name == local
}
