package web_test

import (
	"strings"

	"postern/portal/web/webtest/chrome"
)

// showViews saves views of the list, shares one, and opens one whose filter nobody matches.
func (g gallery) showViews() {
	g.at("admin-views-none", g.shopper, "/admin/customers/views")
	g.shopper.Visit("/admin/customers?company=yes&newsletter=given&sort=name")
	g.shopper.Follow(`.matching a[href*="/views/new"]`)
	g.sees("admin-view-new", g.shopper)
	g.shopper.Type("#f-name", "Newsletter companies "+g.lang)
	g.shopper.Click("#f-shared")
	g.shopper.Follow("main form[novalidate] button.main")
	g.shopper.Visit("/admin/customers/views/new?country=SK&tag=nobody-" + g.lang)
	g.shopper.Type("#f-name", strings.Repeat("عملاء 🎄 Ž ", 20))
	g.shopper.Follow("main form[novalidate] button.main")
	g.sees("admin-view-gone", g.shopper)
	g.Work()
	g.at("admin-views", g.shopper, "/admin/customers/views")
	g.shopper.Follow(`main td a[href*="/views/"]`)
	g.sees("admin-view", g.shopper)
	g.shopper.Type("#f-name", " ")
	g.shopper.Follow("main form[novalidate] button.main")
	g.sees("admin-view-error", g.shopper)
	g.shopper.Visit("/admin/customers?view=all")
	g.shopper.Follow(".view-tabs li:nth-child(2) a")
	g.sees("admin-customers-view", g.shopper)
}

// showExport exports everybody and previews an erasure.
func (g gallery) showExport() {
	g.preview("export")
	g.sees("admin-export-preview", g.shopper)
	g.shopper.Follow(`form[action$="/start"] button`)
	g.afterWork()
	g.sees("admin-export-done", g.shopper)
	g.preview("erase")
	g.shopper.Type("#f-number", "1")
	g.shopper.Follow(`form[action$="/start"] button`)
	g.sees("admin-erase-preview", g.shopper)
}

// preview opens the preview of a bulk change of all customers.
func (g gallery) preview(action string) {
	g.shopper.Visit("/admin/batches/new?all=yes&search=example.com")
	g.shopper.Click("details:has([value=" + action + "]) summary")
	g.shopper.Follow("details[open] form button")
	g.afterWork()
}

// afterWork shows the page again once the background work is done.
func (g gallery) afterWork() {
	g.Work()
	g.shopper.Visit(chrome.Evaluate[string](g.shopper, "location.pathname"))
}

// showNewCustomer opens the form that creates a customer, with the fields of an address.
func (g gallery) showNewCustomer() {
	g.at("admin-customer-new", g.shopper, "/admin/customers/new")
	if g.shopper.Sees(`.asked [name$=".note"]`) {
		g.t.Error("who was not asked is asked how")
	}
	g.shopper.Type("#f-email", "customer-1@example.com")
	g.shopper.Choose(`[id="f-address.country"]`, "AT")
	g.shopper.Follow("main form p.actions button.main")
	g.sees("admin-customer-new-error", g.shopper)
}
