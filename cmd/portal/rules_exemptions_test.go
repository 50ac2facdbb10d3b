package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// unusedExemptions finds entries of the rules' tables that permit what nothing does: what they name has moved
// or is gone.
func unusedExemptions(h sourceTree) []string {
	packages := slices.Collect(maps.Keys(ruleLevels()))
	return slices.Concat(missingPackages(h, append(packages, ruleSupport()...)),
		missingFiles(h, append(slices.Sorted(maps.Keys(htmlExceptions())), redirectFile)...),
		unusedSameLevel(h, ruleSameLevel()), unusedLibraries(h, ruleLibraries()))
}

func missingPackages(h sourceTree, packages []string) []string {
	var faults []string
	for _, dir := range slices.Compact(slices.Sorted(slices.Values(packages))) {
		if !slices.ContainsFunc(h.files, func(s source) bool { return s.owned() && s.dir() == dir }) {
			faults = append(faults, dir+" is in the rules, but there is no such package")
		}
	}
	return faults
}

func missingFiles(h sourceTree, names ...string) []string {
	var faults []string
	for _, name := range names {
		if !slices.ContainsFunc(h.files, func(s source) bool { return s.path == name }) {
			faults = append(faults, name+" is in the rules, but there is no such file")
		}
	}
	return faults
}

// unusedSameLevel finds packages that may import one of their own level and do not.
func unusedSameLevel(h sourceTree, sameLevel map[string][]string) []string {
	var faults []string
	for _, from := range slices.Sorted(maps.Keys(sameLevel)) {
		for _, to := range sameLevel[from] {
			uses := func(s source) bool { return s.dir() == from && importsPackage(s, ruleModule+to) }
			if !slices.ContainsFunc(h.files, uses) {
				faults = append(faults, fmt.Sprintf("%s may import %s, but does not", from, to))
			}
		}
	}
	return faults
}

// unusedLibraries finds packages that may import a library and do not.
func unusedLibraries(h sourceTree, libraries map[string][]string) []string {
	var faults []string
	for _, library := range slices.Sorted(maps.Keys(libraries)) {
		for _, owner := range libraries[library] {
			uses := func(s source) bool { return within(s.dir(), owner) && importsPackage(s, library) }
			if !slices.ContainsFunc(h.files, uses) {
				faults = append(faults, fmt.Sprintf("%s may import %s, but does not", owner, library))
			}
		}
	}
	return faults
}

// importsPackage reports whether one of our files imports the package or one below it.
func importsPackage(s source, wanted string) bool {
	return s.owned() && slices.ContainsFunc(s.imports(), func(imported string) bool {
		return imported == wanted || strings.HasPrefix(imported, wanted+"/")
	})
}
