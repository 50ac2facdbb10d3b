package web_test

import (
	"strings"
	"testing"
	"time"

	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/web/webtest"
	"postern/portal/web/webtest/chrome"
)

// keyStand is a stand whose base URL has a host name, with an owner who is about to set up a passkey.
type keyStand struct {
	stand
	t    *testing.T
	tab  *chrome.Tab // the person's browser
	code string      // the inviter's
	key  *chrome.Authenticator
}

const keeper = "owner@shop.test"

func newKeyStand(t *testing.T, browser *chrome.Chrome) *keyStand {
	s := newStand(t, browser)
	s.base = strings.Replace(s.base, "127.0.0.1", "localhost", 1)
	if _, err := s.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{BaseURL: &s.base,
		Hosts: new([]string{s.way.Addr})}); err != nil {
		t.Fatal(err)
	}
	code, err := s.App.Operator().InviteStaff(t.Context(), "main", keeper, string(staff.Owner))
	if err != nil {
		t.Fatal(err)
	}
	k := &keyStand{stand: s, t: t, tab: s.tab(t, chrome.Options{}), code: code}
	k.key = k.tab.Authenticator()
	return k
}

// half goes as far as the second factor, in a tab.
func (k *keyStand) half(tab *chrome.Tab) {
	k.t.Helper()
	tab.Visit("/admin/sign-in")
	tab.Type("#f-email", keeper)
	tab.Follow("main form button")
	k.Deliver()
	_, path, _ := strings.Cut(webtest.LinkIn(k.Mailbox.Last(keeper)), "/admin/")
	tab.Visit("/admin/" + path) // signs in by itself: this browser asked for it
	tab.WaitUntil(`/(factor|enrol)$/.test(location.pathname)`)
}

// enrol sets up a passkey.
func (k *keyStand) enrol() {
	k.t.Helper()
	k.half(k.tab)
	k.tab.Follow(`a[href*="with=passkey"]`)
	k.tab.Type("#f-enrolment", k.code)
	k.tab.Follow("[data-passkey] button")
	if !k.tab.Has(".secret-codes") || k.key.Passkeys() != 1 {
		k.t.Fatalf("%d passkeys, at %s: %s", k.key.Passkeys(), k.tab.Path(), k.tab.Text("main"))
	}
	k.Work()
}

// problem presses the button of the passkey and returns what the page then says.
func (k *keyStand) problem(tab *chrome.Tab) string {
	k.t.Helper()
	tab.Click("[data-passkey] button")
	tab.WaitFor("[data-alert] .note")
	return tab.Text("[data-alert]")
}

// TestBrowserPasskeyPages opens the pages of passkeys, with an error, too: each is accessible and no
// wider than a small phone.
func TestBrowserPasskeyPages(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser: not in a short run")
	}
	browser := chrome.Start(t)
	for _, lang := range languages(t) {
		if lang != "en" && lang != "de" && !whole() { // only the texts differ, and German has the longest words
			continue
		}
		t.Run(lang, func(t *testing.T) {
			k := newKeyStand(t, browser)
			k.tab = k.stand.tab(t, chrome.Options{Language: lang})
			k.key = k.tab.Authenticator()
			k.show(gallery{stand: k.stand, t: t, lang: lang, shopper: k.tab})
		})
	}
}

func (k *keyStand) show(g gallery) {
	k.half(k.tab)
	g.sees("admin-enrol-app", k.tab)
	k.tab.Follow(`a[href*="with=passkey"]`)
	g.sees("admin-enrol-passkey", k.tab)
	k.tab.Type("#f-enrolment", k.code)
	k.tab.Follow("[data-passkey] button")
	g.sees("admin-recovery-passkey", k.tab)
	if got := k.tab.Attr("[data-copy]", "data-copy"); strings.Count(got, "\n") != 9 || !k.tab.Sees("[data-print]") {
		k.t.Errorf("the codes to copy are %q", got)
	}
	k.Work()
	k.key.Verify(false)
	k.tab.Visit("/admin/security/passkeys/new")
	g.sees("admin-passkey-new", k.tab)
	k.tab.Visit("/admin/security")
	g.sees("admin-security-passkeys", k.tab)
	k.tab.Follow(`a[href^="/admin/security/passkeys/"]:not([href$="/new"])`)
	k.tab.Follow(`form[action$="/remove"] button`)
	g.sees("admin-passkey", k.tab)
	k.Clock.Move(20 * time.Minute)
	k.tab.Visit("/admin/staff/invite")
	g.sees("admin-confirm-passkey", k.tab)
	k.problem(k.tab)
	g.sees("admin-confirm-cancelled", k.tab)
	k.tab.Visit("/admin/security")
	k.tab.Follow(`main form[action="/admin/sign-out"] button`)
	k.half(k.tab)
	g.sees("admin-factor-passkey", k.tab)
}

// TestBrowserPasskey sets up a passkey, signs in with it, confirms an act, adds and removes passkeys, in a real
// browser.
func TestBrowserPasskey(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser: not in a short run")
	}
	browser := chrome.Start(t)
	for name, test := range map[string]func(*keyStand){
		"enrol and sign in": keySignsIn, "confirm": keyConfirms, "add and remove": keysComeAndGo,
		"problems": keyHasProblems, "another host": keyOfAnotherHost, "wrong code": keyNeedsCode,
	} {
		t.Run(name, func(t *testing.T) { test(newKeyStand(t, browser)) })
	}
}

