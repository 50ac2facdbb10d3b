package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
	"postern/portal/web/webtest/chrome"
)

func TestBrowserSignIn(t *testing.T) {
	t.Parallel()
	browser := chrome.Start(t)
	for name, test := range map[string]func(*testing.T, stand){
		"code": signsInByCode, "scanner": resistsScanner, "hostile scanner": resistsSubmission, "address forgotten": forgetsAddress, "storefront": leadsToStorefront,
		"used link": opensUsedLink, "two tabs": movesOn, "change": changesAddress, "old link": waitsForAPerson, "keyboard": goesByKeyboard, "motion": keepsStill,
	} {
		t.Run(name, func(t *testing.T) { test(t, newStand(t, browser)) })
	}
}

// signsInByCode types the code as people do: in small letters, with spaces, with other text around it.
func signsInByCode(t *testing.T, s stand) {
	for n, spelling := range []func(string) string{
		func(code string) string { return code },
		func(code string) string {
			plain := strings.NewReplacer("-", "", " ", "").Replace(strings.ToLower(code))
			return " " + plain[:4] + "  " + plain[4:] + " "
		},
	} {
		tab := s.tab(t, chrome.Options{})
		email := fmt.Sprintf("code-%d@shop.test", n)
		s.ask(tab, email, "/addresses")
		code := webtest.CodeIn(s.Mailbox.Last(email))
		tab.Type("#f-code", wrongCode(code))
		tab.Follow("main form button.main")
		if !tab.Sees("#f-code-error") {
			t.Errorf("a wrong code is taken: %s", tab.Path())
		}
		tab.Type("#f-code", spelling(code))
		tab.Follow("main form button.main")
		if got := tab.Path(); got != "/addresses" {
			t.Errorf("%q leads to %s: %s", spelling(code), got, tab.Text("main"))
		}
	}
}

