package web_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/web/webtest"
	"postern/portal/web/webtest/chrome"
	"postern/templates/i18n"
)

// whole reports whether every page is checked in every language, in light and dark mode, on a phone and on
// a wide screen. It is true with PORTAL_TEST_FULL or when taking screenshots.
func whole() bool {
	return os.Getenv("PORTAL_TEST_FULL") != "" || os.Getenv("PORTAL_TEST_PICTURES") != ""
}

// looks returns the display modes in which each page is checked. Unless everything is checked, each
// language has one mode: a phone in light mode or a wide screen in dark mode.
func looks(lang string) []chrome.Look {
	lightPhone, darkWide := chrome.Look{Width: 360}, chrome.Look{Dark: true}
	switch {
	case whole():
		return []chrome.Look{lightPhone, darkWide, {}, {Width: 360, Dark: true},
			{Width: 360, Dark: true, Forced: true}}
	case lang == "sk" || lang == "pl":
		return []chrome.Look{darkWide}
	}
	return []chrome.Look{lightPhone}
}

// languages returns the languages of the catalogues.
func languages(t *testing.T) []string {
	t.Helper()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	return texts.Languages()
}

// gallery shows every page in one language.
type gallery struct {
	stand
	t       *testing.T
	lang    string
	visitor *chrome.Tab
	shopper *chrome.Tab // has orders and addresses
	novice  *chrome.Tab // has no data yet
	links   map[string]string
}

// TestBrowserPages checks that every page, in each of its states, is accessible and no wider than a small
// phone.
func TestBrowserPages(t *testing.T) {
	if testing.Short() {
		t.Skip("every page is looked at: not in a short run")
	}
	s := newStand(t, chrome.Start(t))
	key := s.Key("main")
	links := make(map[string]map[string]string)
	for _, lang := range languages(t) {
		links[lang] = map[string]string{"expired": s.linkFor(t, lang+"-expired@shop.test")}
	}
	s.Clock.Move(15 * 24 * time.Hour)
	for _, lang := range languages(t) {
		s.fill(t, key, lang+"@shop.test")
		s.endLinks(t, lang, links[lang])
	}
	if _, err := s.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{OrderEmails: new(order.EmailKinds())}); err != nil {
		t.Fatal(err)
	}
	for _, lang := range languages(t) {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			g := gallery{stand: s, t: t, lang: lang, links: links[lang]}
			g.visitor, g.shopper, g.novice = g.open(), g.open(), g.open()
			g.show()
		})
	}
}

// endLinks adds a link of each kind to links: replaced, used, live and damaged.
func (s stand) endLinks(t *testing.T, lang string, links map[string]string) {
	t.Helper()
	email := lang + "-links@shop.test"
	links["replaced"], links["used"] = s.linkFor(t, email), s.linkFor(t, email)
	b := s.stranger(t)
	b.Get(links["used"]).Want(200)
	b.Submit("form[data-sign-in]", nil).Want(200)
	links["live"] = s.linkFor(t, email)
	links["damaged"] = links["live"][:len(links["live"])-3]
}

func (g gallery) open() *chrome.Tab { return g.tab(g.t, chrome.Options{Language: g.lang}) }

// deadAnchors lists the links within a page whose target is missing.
const deadAnchors = `[...document.querySelectorAll('a[href^="#"]')].map((a) => a.hash.slice(1))
	.filter((id) => !document.getElementById(id))`

// smallTargets lists the controls that a thumb can miss: less than 44 px high on a phone. Links within a text
// and ticks, whose label can be tapped too, are no such controls.
const smallTargets = `[...document.querySelectorAll('button, summary, select, textarea, a.button, nav a, '
	+ '.foot a, .back a, input:not([type=hidden], [type=checkbox], [type=radio])')]
	.filter((e) => e.checkVisibility() && !e.closest('.hidden') && e.getBoundingClientRect().height < 43.5)
	.map((e) => e.outerHTML.slice(0, 120) + ': ' + e.getBoundingClientRect().height)`

