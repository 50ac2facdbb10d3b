// Package chrome is for tests: a real Chromium, without a window, that is driven as a person drives it: it
// goes to addresses, clicks, types, and says what is on the page. It watches over every page it shows, and
// a test fails when one writes an error to the console, breaks its own content policy, or asks another host
// for anything. It runs axe-core (MPL-2.0, its licence is beside it) over a page and takes pictures.
//
// It must not know the site it looks at.
package chrome

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long one step may take on a busy machine.
const patience = 30 * time.Second

// Chrome is one running browser. Its tabs know nothing of each other; they may be used side by side.
type Chrome struct{ ctx context.Context }

// Start runs Debian's Chromium until the test ends. Where there is none the test is skipped, or fails if
// PORTAL_TEST_REQUIRE is set.
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

// find looks for the browser under the names it goes by.
func find(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	const howTo = "this test needs Chromium: apt-get install chromium"
	if os.Getenv("PORTAL_TEST_REQUIRE") != "" {
		t.Fatal(howTo)
	}
	t.Skip(howTo)
	return ""
}

// flags start a browser that calls nobody, and that cannot find any host but this one.
func flags(path string) []chromedp.ExecAllocatorOption {
	return append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path),
		chromedp.Flag("headless", "new"),
		chromedp.Flag("no-sandbox", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
}
