package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// ruleModule is the prefix of our own packages' import paths.
const ruleModule = "postern/"

// sourceTree is the source tree that the rules check.
type sourceTree struct {
	top   []string // entries of the top level
	files []source // sorted by path, without testdata and hidden directories
}

// source is a text file of the tree.
type source struct {
	path   string
	lines  int
	text   string
	apart  bool      // in a separate module
	syntax *ast.File // nil if not Go
	set    *token.FileSet
}

func (s source) dir() string         { return path.Dir(s.path) }
func (s source) test() bool          { return strings.HasSuffix(s.path, "_test.go") }
func (s source) isGo() bool          { return s.syntax != nil }
func (s source) owned() bool         { return s.isGo() && !s.apart }
func (s source) line(n ast.Node) int { return s.set.Position(n.Pos()).Line }

// at returns the position of a node for a message.
func (s source) at(n ast.Node) string { return s.path + ":" + strconv.Itoa(s.line(n)) }

// imports returns the import paths of the file.
func (s source) imports() []string {
	var paths []string
	for _, spec := range s.syntax.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err == nil {
			paths = append(paths, imported)
		}
	}
	return paths
}

// localName returns the name under which the file imports the package, or "" if it does not.
func (s source) localName(imported, usual string) string {
	for _, spec := range s.syntax.Imports {
		if spec.Path.Value != strconv.Quote(imported) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return usual
	}
	return ""
}

// functions returns the declared functions and methods that have a body.
func (s source) functions() []*ast.FuncDecl {
	var found []*ast.FuncDecl
	for _, d := range s.syntax.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			found = append(found, f)
		}
	}
	return found
}

// span returns the number of lines of a function, including its signature and its last brace.
func (s source) span(f *ast.FuncDecl) int { return s.set.Position(f.End()).Line - s.line(f) + 1 }

func readSourceTree(tree fs.FS) (sourceTree, error) {
	var h sourceTree
	entries, err := fs.ReadDir(tree, ".")
	if err != nil {
		return h, err
	}
	for _, e := range entries {
		h.top = append(h.top, e.Name())
	}
	var apart []string
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped(name):
			return fs.SkipDir
		case entry.IsDir() && name != "." && has(tree, name+"/go.mod"):
			apart = append(apart, name)
		case !entry.IsDir() && readable(name):
			s, err := readSource(tree, name)
			s.apart = slices.ContainsFunc(apart,
				func(dir string) bool { return strings.HasPrefix(name, dir+"/") })
			h.files = append(h.files, s)
			return err
		}
		return nil
	})
	return h, err
}

func skipped(dir string) bool {
	base := path.Base(dir)
	return dir != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules")
}

func readable(name string) bool {
	return !strings.HasSuffix(name,
		".min.js") && slices.Contains([]string{".go", ".html", ".txt", ".css", ".js"}, path.Ext(name))
}

func has(tree fs.FS, name string) bool {
	_, err := fs.Stat(tree, name)
	return err == nil
}

func readSource(tree fs.FS, name string) (source, error) {
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		return source{}, err
	}
	s := source{path: name, text: string(text), lines: strings.Count(string(text), "\n")}
	if path.Ext(name) == ".go" {
		s.set = token.NewFileSet()
		s.syntax, err = parser.ParseFile(s.set, name, text, parser.ParseComments)
	}
	return s, err
}