// sees checks the page shown in the tab in every display mode.
func (g gallery) sees(name string, tab *chrome.Tab) {
	g.t.Helper()
	for _, look := range looks(g.lang) {
		tab.Look(look)
		for _, violation := range tab.Axe() {
			g.t.Errorf("%s, %+v: %s", name, look, violation)
		}
		tab.Screenshot(name+"-"+g.lang+"-"+named(look), look)
	}
	tab.Look(chrome.Look{Width: 320})
	if over := tab.Overhang(); over > 0 {
		g.t.Errorf("%s is %d px wider than a window of 320", name, over)
	}
	if small := chrome.Evaluate[[]string](tab, smallTargets); len(small) > 0 {
		g.t.Errorf("%s has targets under 44 px: %s", name, strings.Join(small, "\n"))
	}
	if lost := chrome.Evaluate[[]string](tab, deadAnchors); len(lost) > 0 {
		g.t.Errorf("%s links to %v, which it does not have", name, lost)
	}
	if got := tab.Attr("html", "lang"); got != g.lang {
		g.t.Errorf("%s is in %q", name, got)
	}
	if text := tab.Text("body"); strings.Contains(text, "{{") || strings.Contains(text, "%!") ||
		tab.Text("h1") == "" {
		g.t.Errorf("%s has no heading or a hole: %s", name, text)
	}
	tab.Look(chrome.Look{})
}

// named returns a display mode as part of a file name.
func named(look chrome.Look) string {
	width, colour := "wide", "light"
	if look.Width > 0 {
		width = fmt.Sprint(look.Width)
	}
	if look.Dark {
		colour = "dark"
	}
	if look.Forced {
		colour = "forced"
	}
	return colour + "-" + width
}

// also checks a page that differs from another only in its text, if every page is checked.
func (g gallery) also(name string, tab *chrome.Tab, path string) {
	g.t.Helper()
	if whole() {
		g.at(name, tab, path)
	}
}

// at opens a path and checks the page.
func (g gallery) at(name string, tab *chrome.Tab, path string) {
	g.t.Helper()
	tab.Visit(path)
	g.sees(name, tab)
}

// show checks every page in every state in English, and one state of each in the other languages, where
// only the text differs.
func (g gallery) show() {
	if g.lang != "en" && !whole() {
		g.signIn(g.t, g.shopper, g.lang+"@shop.test")
		g.showBriefly()
		return
	}
	g.showSignIn()
	g.showLinks()
	g.signIn(g.t, g.shopper, g.lang+"@shop.test")
	g.signIn(g.t, g.novice, g.lang+"-new@shop.test")
	g.showOrders()
	g.showAddresses()
	g.showConflicts()
	g.showCompany()
	g.showSecurity()
	g.showErrors()
	g.showAccount()
}

func (g gallery) showBriefly() {
	g.at("sign-in", g.visitor, "/sign-in")
	g.at("link-live", g.visitor, g.links["live"])
	g.at("withdraw", g.visitor, "/withdraw")
	g.addAddress(g.shopper, "1 Main Street")
	for _, path := range []string{"/orders", "/orders/" + g.lang + "-shipped", "/addresses",
		"/addresses/new?country=SK", "/company", "/profile", "/security", "/privacy"} {
		g.at(strings.ReplaceAll(path[1:], "/", "-"), g.shopper, path)
	}
	g.at("step-up", g.shopper, "/profile/email")
	for _, path := range []string{"/profile/email", "/privacy/export", "/privacy/erase"} {
		g.proven(g.shopper, g.lang+"@shop.test", path)
		g.sees(strings.ReplaceAll(path[1:], "/", "-"), g.shopper)
	}
}

func (g gallery) showSignIn() {
	g.at("sign-in", g.visitor, "/sign-in?to=%2Forders")
	g.visitor.Type("#f-email", "jana@@shop")
	g.visitor.Follow("main form button")
	g.sees("sign-in-error", g.visitor)
	g.at("signed-out", g.visitor, "/sign-in?done=signed_out")
	g.ask(g.visitor, g.lang+"-code@shop.test", "/orders")
	g.sees("code", g.visitor)
	g.visitor.Type("#f-code", "0000 0000")
	g.visitor.Follow("main form button.main")
	g.sees("code-error", g.visitor)
	g.visitor.Follow(`form[action="/sign-in/again"] button`)
	g.sees("code-again", g.visitor)
	g.at("continue", g.visitor, "/sign-in/continue?to="+storefront+"/nothing")
}

