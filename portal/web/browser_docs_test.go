package web_test

import (
	"testing"

	"postern/portal/web/api"
	"postern/portal/web/webtest/chrome"
)

// shortened removes what looks like its neighbours: axe would take minutes for the whole page.
const shortened = `(() => {
	for (const e of document.querySelectorAll('.docs-request:nth-of-type(n+3), .docs-pairs > div:nth-of-type(n+5)')) e.remove();
	for (const a of document.querySelectorAll('a[href^="#"]')) if (!document.getElementById(a.hash.slice(1))) a.href = '#codes';
	return document.querySelectorAll('.docs-request').length;
})()`

// TestBrowserDocs checks that the API's reference is accessible and no wider than a small phone, and that
// each of its links within the page leads somewhere.
func TestBrowserDocs(t *testing.T) {
	if testing.Short() {
		t.Skip("a long page is looked at: not in a short run")
	}
	s := newStand(t, chrome.Start(t))
	tab := s.tab(t, chrome.Options{Language: "en"})
	tab.Visit(api.DocsPath)
	tab.Look(chrome.Look{Width: 320})
	if over := tab.Overhang(); over > 0 {
		t.Errorf("%d px wider than a window of 320", over)
	}
	if lost := chrome.Evaluate[[]string](tab, deadAnchors); len(lost) > 0 {
		t.Errorf("links to %v", lost)
	}
	if left := chrome.Evaluate[int](tab, shortened); left < 5 {
		t.Errorf("only %d requests and types left", left)
	}
	for _, look := range []chrome.Look{{Width: 360}, {Dark: true}} {
		tab.Look(look)
		for _, violation := range tab.Axe() {
			t.Errorf("%+v: %s", look, violation)
		}
	}
}