func keySignsIn(k *keyStand) {
	k.enrol()
	k.tab.Visit("/admin/security")
	k.tab.Follow(`main form[action="/admin/sign-out"] button`)
	k.half(k.tab)
	k.tab.Follow("[data-passkey] button")
	if k.tab.Path() != "/admin" {
		k.t.Errorf("the passkey leads to %s: %s", k.tab.Path(), k.tab.Text("main"))
	}
}

func keyConfirms(k *keyStand) {
	k.enrol()
	k.Clock.Move(20 * time.Minute)
	k.tab.Visit("/admin/staff/invite")
	if k.tab.URL().Path != "/admin/confirm" {
		k.t.Fatalf("at %s", k.tab.Path())
	}
	k.tab.Follow("[data-passkey] button")
	if k.tab.Path() != "/admin/staff/invite" {
		k.t.Errorf("the passkey leads to %s: %s", k.tab.Path(), k.tab.Text("main"))
	}
}

// keysComeAndGo adds a passkey on another authenticator; the same one refuses.
func keysComeAndGo(k *keyStand) {
	k.enrol()
	k.tab.Visit("/admin/security/passkeys/new")
	if text := k.problem(k.tab); !strings.Contains(text, "already has a passkey") {
		k.t.Errorf("the same authenticator: %s", text)
	}
	k.key.Remove()
	k.key = k.tab.Authenticator()
	k.tab.Type("#f-name", "Security key")
	k.tab.Follow("[data-passkey] button")
	if text := k.tab.Text("main"); k.tab.Path() != "/admin/security" || !strings.Contains(text, "Security key") {
		k.t.Fatalf("at %s: %s", k.tab.Path(), text)
	}
	k.tab.Follow(`a[href^="/admin/security/passkeys/"]:not([href$="/new"])`)
	k.tab.Follow(`form[action$="/remove"] button`)
	k.tab.Follow(`a[href^="/admin/security/passkeys/"]:not([href$="/new"])`)
	if title := k.tab.Text("h1"); title != "Security key" {
		k.t.Errorf("left is %q", title)
	}
	k.tab.Follow(`form[action$="/remove"] button`)
	if text := k.tab.Text("main"); !strings.Contains(text, "only way to sign in") {
		k.t.Errorf("the last one: %s", text)
	}
}

// keyHasProblems checks what the page says of somebody who cancels or is too slow, and of a server that fails,
// and that the next press works.
func keyHasProblems(k *keyStand) {
	k.enrol()
	k.tab.Visit("/admin/security")
	k.tab.Follow(`main form[action="/admin/sign-out"] button`)
	k.half(k.tab)
	k.key.Verify(false)
	if text := k.problem(k.tab); !strings.Contains(text, "Cancelled") {
		k.t.Errorf("cancelled: %s", text)
	}
	k.key.Verify(true)
	chrome.Evaluate[bool](k.tab, `(() => {
		const get = navigator.credentials.get.bind(navigator.credentials), now = Date.now;
		navigator.credentials.get = async () => {
			navigator.credentials.get = get;
			const late = now() + 10 * 60 * 1000;
			Date.now = () => late;
			throw new DOMException("", "NotAllowedError");
		};
		return true;
	})()`)
	if text := k.problem(k.tab); !strings.Contains(text, "took too long") {
		k.t.Errorf("too slow: %s", text)
	}
	k.tab.Follow("[data-passkey] button")
	if k.tab.Path() != "/admin" {
		k.t.Errorf("afterwards at %s: %s", k.tab.Path(), k.tab.Text("main"))
	}
}

// keyOfAnotherHost opens the portal by its IP address, where the browser refuses the passkey.
func keyOfAnotherHost(k *keyStand) {
	k.enrol()
	there := k.stand
	there.base = strings.Replace(k.base, "localhost", "127.0.0.1", 1)
	tab := there.tab(k.t, chrome.Options{})
	tab.Authenticator()
	k.half(tab)
	if text := k.problem(tab); !strings.Contains(text, "work only at localhost") {
		k.t.Errorf("another host: %s", text)
	}
}

// keyNeedsCode types a wrong code from the inviter: no passkey is made, and the error stands at the field.
func keyNeedsCode(k *keyStand) {
	k.half(k.tab)
	k.tab.Follow(`a[href*="with=passkey"]`)
	k.tab.Type("#f-enrolment", "0000-0000")
	k.tab.Click("[data-passkey] button")
	k.tab.WaitFor("#f-enrolment[aria-invalid=true]:focus")
	if k.key.Passkeys() != 0 {
		k.t.Errorf("%d passkeys: %s", k.key.Passkeys(), k.tab.Text("main"))
	}
	k.tab.Type("#f-enrolment", k.code)
	k.tab.Follow("[data-passkey] button")
	if !k.tab.Has(".secret-codes") {
		k.t.Errorf("at %s: %s", k.tab.Path(), k.tab.Text("main"))
	}
}
