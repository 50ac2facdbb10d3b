package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/webtest"
)

// closeAccount disables the customer with an email by the pages of staff.
func closeAccount(b *webtest.Employee, email string) {
	b.Get("/admin/customers?search=" + url.QueryEscape(email))
	b.Follow("main tbody a").Want(http.StatusOK)
	b.Follow(`.menu.start a[href$="/disable"]`).Want(http.StatusOK)
	b.Submit("main form", typed{"reason": "Unpaid orders"}).Want(http.StatusOK)
}

// enterClosed signs in with the link that a disabled customer gets.
func enterClosed(t *testing.T, i *webtest.Installation, email string) *webtest.Browser {
	t.Helper()
	b := i.Browser()
	b.Get("/sign-in")
	b.Submit("main form", map[string]string{"email": email})
	i.Deliver()
	sent := i.Mailbox.Last(email)
	if !strings.Contains(sent.Subject, "closed") || webtest.CodeIn(sent) != "" {
		t.Fatalf("a disabled customer gets %q:\n%s", sent.Subject, sent.Text)
	}
	b.Get(webtest.LinkIn(sent)).Want(http.StatusOK)
	if page := b.Submit("main form", nil).Want(http.StatusOK); page.URL.Path != "/closed" {
		t.Fatalf("the link leads to %s", page.URL)
	}
	return b
}

// TestRoutesOpenToADisabledCustomer tries every route with the session of a disabled customer. A new route is
// closed to it.
func TestRoutesOpenToADisabledCustomer(t *testing.T) {
	t.Parallel()
	i, _, site := newCountingSite(t)
	i.Put(i.Key("main"), "/api/v1/customers/1", `{"email":"eva@example.com","updated_at":"2026-01-01T10:00:00Z"}`)
	closeAccount(i.Enrol("support@shop.test", staff.Support), "eva@example.com")
	open := []string{
		"GET /closed", "POST /profile/language",
		"GET /security/confirm", "POST /security/confirm", "POST /security/confirm/send",
		"GET /privacy/export", "GET /privacy/export/data.json", "GET /privacy/export/orders.csv",
		"GET /privacy/erase", "POST /privacy/erase", "POST /privacy/keep",
		"GET /orders/:number/withdraw", "POST /orders/:number/withdraw",
		"GET /orders/:number/withdraw/confirm", "POST /orders/:number/withdraw/confirm",
	}
	b := enterClosed(t, i, "eva@example.com")
	for _, route := range site.Routes() {
		if route.Class != gate.Customer && route.Class != gate.StepUp {
			continue
		}
		page := b.Send(webtest.Request{Method: route.Method, Path: fill(route.Path),
			Header: map[string]string{"Sec-Fetch-Site": "same-origin"}})
		name := route.Method + " " + route.Path
		closed := page.Status == http.StatusSeeOther && page.Header.Get("Location") == "/closed"
		if want := !slices.Contains(open, name); closed != want && name != "POST /privacy/keep" || page.Status >= 500 {
			t.Errorf("%s: %d to %q", name, page.Status, page.Header.Get("Location"))
		}
		open = slices.DeleteFunc(open, func(o string) bool { return o == name })
	}
	if len(open) > 0 {
		t.Errorf("there are no routes %v", open)
	}
	if page := b.Get("/sign-in").Want(http.StatusOK); page.URL.Path != "/sign-in" {
		t.Errorf("nobody else can sign in here: %s", page.URL)
	}
	if page := b.Get("/orders"); page.URL.Path != "/closed" {
		t.Errorf("the orders lead to %s", page.URL)
	}
}

// TestStaffDisableACustomer goes the whole way: the customer is out at once, the sign-in page says nothing,
// and the rights remain until the undo.
func TestStaffDisableACustomer(t *testing.T) {
	t.Parallel()
	i, b := people(t)
	customer, asking := i.Browser(), i.Browser()
	i.SignIn(customer, "x@example.com").Want(http.StatusOK)
	asking.Get("/sign-in")
	before := asking.Submit("main form", map[string]string{"email": "x@example.com"}).Want(http.StatusOK).Body
	closeAccount(b, "x@example.com")
	page := b.Page
	if text := page.Text("main"); !strings.Contains(text, "Disabled") || !strings.Contains(text, "Unpaid orders") {
		t.Errorf("the page does not say so: %s", text)
	}
	if customer.Get("/orders"); customer.Page.URL.Path != "/sign-in" {
		t.Errorf("still at %s", customer.Page.URL)
	}
	asking.Get("/sign-in")
	if after := asking.Submit("main form", map[string]string{"email": "x@example.com"}).Body; after != before {
		t.Error("the sign-in page tells that the account is closed")
	}
	i.Deliver()
	if got := listed(b, "/admin/customers?status=disabled"); !slices.Equal(got, []string{"x@example.com"}) {
		t.Errorf("the list of the disabled has %v", got)
	}
	rights := enterClosed(t, i, "x@example.com")
	if text := rights.Page.Text("main"); !strings.Contains(text, "Withdraw from contract here") {
		t.Errorf("the page says: %s", text)
	}
	rights.Get("/withdraw").Want(http.StatusOK)
	if rights.Page.Attr("[name=email]", "value") != "x@example.com" {
		t.Error("the withdrawal does not know the customer")
	}
	rights.Get("/privacy/erase")
	rights.Submit(`form[action="/security/confirm/send"]`, nil).Want(http.StatusOK)
	i.Deliver()
	rights.Submit("main form", map[string]string{"code": webtest.CodeIn(i.Mailbox.Last("x@example.com"))}).Want(http.StatusOK)
	if rights.Page.URL.Path != "/privacy/erase" {
		t.Fatalf("the code leads to %s: %s", rights.Page.URL, rights.Page.Text("main"))
	}
	rights.Submit("main form", nil).Want(http.StatusOK)
	if rights.Page.URL.Path != "/closed" || !strings.Contains(rights.Page.Text("main"), "will be deleted") {
		t.Errorf("after the deletion: %s %s", rights.Page.URL, rights.Page.Text("main"))
	}
	rights.Submit(`form[action="/privacy/keep"]`, nil).Want(http.StatusOK)
	b.Get(page.URL.Path).Want(http.StatusOK)
	b.Follow(`.menu.start a[href$="/enable"]`).Want(http.StatusOK)
	b.Submit("main form", nil).Want(http.StatusOK)
	if rights.Get("/closed"); rights.Page.URL.Path != "/sign-in" {
		t.Errorf("the session for the rights still opens %s", rights.Page.URL)
	}
	i.SignIn(customer, "x@example.com").Want(http.StatusOK)
	i.Work()
	text := strings.Join(customer.Get("/privacy").Want(http.StatusOK).Texts("#activity li"), "\n")
	if !strings.Contains(text, "Closed your account") || !strings.Contains(text, "Reopened your account") ||
		!strings.Contains(text, "Unpaid orders") {
		t.Errorf("the customer reads: %s", text)
	}
}
