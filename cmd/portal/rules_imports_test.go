package main

import (
	"fmt"
	"slices"
	"strings"
)

func strayEntries(h sourceTree) []string {
	var faults []string
	for _, name := range h.top {
		if !strings.HasPrefix(name, ".") && !slices.Contains(ruleTopLevel(), name) {
			faults = append(faults, name+" has no place at the top level")
		}
	}
	return faults
}

func importsAgainstDirection(h sourceTree) []string {
	var faults []string
	unknown := map[string]bool{}
	for _, s := range h.files {
		if !s.owned() {
			continue
		}
		if _, ok := ruleLevels()[s.dir()]; !ok {
			unknown[s.dir()] = true
			continue
		}
		for _, imported := range s.imports() {
			if to, ours := strings.CutPrefix(imported, ruleModule); ours && !mayImport(s, to) {
				faults = append(faults, fmt.Sprintf("%s imports %s: against the direction", s.path, to))
			}
		}
	}
	for dir := range unknown {
		faults = append(faults, dir+" is not in the table of packages and levels")
	}
	slices.Sort(faults)
	return faults
}

// mayImport reports whether the file may import our package to.
func mayImport(s source, to string) bool {
	from := s.dir()
	if slices.Contains(ruleSupport(), to) {
		return s.test() || slices.Contains(ruleSupport(), from)
	}
	level, known := ruleLevels()[to]
	lower := known && level < ruleLevels()[from]
	return lower || s.test() && (to == from || slices.Contains(ruleTestsAbove()[from], to)) || slices.Contains(ruleSameLevel()[from], to)
}

func librariesElsewhere(h sourceTree) []string {
	var faults []string
	for _, s := range h.files {
		if _, known := ruleLevels()[s.dir()]; !known || !s.owned() || s.test() {
			continue // a package without a level is already a fault
		}
		for _, imported := range s.imports() {
			if !isLibrary(imported) {
				continue
			}
			switch owners := ownersOf(imported); {
			case len(owners) == 0:
				faults = append(faults, fmt.Sprintf("%s imports %s, which is not in the table of libraries",
					s.path, imported))
			case !slices.ContainsFunc(owners, func(owner string) bool { return within(s.dir(), owner) }):
				faults = append(faults, fmt.Sprintf("%s imports %s, which belongs to %s", s.path, imported,
					strings.Join(owners, ", ")))
			}
		}
	}
	return faults
}

// isLibrary reports whether the import path is neither ours nor the standard library's, that is, whether it
// starts with a host name.
func isLibrary(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return strings.Contains(first, ".")
}

// ownersOf returns the owners in the table's longest entry that is a prefix of the import path.
func ownersOf(imported string) []string {
	longest, owners := "", []string(nil)
	for library, packages := range ruleLibraries() {
		if (imported == library || strings.HasPrefix(imported, library+"/")) && len(library) > len(longest) {
			longest, owners = library, packages
		}
	}
	return owners
}

// within reports whether the package is the owner or, if that ends in "...", below it.
func within(dir, owner string) bool {
	above, open := strings.CutSuffix(owner, "...")
	return dir == owner || open && strings.HasPrefix(dir+"/", above)
}
