package demo

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"postern/mail"
	"postern/portal/web/webtest"
	"postern/portal/web/webtest/chrome"
)

// bothSites is a common prefix of the portal's and the shop's URLs. A tab's check allows one site, so
// window checks the requests itself at the end.
const bothSites = "http:/"

// window opens a new browser that may send requests only to the demo's two sites.
func (d *visit) window(t *testing.T, browser *chrome.Chrome, shop string) *chrome.Tab {
	t.Helper()
	tab := browser.Tab(t, chrome.Options{Base: bothSites})
	t.Cleanup(func() {
		for _, asked := range tab.Requests() {
			if own := []string{d.Base + "/", shop + "/", "data:"}; !slices.ContainsFunc(own,
				func(site string) bool { return strings.HasPrefix(asked.URL, site) }) {
				t.Errorf("asks %s", asked.URL)
			}
		}
	})
	return tab
}

// TestStorefrontBrowser signs in at the demo's shop as people do.
func TestStorefrontBrowser(t *testing.T) {
	t.Parallel()
	browser := chrome.Start(t)
	d := visitOwn(t)
	shop := d.Storefront
	for name, test := range map[string]func(*testing.T, *visit, func() *chrome.Tab, string){
		"one browser": entersShop, "two browsers": entersShopElsewhere, "looks": looksAtShop,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, d, func() *chrome.Tab { return d.window(t, browser, shop) }, shop)
		})
	}
}

// greeted waits until the tab is signed in at the shop without a further step.
func greeted(t *testing.T, tab *chrome.Tab, shop string) {
	t.Helper()
	tab.WaitUntil(fmt.Sprintf("location.href === %q && document.readyState === 'complete'", shop+"/"))
	if got := tab.Text("h2"); got != "Hello Žofia" {
		t.Errorf("greeted by %q", got)
	}
	for _, fact := range []string{shopFirm, "SK1234567895", "Námestie sv. Egídia 112/18, 058 01 Poprad, SK"} {
		if !strings.Contains(tab.Text("main ul"), fact) {
			t.Errorf("the check-out lacks %q: %s", fact, tab.Text("main ul"))
		}
	}
}

// asks goes from the shop to the portal, requests an email and waits for it.
func (d *visit) asks(tab *chrome.Tab, shop string, after Mail) Mail {
	d.t.Helper()
	tab.Visit(shop + "/")
	tab.Follow("a.button")
	if got := tab.URL().String(); !strings.HasPrefix(got, d.Base+"/sign-in?") {
		d.t.Fatalf("the shop's sign-in is %s", got)
	}
	tab.Type("#f-email", shopFirm)
	tab.Follow("main form button")
	return d.newer(shopFirm, after)
}

// entersShop opens the link in the browser that requested it, which needs no click.
func entersShop(t *testing.T, d *visit, window func() *chrome.Tab, shop string) {
	tab := window()
	tab.Visit(d.asks(tab, shop, d.latest(shopFirm)).Link())
	greeted(t, tab, shop)
	tab.Follow(`form[action="/sign-out"] button`)
	if got := tab.URL().String(); got != shop+"/" || tab.Has(`form[action="/sign-out"]`) ||
		!tab.Sees(`a.button[href="/sign-in"]`) {
		t.Errorf("signed out at %s: %s", got, tab.Text("main"))
	}
	tab.Follow("a.button") // the portal's session still exists
	greeted(t, tab, shop)
	tab.Follow("a.button")
	if got := tab.URL().String(); got != d.Base+"/orders" {
		t.Errorf("My orders leads to %s", got)
	}
}

// entersShopElsewhere clicks the link in another browser, which gets to the shop. The requesting browser is
// still waiting. It says that the code of the used email no longer works, and signs in with another one.
func entersShopElsewhere(t *testing.T, d *visit, window func() *chrome.Tab, shop string) {
	asking, clicking := window(), window()
	first := d.asks(asking, shop, d.latest(shopFirm))
	clicking.Visit(first.Link())
	clicking.Follow("form[data-sign-in] button")
	greeted(t, clicking, shop)

	if got := asking.Text(".masked"); got != shopFirm || !asking.Sees("#f-code") {
		t.Fatalf("the one that asked sees %s", asking.Text("main"))
	}
	asking.Type("#f-code", webtest.CodeIn(mail.Message{Text: first.Text}))
	asking.Follow("main form button.main")
	if !asking.Sees("#f-code-error") {
		t.Errorf("the code of a used mail: %s", asking.Text("main"))
	}
	asking.Follow(`form[action="/sign-in/again"] button`)
	second := d.newer(shopFirm, first)
	asking.Type("#f-code", webtest.CodeIn(mail.Message{Text: second.Text}))
	asking.Follow("main form button.main")
	greeted(t, asking, shop)
}

// looksAtShop checks the shop's three pages: for a stranger, for a customer, and after a failed sign-in.
func looksAtShop(t *testing.T, d *visit, window func() *chrome.Tab, shop string) {
	tab := window()
	tab.Visit(shop + "/")
	viewed(t, tab, "shop")
	tab.Visit(shop + "/signed-in")
	if !tab.Sees("[role=alert]") {
		t.Errorf("no error is shown: %s", tab.Text("main"))
	}
	viewed(t, tab, "shop-error")
	tab.Visit(d.asks(tab, shop, d.latest(shopFirm)).Link())
	greeted(t, tab, shop)
	viewed(t, tab, "shop-customer")
}

// viewed checks a page in light and dark mode, on a phone and on a wide screen.
func viewed(t *testing.T, tab *chrome.Tab, name string) {
	t.Helper()
	for _, look := range []chrome.Look{{}, {Dark: true}, {Width: 360}, {Width: 360, Dark: true}} {
		tab.Look(look)
		for _, violation := range tab.Axe() {
			t.Errorf("%s, %+v: %s", name, look, violation)
		}
		tab.Screenshot(fmt.Sprintf("%s-%d-dark-%t", name, look.Width, look.Dark), look)
	}
	tab.Look(chrome.Look{Width: 320})
	if over := tab.Overhang(); over > 0 {
		t.Errorf("%s is %d px wider than a window of 320", name, over)
	}
	tab.Look(chrome.Look{})
}
