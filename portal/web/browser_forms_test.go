package web_test

import (
	"testing"
	"time"

	"postern/portal/web/webtest/chrome"
)

// TestBrowserForms checks what scripts add to forms.
func TestBrowserForms(t *testing.T) {
	t.Parallel()
	browser := chrome.Start(t)
	for name, test := range map[string]func(*testing.T, stand){"country by keyboard": choosesByKeyboard,
		"sent twice": sendsOnce} {
		t.Run(name, func(t *testing.T) { test(t, newStand(t, browser)) })
	}
}

// choosesByKeyboard moves through a closed list of countries with the arrow keys, which must not load
// another page; leaving the list does, as does Enter. Then the first field of the country has the focus.
func choosesByKeyboard(t *testing.T, s stand) {
	tab := s.tab(t, chrome.Options{})
	s.signIn(t, tab, jana)
	tab.Visit("/addresses/new?country=SK")
	chrome.Evaluate[bool](tab, `(window.stayed = true, document.querySelector("#f-country").focus(), true)`)
	for range 3 {
		tab.Down()
	}
	chosen := tab.Value("#f-country")
	if chosen == "SK" || !chrome.Evaluate[bool](tab, "window.stayed === true") {
		t.Fatalf("three keys down from SK, %q is chosen on %s", chosen, tab.Path())
	}
	if tab.Sees("button[data-country]") {
		t.Error("a button is in the way")
	}
	for _, leave := range []func(){tab.Tabulate, tab.Enter} {
		leave()
		tab.WaitUntil("window.stayed === undefined && document.readyState === 'complete'")
		if got := tab.Value("#f-country"); got != chosen || tab.Path() != "/addresses/new" {
			t.Errorf("the form is that of %q, not %q, on %s", got, chosen, tab.Path())
		}
		if first := chrome.Evaluate[string](tab, "document.activeElement.id"); first != "f-first_name" && first != "f-last_name" {
			t.Errorf("the focus is on %q", first)
		}
		chrome.Evaluate[bool](tab, `(window.stayed = true, document.querySelector("#f-country").focus(), true)`)
		tab.Down()
		chosen = tab.Value("#f-country")
	}
}

// sendsOnce submits a form twice at once, and again after ten seconds without a new page.
func sendsOnce(t *testing.T, s stand) {
	tab := s.tab(t, chrome.Options{})
	tab.Visit("/sign-in")
	chrome.Evaluate[bool](tab, `(window.sent = 0, addEventListener("submit", event => {
		if (!event.defaultPrevented) window.sent++;
		event.preventDefault();
	}), true)`)
	press := func() int {
		return chrome.Evaluate[int](tab, `(document.querySelector("main form").requestSubmit(), window.sent)`)
	}
	if press(); press() != 1 {
		t.Error("two presses in a row are sent twice")
	}
	if tab.Linger(11 * time.Second); press() != 2 {
		t.Error("after ten seconds the form is still dead")
	}
}