func (g gallery) showLinks() {
	for _, state := range []string{"live", "used", "replaced", "expired", "damaged"} {
		g.at("link-"+state, g.visitor, g.links[state])
	}
}

func (g gallery) showOrders() {
	g.at("orders", g.shopper, "/orders")
	g.shopper.Follow(".pager-next")
	g.sees("orders-older", g.shopper)
	for name, query := range map[string]string{
		"error": "period=custom&from=2026-03-05&to=2026-02-31", "found": "search=" + g.lang,
		"none-then": "period=custom&from=2020-01-01&to=2020-02-01",
	} {
		g.at("orders-"+name, g.shopper, "/orders?"+query)
	}
	g.shopper.Visit("/orders?period=custom&from=2026-03-05&to=2026-02-31")
	g.showsDates("orders-error")
	g.shopper.Visit("/privacy") // where the menu covers no part of a button
	g.shopper.Click(".menu summary")
	g.sees("menu", g.shopper)
	for name, query := range map[string]string{
		"unpaid": "status=unpaid", "period": "period=custom&from=2026-02-01",
		"order-error": "period=custom&from=2026-03-05&to=2026-03-01",
		"not-found":   "search=zzz", "cursor": "cursor=edited",
	} {
		g.also("orders-"+name, g.shopper, "/orders?"+query)
	}
	g.at("orders-none", g.novice, "/orders")
	g.at("orders-chosen", g.shopper, "/orders?status=delivered&from=2025-01-01&to=2025-12-31")
	g.shopper.Click(".choice:nth-child(2) summary")
	g.showsDates("orders-period-open")
	g.sees("orders-period-open", g.shopper)
	for name := range orderShapes() {
		g.at("order-"+name, g.shopper, "/orders/"+g.lang+"-"+name)
	}
	g.at("order-unknown", g.shopper, "/orders/no-such-order")
	g.shopper.Visit("/orders/" + g.lang + "-shipped")
	g.shopper.Click(".order-actions .menu summary")
	g.sees("order-more", g.shopper)
	g.shopper.Visit("/orders/" + g.lang + "-2002")
	g.answer(g.lang + "-2002")
	g.at("orders-answered", g.shopper, "/orders")
	g.shopper.Visit("/orders/" + g.lang + "-2002")
	g.sees("order-answered", g.shopper)
	g.shopper.Visit("/orders/" + g.lang + "-cod/cancel")
	g.shopper.Follow("main form button.main")
	g.sees("order-cancelling", g.shopper)
}

// hiddenDates lists the fields of the period that are open and yet not to be seen or tapped: something cuts
// them off or covers their centre. Only the window is scrolled: what a box inside it hides is not to be seen.
const hiddenDates = `[...document.querySelectorAll('.choice[open] .filter-form input:not([type=hidden])')].filter((field) => {
	scrollTo(0, scrollY + field.getBoundingClientRect().y - innerHeight / 2);
	const box = field.getBoundingClientRect();
	return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) !== field;
}).map((field) => field.name)`

// showsDates checks that the dates of the open period are really visible, on a wide screen and on a phone.
func (g gallery) showsDates(name string) {
	g.t.Helper()
	for _, look := range []chrome.Look{{}, {Width: 360}} {
		g.shopper.Look(look)
		if !g.shopper.Has(".choice[open] .filter-form input:not([type=hidden])") {
			g.t.Errorf("%s, %+v: no date in an open period", name, look)
		}
		if lost := chrome.Evaluate[[]string](g.shopper, hiddenDates); len(lost) > 0 {
			g.t.Errorf("%s, %+v: the dates %v are cut off or covered", name, look, lost)
		}
	}
	g.shopper.Look(chrome.Look{})
	chrome.Evaluate[bool](g.shopper, `(scrollTo(0, 0), true)`)
}

// answer sends the customer a message from the shop about an order.
func (g gallery) answer(number string) {
	g.t.Helper()
	g.stranger(g.t).Send(webtest.Request{Method: http.MethodPost, Path: "/api/v1/orders/" + number + "/messages",
		Body:   `{"author":"Eva","text":"The notebooks are on their way to us.\nWe send yours on Monday."}`,
		Header: map[string]string{"Authorization": "Bearer " + g.Key("main"), "Content-Type": "application/json"},
	}).Want(http.StatusCreated)
	g.Work()
}

