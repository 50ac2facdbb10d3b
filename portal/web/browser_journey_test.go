package web_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest/chrome"
)

const jana = "jana@shop.test"

// journey is a shopper who uses every part of the portal in one visit.
type journey struct {
	stand
	*chrome.Tab
	t       *testing.T
	scripts bool
}

func TestBrowserJourney(t *testing.T) {
	t.Parallel()
	browser := chrome.Start(t)
	for name, scripts := range map[string]bool{"with scripts": true, "without scripts": false} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t, browser)
			s.fill(t, s.Key("main"), jana)
			j := journey{stand: s, Tab: s.tab(t, chrome.Options{NoScripts: !scripts}), t: t, scripts: scripts}
			j.arrives()
			j.reads()
			j.looksAtAnOrder()
			j.keepsAddresses()
			j.namesACompany()
			j.endsAnotherSession()
			j.speaksSlovak()
			j.leaves()
		})
	}
}

// is compares a value with the expected one.
func (j journey) is(what string, got, want any) {
	j.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		j.t.Errorf("%s, on %s: %s", what, j.Path(), diff)
	}
}

// arrives opens an order's address, signs in and arrives at that order. In the browser that requested the
// link a script submits the form; without scripts it takes one click.
func (j journey) arrives() {
	j.ask(j.Tab, jana, "/orders/jana-shipped")
	j.is("waits for the mail", j.Path(), "/sign-in/code?asked=yes&to=%2Forders%2Fjana-shipped")
	j.is("address", j.Text(".masked"), jana)
	j.Visit(j.link(j.t, jana))
	if !j.scripts {
		j.is("pages so far spend nothing", strings.HasPrefix(j.Path(), "/sign-in/link/"), true)
		j.Follow("form[data-sign-in] button")
	}
	j.WaitFor(".headline")
	j.is("destination", j.Path(), "/orders/jana-shipped")
}

// reads narrows the list of orders in every possible way.
func (j journey) reads() {
	j.Follow(".back a")
	j.is("first page", len(j.Texts(".orders > li")), 20)
	j.Follow(".pager-next")
	j.is("second page", len(j.Texts(".orders > li")), 20)
	j.Click(".choice:nth-child(2) summary")
	j.Follow(`.choice a[href="/orders?period=2024"]`)
	j.is("of 2024", j.Texts(".order-number"), []string{"jana-digital", "jana-odd"})
	j.Click(".choice summary")
	j.Follow(`.choice a[href="/orders?period=2024&status=delivered"]`)
	j.is("delivered of 2024", j.Texts(".order-number"), []string{"jana-digital"})
	j.Visit("/orders?period=2024")
	j.Click(".choice:nth-child(2) summary")
	j.Fill("#f-from", "2026-02-20")
	j.Fill("#f-to", "2026-03-04")
	j.Follow(".filter details button")
	j.is("address of a period", j.Path(), "/orders?from=2026-02-20&to=2026-03-04")
	j.is("of the period", len(j.Texts(".orders > li")), 20)
	j.is("the period is named", j.Text(".choice.chosen summary .choice-name"), "20 Feb 2026 – 4 Mar 2026")
	j.Click(".choice:nth-child(2) summary")
	j.Fill("#f-from", "2026-03-05")
	j.Follow(".filter details button")
	j.is("only the end of an impossible period is marked", !j.Sees("#f-from-error") && j.Sees("#f-to-error"), true)
	j.Type("#f-search", "jana-200")
	j.Follow("form[role=search] button")
	j.is("found", len(j.Texts(".orders > li")), 9)
	j.Type("#f-search", "NOTES fíeld")
	j.Follow("form[role=search] button")
	j.is("found by a product", j.Texts(".order-number"), []string{"jana-shipped"})
	j.Type("#f-search", "jana-unp")
	j.Follow("form[role=search] button")
	j.Follow(".order")
}