// wrongCode returns a different code of the same form.
func wrongCode(code string) string {
	if strings.HasPrefix(code, "0") {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

// resistsScanner checks links against an email scanner that opens them, runs scripts, moves the pointer and
// stays for a minute. It uses up nothing: each link still signs its owner in.
func resistsScanner(t *testing.T, s stand) {
	for n := range counted(500) {
		link := s.linkFor(t, fmt.Sprintf("scanned-%d@shop.test", n))
		t.Run("link", func(t *testing.T) {
			scanner := s.tab(t, chrome.Options{})
			scanner.Visit(link)
			scanner.Wander()
			scanner.Linger(time.Minute)
			if !strings.HasPrefix(scanner.URL().String(), link) {
				t.Fatalf("the page led by itself to %s", scanner.URL())
			}
		})
		s.letsIn(t, link)
	}
}

// letsIn signs the owner of a link in with it.
func (s stand) letsIn(t *testing.T, link string) {
	t.Helper()
	owner := s.stranger(t)
	owner.Get(link).Want(http.StatusOK)
	if owner.Submit("form[data-sign-in]", nil); owner.Page.URL.Path != "/orders" {
		t.Fatalf("%s leads its owner to %s", link, owner.Page.URL)
	}
}

// hostileScripts submit a form found by a scanner in every way a script can. %d is the form's index.
func hostileScripts() []string {
	const pretend = `for (const name of ["pointerdown", "keydown", "click", "mousedown", "touchstart"])
		document.dispatchEvent(new Event(name, {bubbles: true}));`
	const button = `document.querySelector("form[data-sign-in] button")`
	return []string{
		"document.forms[%d].submit()", "document.forms[%d].requestSubmit()",
		pretend + "document.forms[%d].requestSubmit()",
		pretend + button + ".click();document.forms[%d]", pretend + "document.forms[%d].submit()",
	}
}

// resistsSubmission checks links against a hostile scanner that submits every form it finds. It uses up
// nothing, and each link still signs its owner in. Each link is attacked by one script, and each script
// attacks at least one link.
func resistsSubmission(t *testing.T, s stand) {
	scanner := s.tab(t, chrome.Options{})
	attacks := 0
	for n := range max(len(hostileScripts()), counted(500)) {
		script := hostileScripts()[n%len(hostileScripts())]
		link := s.linkFor(t, fmt.Sprintf("hunted-%d@shop.test", n))
		scanner.Visit(link)
		forms := chrome.Evaluate[int](scanner, "document.forms.length")
		if forms == 0 {
			t.Fatalf("no form at %s", scanner.URL())
		}
		for form := range forms {
			scanner.Visit(link)
			scanner.Leave("(() => {" + fmt.Sprintf(script, form) + "})()")
			if scanner.Has(".nav") {
				t.Fatalf("%s signs a scanner in", script)
			}
			attacks++
		}
		s.letsIn(t, link)
	}
	t.Logf("%d forms were sent", attacks)
}

// forgetsAddress checks that the token stays in the URL until the click, so that the page can be opened
// elsewhere, and is nowhere afterwards.
func forgetsAddress(t *testing.T, s stand) {
	link := s.linkFor(t, jana)
	token := link[strings.LastIndex(link, "/")+1:]
	tab := s.tab(t, chrome.Options{})
	tab.Visit(link)
	if !strings.Contains(tab.URL().String(), token) {
		t.Errorf("before the click the address is %s", tab.URL())
	}
	tab.Follow("form[data-sign-in] button")
	tab.Visit("/addresses")
	tab.Follow(".nav a")
	want := []string{"about:blank", s.base + "/sign-in/link/", s.base + "/orders", s.base + "/addresses",
		s.base + "/orders"}
	if diff := cmp.Diff(want, tab.History()); diff != "" {
		t.Errorf("history: %s", diff)
	}
	refers(t, tab, token)
	for _, stored := range []string{"localStorage.length", "sessionStorage.length",
		"document.cookie.length"} {
		if n := chrome.Evaluate[int](tab, stored); n != 0 {
			t.Errorf("%s is %d", stored, n)
		}
	}
}

// refers checks that no request's Referer contains the token or the path of a link.
func refers(t *testing.T, tab *chrome.Tab, token string) {
	t.Helper()
	told := 0
	for _, request := range tab.Requests() {
		if strings.Contains(request.Referer, token) || strings.Contains(request.Referer, "sign-in/link") {
			t.Errorf("%s %s is told %s", request.Method, request.URL, request.Referer)
		}
		if request.Referer != "" {
			told++
		}
	}
	if told == 0 {
		t.Error("no request has a Referer: this shows nothing")
	}
}

// leadsToStorefront checks that a sign-in started at the storefront returns there and reveals at most the
// portal's origin to it.
func leadsToStorefront(t *testing.T, s stand) {
	tab := s.tab(t, chrome.Options{})
	s.ask(tab, jana, "/sign-in?to="+url.QueryEscape(storefront+"/basket"))
	link := s.link(t, jana)
	tab.Visit(link)
	tab.WaitFor("#storefront")
	requests := tab.Requests()
	asked := slices.IndexFunc(requests,
		func(r chrome.Request) bool { return r.Page && r.URL == storefront+"/basket" })
	if asked < 0 || requests[asked].Referer != "" && requests[asked].Referer != s.base+"/" {
		t.Errorf("the storefront is asked by %+v", requests)
	}
	refers(t, tab, link[strings.LastIndex(link, "/")+1:])
}

// opensUsedLink opens a link again in the browser that it signed in. That shows the account without an
// error or another email.
func opensUsedLink(t *testing.T, s stand) {
	tab := s.tab(t, chrome.Options{})
	s.ask(tab, jana, "/orders")
	link := s.link(t, jana)
	tab.Visit(link)
	tab.WaitFor(".nav")
	s.Work()
	mails := len(s.Mailbox.All(jana))
	tab.Visit(link)
	if got := tab.Path(); got != "/orders" {
		t.Errorf("led to %s", got)
	}
	s.Work()
	if got := len(s.Mailbox.All(jana)); got != mails {
		t.Errorf("%d mails, before %d", got, mails)
	}
	stranger := s.tab(t, chrome.Options{})
	stranger.Visit(link)
	if stranger.Has(".nav") || !stranger.Has(`form[action="/sign-in/link/again"]`) {
		t.Errorf("a stranger with the used link sees %s", stranger.Text("main"))
	}
}

// movesOn signs in with the link in another tab: the tab that waits for the email goes to the page that was
// asked for. A tab that waits in another browser stays, and so does one that sees only a failed attempt.
func movesOn(t *testing.T, s stand) {
	waiting, elsewhere := s.tab(t, chrome.Options{}), s.tab(t, chrome.Options{})
	s.ask(elsewhere, jana, "/orders")
	s.ask(waiting, jana, "/addresses")
	waiting.WaitFor("#f-code:focus")
	other := waiting.Beside()
	other.Visit("/sign-in/code")
	other.Type("#f-code", "ZZZZ-ZZZZ")
	other.Follow("main form button.main")
	if waiting.Path() != "/sign-in/code?asked=yes&to=%2Faddresses" {
		t.Errorf("a wrong code moves the other tab to %s", waiting.Path())
	}
	other.Visit(s.link(t, jana))
	other.WaitFor(".nav")
	waiting.WaitFor(".nav")
	if waiting.Path() != "/addresses" || other.Path() != "/addresses" {
		t.Errorf("the tabs are at %s and %s", waiting.Path(), other.Path())
	}
	for _, tab := range []*chrome.Tab{waiting, other} {
		if n := chrome.Evaluate[int](tab, "localStorage.length + sessionStorage.length"); n != 0 {
			t.Errorf("%d values are left in the browser", n)
		}
	}
	if elsewhere.Path() != "/sign-in/code?asked=yes&to=%2Forders" {
		t.Errorf("another browser is moved to %s", elsewhere.Path())
	}
}

// changesAddress checks that the page that waits shows the address as it was typed, and that the way back
// keeps it in the field and out of the URL.
func changesAddress(t *testing.T, s stand) {
	for _, scripts := range []bool{true, false} {
		tab := s.tab(t, chrome.Options{NoScripts: !scripts})
		tab.Visit("/orders")
		tab.Fill("#f-email", "Jana.Nova@Shop.Test")
		tab.Follow("main form button")
		if got := tab.Text(".masked"); got != "Jana.Nova@Shop.Test" {
			t.Errorf("scripts %v: the address is %q", scripts, got)
		}
		tab.Follow("main p > a")
		if got := tab.Value("#f-email"); got != "Jana.Nova@Shop.Test" || tab.Path() != "/sign-in?to=%2Forders" {
			t.Errorf("scripts %v: %s has %q in its field", scripts, tab.Path(), got)
		}
	}
}

// waitsForAPerson checks that the script submits only a fresh link in the browser that requested it; after
// a quarter of an hour the link needs a click.
func waitsForAPerson(t *testing.T, s stand) {
	tab := s.tab(t, chrome.Options{})
	s.ask(tab, jana, "/orders")
	s.Clock.Move(16 * time.Minute)
	tab.Visit(s.link(t, jana))
	tab.WaitUntil("performance.now() > 1000")
	if tab.Has(".nav") || !tab.Has("form[data-sign-in]") {
		t.Fatalf("an old link led by itself to %s", tab.Path())
	}
	tab.Follow("form[data-sign-in] button")
	if got := tab.Path(); got != "/orders" {
		t.Errorf("the click leads to %s", got)
	}
}

// goesByKeyboard signs in without a mouse. The field has the focus, the button follows, and each shows its
// focus.
func goesByKeyboard(t *testing.T, s stand) {
	tab := s.tab(t, chrome.Options{})
	tab.Visit("/sign-in")
	focused(t, tab, "the field", "#f-email")
	tab.Tabulate()
	focused(t, tab, "the button", "main form button.main")
	tab.Visit("/nothing-here")
	tab.Tabulate()
	focused(t, tab, "the way past the navigation", "a.skip")
	if top := chrome.Evaluate[float64](tab, `document.activeElement.getBoundingClientRect().top`); top < 0 {
		t.Errorf("it is %.0f px above the window", -top)
	}
	tab.Visit("/sign-in")
	tab.Type("#f-email", "no address")
	tab.Enter()
	tab.WaitUntil(`document.activeElement.matches(".field-errors, #f-email")`)
	if !tab.Sees("#f-email-error") {
		t.Error("the error is not to be seen")
	}
	tab.Type("#f-email", jana)
	tab.Enter()
	if got := tab.Path(); got != "/sign-in/code?asked=yes" {
		t.Errorf("Enter leads to %s", got)
	}
}

// focused waits until an element has the focus, which browsers set shortly after loading a page, and checks
// that it has an outline at least two pixels wide.
func focused(t *testing.T, tab *chrome.Tab, what, selector string) {
	t.Helper()
	tab.WaitUntil(`document.activeElement === document.querySelector("` + selector + `")`)
	const ring = `(s => s.outlineStyle === "solid" && parseFloat(s.outlineWidth) >= 2 && s.outlineColor !== "transparent")` +
		`(getComputedStyle(document.activeElement))`
	if !chrome.Evaluate[bool](tab, ring) {
		t.Errorf("%s does not show the focus", what)
	}
}

// keepsStill checks that animations take at most 150 ms, and that there are none when the system asks for
// reduced motion.
func keepsStill(t *testing.T, s stand) {
	tab := s.tab(t, chrome.Options{})
	tab.Visit("/sign-in")
	const longest = `Math.max(...Array.from(document.querySelectorAll("*"), e => getComputedStyle(e)).flatMap(s =>
		[s.animationName === "none" ? 0 : 9, s.transitionProperty === "none" ? 0 : parseFloat(s.transitionDuration)]))`
	if got := chrome.Evaluate[float64](tab, longest); got != 0 {
		t.Errorf("with less motion something moves for %g s", got)
	}
	tab.Look(chrome.Look{Motion: true})
	if got := chrome.Evaluate[float64](tab, longest); got <= 0 || got > 0.15 {
		t.Errorf("something moves for %g s", got)
	}
}
