// Package chrome is for tests. It drives a real headless Chromium as a person would: it opens URLs, clicks,
// types and reads the page. It watches every page and fails the test if one writes an error to the console,
// violates its own content security policy, or contacts another host. It runs axe-core (MPL-2.0, the
// licence is next to it) on a page and takes screenshots.
//
// It must not know the site that it tests.
package chrome

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is the time limit for one step on a busy machine.
const patience = 30 * time.Second

// Chrome is one running browser. Its tabs share nothing and may be used in parallel.
type Chrome struct{ ctx context.Context }

// Start runs Chromium until the test ends: its headless shell if there is one, which takes a third of the
// processor time. Tests that drive a browser take minutes, so they are skipped unless PORTAL_TEST_BROWSER,
// PORTAL_TEST_REQUIRE or PORTAL_TEST_PICTURES is set. Then they fail without a Chromium.
func Start(t testing.TB) *Chrome {
	t.Helper()
	path := find(t)
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), flags(path)...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		last, end := context.WithTimeout(ctx, patience)
		defer end()
		if err := chromedp.Cancel(last); err != nil {
			t.Logf("close Chromium: %v", err)
		}
		cancel()
		stop()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &Chrome{ctx: ctx}
}

// find looks for the browser under its usual names.
func find(t testing.TB) string {
	t.Helper()
	if cmp.Or(os.Getenv("PORTAL_TEST_BROWSER"), os.Getenv("PORTAL_TEST_REQUIRE"),
		os.Getenv("PORTAL_TEST_PICTURES")) == "" {
		t.Skip("a browser takes minutes: PORTAL_TEST_BROWSER=1 runs this test")
	}
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("this test needs Chromium: apt-get install chromium-headless-shell")
	return ""
}

// flags start a browser that contacts nobody and can resolve no host except this machine.
func flags(path string) []chromedp.ExecAllocatorOption {
	return append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path),
		chromedp.Flag("headless", true),
		chromedp.Flag("no-sandbox", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
}
