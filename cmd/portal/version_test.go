package main

import (
	"runtime/debug"
	"testing"
)

// TestVersionNamesOne checks that the version names the build as far as its settings allow.
func TestVersionNamesOne(t *testing.T) {
	t.Parallel()
	settings := []debug.BuildSetting{
		{Key: "vcs.revision", Value: "4f2a9c"}, {Key: "vcs.time", Value: "2026-11-29T10:00:00Z"},
		{Key: "vcs.modified", Value: "true"},
	}
	for _, test := range []struct {
		name, release string
		info          debug.BuildInfo
		want          string
	}{
		{"a release", "v1.2.3", debug.BuildInfo{GoVersion: "go1.26.2"},
			"portal v1.2.3 (built with go1.26.2)"},
		{"an installed module", "", debug.BuildInfo{Main: debug.Module{Version: "v1.2.4"}}, "portal v1.2.4"},
		{"a checkout", "", debug.BuildInfo{GoVersion: "go1.26.2", Settings: settings},
			"portal development (commit 4f2a9c with changes, committed 2026-11-29T10:00:00Z, built with go1.26.2)"},
		{"go run", "", debug.BuildInfo{GoVersion: "go1.26.2", Main: debug.Module{Version: "(devel)"}},
			"portal development (built with go1.26.2)"},
		{"nothing known", "", debug.BuildInfo{}, "portal development"},
	} {
		if got := versionLine(versionOf(test.release, &test.info)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	call(t, nil, "version").want(t, exitOK, "portal ", "built with go")
	call(t, nil, "version", "--json").want(t, exitOK, `"version": "`)
}
