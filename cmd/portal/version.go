package main

import (
	"fmt"
	"runtime/debug"
)

// versionCommand tells the version, as the Go toolchain recorded it in the binary.
type versionCommand struct{}

// Run prints it.
func (versionCommand) Run(w *world) error {
	w.say("%s", version())
	return nil
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "portal (built without version information)"
	}
	text := "portal " + info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			text += " " + s.Value[:min(len(s.Value), 12)]
		}
	}
	return fmt.Sprintf("%s (%s)", text, info.GoVersion)
}
