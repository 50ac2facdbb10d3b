package web_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal/staff"
	"postern/portal/web/webtest"
)

// TestErrorPageOffersTheCure checks that the main button of an error page is what mends the error: the same
// page again, or else where the visitor begins.
func TestErrorPageOffersTheCure(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, webtest.Bookshop())
	for path, want := range map[string][]string{
		"/test/conflict": {"Reload", "/test/conflict?page=2", "Sign in"},
		"/test/invalid":  {"Go back", "/test/invalid?page=2", "Sign in"},
		"/test/panic":    {"Try again", "/test/panic?page=2", "Sign in"},
		"/test/too-many": {"Try again", "/test/too-many?page=2", "Sign in"},
		"/test/denied":   {"Sign in", "/sign-in"},
		"/nothing":       {"Sign in", "/sign-in"},
	} {
		page := h.browser(t).Send(webtest.Request{Path: path + "?page=2"})
		got := []string{page.Text("main .button.main"), page.Attr("main .button.main", "href")}
		got = append(got, page.Texts("main .button.quiet")...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

// TestErrorPageOfStaffLeadsToTheCustomers checks that staff are not sent to a shopper's pages.
func TestErrorPageOfStaffLeadsToTheCustomers(t *testing.T) {
	t.Parallel()
	i, _ := people(t)
	signedIn := i.Enrol("viewer@shop.test", staff.Viewer)
	for _, c := range []struct {
		browser *webtest.Browser
		want    []string
	}{
		{signedIn.Browser, []string{"Check the web address or go back to the customers.", "Go to customers", "/admin/customers"}},
		{i.Browser(), []string{"Check the web address or sign in.", "Sign in", "/admin/sign-in"}},
	} {
		page := c.browser.Get("/admin/nothing")
		got := []string{page.Text(".panel > p"), page.Text("main .button"), page.Attr("main .button", "href")}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(diff)
		}
	}
}