// looksAtAnOrder checks the page of the unpaid order and prints it.
func (j journey) looksAtAnOrder() {
	j.is("order", j.Path(), "/orders/jana-unpaid")
	j.is("way to pay", j.Attr(".button.main", "href"), storefront+"/pay")
	j.is("a button that needs a script is seen only with them", j.Sees("[data-print]"), j.scripts)
	j.is("navigation", j.Sees(".nav"), true)
	j.Look(chrome.Look{Print: true})
	for _, part := range []string{".nav", ".languages", ".menu", "[data-print]", ".button"} {
		j.is("printed: "+part, j.Sees(part), false)
	}
	j.is("printed: order", j.Sees("h1") && j.Sees(".lines") && j.Sees(".totals"), true)
	j.Look(chrome.Look{})
}

// keepsAddresses adds an address in a country other than the form's first one, changes it, deletes it and
// undoes the deletion.
func (j journey) keepsAddresses() {
	j.Follow(`.nav a[href="/addresses"]`)
	j.Follow(`a[href="/addresses/new"]`)
	j.country("SK")
	j.Type("#f-first_name", "Jana")
	j.country("DE")
	j.is("what was typed stays", j.Value("#f-first_name"), "Jana")
	j.Type("#f-last_name", "Nováková")
	j.Type("#f-line1", "Unter den Linden 1")
	j.Type("#f-city", "Berlin")
	j.Type("#f-postal_code", "9999")
	j.Follow("button.main")
	j.is("postal code of no German town", j.Sees("#f-postal_code-error"), true)
	j.Type("#f-postal_code", "10117")
	j.Follow("button.main")
	j.is("saved", j.Texts(".card h2"), []string{"Jana Nováková"})
	j.is("confirmed", j.Sees(".flash"), true)
	if j.scripts {
		j.is("a reload confirms nothing", j.Path(), "/addresses")
	}
	j.Follow(".card a")
	j.Type("#f-line1", "Unter den Linden 77")
	j.Follow("button.main")
	j.is("changed", strings.Contains(j.Text(".card address"), "Unter den Linden 77"), true)
	j.Follow(`form[action$="/delete"] button`)
	j.is("deleted", j.Has(".card"), false)
	j.Follow(".flash button")
	j.is("back", strings.Contains(j.Text(".card address"), "Unter den Linden 77"), true)
}

// country chooses a country, using the button where there are no scripts. With scripts there is none.
func (j journey) country(code string) {
	j.is("the button", j.Sees("button[data-country]"), !j.scripts)
	if j.scripts {
		j.Choose("#f-country", code)
		return
	}
	j.Fill("#f-country", code)
	j.Follow("button[data-country]")
}

func (j journey) namesACompany() {
	j.Follow(`.nav a[href="/company"]`)
	j.country("SK")
	j.Type("#f-name", "Nováková s. r. o.")
	j.Type("#f-vat_id", "SK2020317069")
	j.Follow("button.main")
	j.is("check digit", j.Sees("#f-vat_id-error"), true)
	j.is("what was typed stays", j.Value("#f-name"), "Nováková s. r. o.")
	j.Type("#f-vat_id", "sk 2020 317 068")
	j.Follow("button.main")
	j.is("saved", j.Sees(".flash"), true)
	j.is("VAT ID", j.Value("#f-vat_id"), "SK2020317068")
}

func (j journey) endsAnotherSession() {
	other := j.tab(j.t, chrome.Options{NoScripts: true})
	j.signIn(j.t, other, jana)
	j.Visit("/security")
	j.is("browsers", len(j.Texts(".rows > li")), 2)
	j.Follow(`form[action="/security/end"] button`)
	j.is("browsers left", len(j.Texts(".rows > li")), 1)
	other.Visit("/orders")
	if got := other.Path(); got != "/sign-in?to=%2Forders" {
		j.t.Errorf("the ended session is at %s", got)
	}
}

func (j journey) speaksSlovak() {
	j.is("language", j.Attr("html", "lang"), "en")
	j.Follow(`.languages [lang=sk]`)
	j.is("language", j.Attr("html", "lang"), "sk")
	j.Visit("/orders")
	j.is("heading", j.Text("h1"), "Objednávky")
}

func (j journey) leaves() {
	j.Click(".menu summary")
	j.Follow(".menu form button")
	j.is("signed out", j.URL().Path, "/sign-in")
	j.is("confirmed", j.Sees(".flash"), true)
	j.Visit("/orders/jana-shipped")
	j.is("closed", j.URL().Path, "/sign-in")
}
