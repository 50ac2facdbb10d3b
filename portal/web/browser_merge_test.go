package web_test

import (
	"time"

	"postern/portal/web/webtest/chrome"
)

// showMerge merges the customer of a path with another one, and undoes it.
func (g gallery) showMerge(path string) {
	g.at("admin-merge", g.shopper, path+"/merge")
	g.shopper.Type("#f-search", "customer-3@example.com")
	g.shopper.Follow("main form button.main")
	g.sees("admin-merge-found", g.shopper)
	g.shopper.Follow(`main .rows a`)
	g.sees("admin-merge-preview", g.shopper)
	g.shopper.Follow("main form button.danger")
	g.sees("admin-merge-started", g.shopper)
	g.Work()
	merge := chrome.Evaluate[string](g.shopper, "location.pathname")
	g.at("admin-merge-done", g.shopper, merge)
	g.at("admin-merge-customer", g.shopper, path)
	g.shopper.Visit(merge)
	g.shopper.Follow(`form[action$="/undo"] button`)
	g.sees("admin-unmerge", g.shopper)
	g.shopper.Follow(`form[action$="/start"] button`)
	g.Work()
	g.at("admin-unmerge-done", g.shopper, chrome.Evaluate[string](g.shopper, "location.pathname"))
	g.Clock.Move(2 * time.Minute)
	g.Work()
}