func (g gallery) showAddresses() {
	g.at("addresses-none", g.novice, "/addresses")
	g.at("address-new", g.novice, "/addresses/new")
	countries := []string{"SK"}
	if whole() {
		countries = append(countries, "DE", "US")
	}
	for _, country := range countries {
		g.at("address-"+country, g.shopper, "/addresses/new?country="+country)
		g.shopper.Type("#f-postal_code", "no such code")
		g.shopper.Follow("button.main")
		g.sees("address-error-"+country, g.shopper)
	}
	g.addAddress(g.shopper, "1 Main Street")
	g.addAddress(g.shopper, "3 Main Street")
	g.sees("addresses", g.shopper)
	g.shopper.Follow(".card a")
	g.sees("address-edit", g.shopper)
	g.shopper.Visit("/addresses")
	g.shopper.Follow(`form[action$="/delete"] button`)
	g.sees("addresses-undo", g.shopper)
}

// addAddress fills in and saves the form for an American address.
func (g gallery) addAddress(tab *chrome.Tab, line string) {
	tab.Visit("/addresses/new?country=US")
	for name, value := range map[string]string{
		"first_name": "Jana", "last_name": "Nováková", "line1": line, "city": "Springfield",
		"postal_code": "62701",
	} {
		tab.Type("#f-"+name, value)
	}
	tab.Fill("#f-administrative_area", "IL")
	tab.Follow("button.main")
}

// showConflicts saves the same data in two windows: the second is asked which version to keep.
func (g gallery) showConflicts() {
	g.shopper.Visit("/addresses")
	g.shopper.Follow(".card a")
	path, version := g.shopper.Path(), g.shopper.Value("[name=version]")
	g.shopper.Type("#f-line1", "2 Main Street")
	g.shopper.Follow("button.main")
	g.shopper.Visit(path)
	g.shopper.Fill("#f-city", "Shelbyville")
	g.stale(version)
	g.sees("address-conflict", g.shopper)
	g.shopper.Visit("/company")
	version = g.shopper.Value("[name=version]")
	g.shopper.Type("#f-name", "First")
	g.shopper.Follow("button.main")
	g.shopper.Type("#f-name", "Second")
	g.stale(version)
	g.sees("company-conflict", g.shopper)
}

// stale submits the form with the given earlier version, like a window opened before the last change.
func (g gallery) stale(version string) {
	chrome.Evaluate[string](g.shopper, `document.querySelector("[name=version]").value = "`+version+`"`)
	g.shopper.Follow("button.main")
}

func (g gallery) showCompany() {
	g.at("company", g.novice, "/company")
	g.novice.Choose("#f-country", "SK")
	g.novice.Type("#f-vat_id", "SK2020317069")
	g.novice.Follow("button.main")
	g.sees("company-error", g.novice)
	g.novice.Type("#f-vat_id", "SK2020317068")
	g.novice.Type("#f-name", "Nováková s. r. o.")
	g.novice.Follow("button.main")
	g.sees("company-saved", g.novice)
}

func (g gallery) showSecurity() {
	g.at("security-alone", g.shopper, "/security")
	g.SignIn(g.stranger(g.t), g.lang+"@shop.test")
	g.at("security", g.shopper, "/security")
	link := g.linkFor(g.t, g.lang+"@shop.test")
	g.at("link-mine", g.shopper, link)
	g.at("link-other", g.novice, link)
}

func (g gallery) showErrors() {
	g.at("error-404", g.visitor, "/nothing-here")
	g.also("error-404-in", g.shopper, "/nothing-here")
	for status, failure := range map[int]string{403: "denied", 410: "gone", 409: "conflict", 422: "invalid",
		413: "too-large", 429: "too-many", 500: "panic", 503: "late"} {
		g.also(fmt.Sprintf("error-%d", status), g.shopper, "/test/"+failure)
	}
	g.at("error-500-out", g.visitor, "/test/unnamed")
	elsewhere := g.chrome.Tab(g.t,
		chrome.Options{Base: strings.Replace(g.base, "127.0.0.1", "localhost", 1), Language: g.lang})
	g.at("error-421", elsewhere, "/orders")
}
