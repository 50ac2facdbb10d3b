package main

import (
	"runtime/debug"
	"strings"
)

// release is the version's name if the build sets one: go build -ldflags "-X main.release=v1.2.3".
// Otherwise the version is the one that the Go toolchain recorded.
var release string //nolint:gochecknoglobals // the linker can set only a variable

// versionCommand prints the version.
type versionCommand struct {
	JSON bool `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Run prints the version.
func (c versionCommand) Run(w *environment) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	v := versionOf(release, info)
	if c.JSON {
		return v.print(w, true)
	}
	w.say("%s", versionLine(v))
	return nil
}

// versionName returns only the version's name.
func versionName() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	return versionOf(release, info).entries[0].value
}

// versionOf returns the version, commit, commit time and Go toolchain. It omits unknown values.
func versionOf(release string, info *debug.BuildInfo) card {
	recorded := map[string]string{}
	for _, s := range info.Settings {
		recorded[s.Key] = s.Value
	}
	commit, at := recorded["vcs.revision"], recorded["vcs.time"]
	if recorded["vcs.modified"] == "true" {
		commit += " with changes"
	}
	name := release
	if name == "" && info.Main.Version != "(devel)" {
		name = info.Main.Version
	}
	var v card
	if name == "" {
		name = "development"
	}
	v.add("version", name)
	for _, one := range [][2]string{{"commit", commit}, {"committed", at}, {"built with", info.GoVersion}} {
		if one[1] != "" {
			v.add(one[0], one[1])
		}
	}
	return v
}

// versionLine returns the version as one line: "portal v1.2.3 (commit 4f2a…, committed
// 2026-11-29T10:00:00Z, built with go1.26.2)".
func versionLine(c card) string {
	var more []string
	for _, entry := range c.entries[1:] {
		more = append(more, entry.name+" "+entry.value)
	}
	if len(more) == 0 {
		return "portal " + c.entries[0].value
	}
	return "portal " + c.entries[0].value + " (" + strings.Join(more, ", ") + ")"
}
