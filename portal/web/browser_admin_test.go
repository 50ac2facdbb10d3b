package web_test

import (
	"encoding/base32"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"postern/portal/staff"
	"postern/portal/web/webtest"
	"postern/portal/web/webtest/chrome"
)

// TestBrowserAdmin invites an owner, who signs in for the first time, sets up an app, and opens every page
// for staff: each is accessible and no wider than a small phone.
func TestBrowserAdmin(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser: not in a short run")
	}
	s := newStand(t, chrome.Start(t))
	s.fillAdmin(t)
	for _, lang := range languages(t) {
		if lang != "en" && lang != "de" && !whole() { // only the texts differ, and German has the longest words
			continue
		}
		t.Run(lang, func(t *testing.T) {
			g := gallery{stand: s, t: t, lang: lang}
			g.shopper = g.tab(t, chrome.Options{Language: lang})
			g.showAdmin(lang + "-owner@shop.test")
		})
	}
}

// secretText is the app's secret, which is shown on request only.
const secretText = `document.querySelector(".secret").textContent`

// fillAdmin creates customers of every kind.
func (s stand) fillAdmin(t *testing.T) {
	t.Helper()
	key := s.Key("main")
	for n, name := range []string{"Čermák", "Abrahámová", strings.Repeat("Ž", 60), "محمد", "Österreicher-Habsburg"} {
		body := fmt.Sprintf(`{"email":"customer-%d@example.com","first_name":"Jana","last_name":%q,"phone":"+42077788899%[1]d",
			"updated_at":"2026-01-01T10:00:00Z","company":{"name":"Łąka s. r. o.","country":"CZ","registration_number":"0012345%[1]d"},
			"consents":{"newsletter":{"status":"given","at":"2026-01-01T10:00:00Z","source":"checkout"}}}`, n, name)
		s.Put(key, fmt.Sprintf("/api/v1/customers/%d", n), body)
		s.fill(t, key, fmt.Sprintf("customer-%d@example.com", n))
		if n > 0 { // 0 is no id
			s.fillShopping(t, key, fmt.Sprint(n))
		}
	}
	for _, number := range []string{"customer-0@example.com-shipped", "W-2"} {
		withdraws(s.Installation, number, "customer-1@example.com")
	}
	failEmail(t, s.Installation, "customer-1@example.com")
	failJob(t, s.Installation, "record_act")
	failJob(t, s.Installation, "order_email")
	s.Clock.Move(time.Hour)
	s.fillLog(t, key)
	s.Work()
}

// fillLog leaves acts of each kind of actor in the log.
func (s stand) fillLog(t *testing.T, key string) {
	t.Helper()
	s.Put(key, "/api/v1/customers/4", `{"first_name":"Johann","last_name":"Österreicher","birth_date":"1970-02-03","language":"de",
		"updated_at":"2026-01-02T10:00:00Z","company":{"name":"Donaudampfschifffahrtsgesellschaft mbH","country":"AT"},
		"addresses":[{"id":"a","first_name":"Johann","last_name":"Österreicher","line1":"Hauptstraße 1","city":"Wien","postal_code":"1010","country":"AT"}]}`)
	operator, err := s.App.Operator().By("anna").Because(strings.Repeat("The customer asked for it on the phone. ", 5))
	if err != nil {
		t.Fatal(err)
	}
	account, err := operator.FindCustomer(t.Context(), "main", "customer-2@example.com")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := operator.SignOutCustomer(t.Context(), "main", account.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := operator.EraseCustomer(t.Context(), "main", account.ID, false); err != nil {
		t.Fatal(err)
	}
}

// showAdmin enrols an owner and opens the pages.
func (g gallery) showAdmin(email string) {
	code, err := g.App.Operator().InviteStaff(g.t.Context(), "main", email, string(staff.Owner))
	if err != nil {
		g.t.Fatal(err)
	}
	g.at("admin-sign-in", g.shopper, "/admin/sign-in")
	g.shopper.Type("#f-email", email)
	g.shopper.Follow("main form button")
	g.sees("admin-code", g.shopper)
	g.Deliver()
	g.at("admin-link", g.shopper, webtest.LinkIn(g.Mailbox.Last(email)))
	g.shopper.Follow("main form button")
	g.sees("admin-enrol", g.shopper)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).
		DecodeString(strings.ReplaceAll(strings.TrimSpace(chrome.Evaluate[string](g.shopper, secretText)), " ", ""))
	if err != nil {
		g.t.Fatal(err)
	}
	now, err := staff.TOTPCode(secret, g.Clock.Now())
	if err != nil {
		g.t.Fatal(err)
	}
	g.shopper.Type("#f-code", "000000")
	g.shopper.Type("#f-enrolment", code)
	g.shopper.Follow("main form button.main")
	g.sees("admin-enrol-error", g.shopper)
	g.shopper.Type("#f-code", now)
	g.shopper.Type("#f-enrolment", code)
	g.shopper.Follow("main form button.main")
	g.sees("admin-recovery", g.shopper)
	g.shopper.Visit("/admin?period=12m")
	g.Work()
	for _, path := range []string{"", "/staff", "/staff/invite", "/security", "/customers", "/customers?sort=name&newsletter=given&company=yes",
		"/customers?search=nobody&country=CZ", "/customers?sort=wrong", "/groups", "/groups/new",
		"/batches", "/batches/new?all=yes&country=CZ", "/log", "/log?actor=operator&act=customer.changed&to=2020-01-01",
		"/log?person=nobody", "/inbox", "/inbox?show=returns", "/orders", "/orders?status=open&from=2026-01-01", "/orders?status=lost",
		"/withdrawals", "/withdrawals?show=all", "/emails", "/emails?state=sent", "/emails?kind=lost", "/jobs",
		"/api-keys", "/api-keys/new", "?period=12m", "?from=2001-01-01"} {
		g.at("admin"+url.QueryEscape(path), g.shopper, "/admin"+path)
	}
	g.showFrame()
	g.shopper.Visit("/admin/customers")
	g.shopper.Follow("main tbody a")
	g.sees("admin-customer", g.shopper)
	one := chrome.Evaluate[string](g.shopper, "location.pathname")
	g.shopper.Click("#products summary")
	g.shopper.Follow("#products tbody td a")
	g.sees("admin-order", g.shopper)
	for _, path := range []string{"/disable", "/link", "/sign-out", "/erase", "/email", "/consents/newsletter", "/addresses/new"} {
		g.at("admin-customer"+url.QueryEscape(path), g.shopper, one+path)
	}
	g.showNewCustomer()
	g.showBulk()
	g.showViews()
	g.showExport()
	g.showWork()
	g.showMerge(one)
	g.shopper.Visit("/admin/staff")
	g.shopper.Follow("main tbody a")
	g.sees("admin-member", g.shopper)
	g.at("admin-unknown", g.shopper, "/admin/customers/nobody")
}

// showFrame reaches the search with a key, and unfolds the navigation as on a phone.
func (g gallery) showFrame() {
	g.shopper.Visit("/admin/jobs")
	g.shopper.Keys("/")
	if !chrome.Evaluate[bool](g.shopper, `document.activeElement.matches(".top-search input")`) {
		g.t.Error("the key / does not reach the search in the head")
	}
	g.shopper.Look(chrome.Look{Width: 360})
	g.shopper.Click(".side-menu summary")
	if !g.shopper.Sees(".side li:last-child a") {
		g.t.Error("the navigation does not unfold")
	}
	g.sees("admin-menu", g.shopper)
}

// showWork opens an email, a withdrawal and a new API key.
func (g gallery) showWork() {
	g.shopper.Visit("/admin/emails?state=sent")
	g.shopper.Follow("main tbody a")
	g.sees("admin-email", g.shopper)
	g.shopper.Visit("/admin/withdrawals?show=all")
	g.shopper.Follow("main tbody a")
	g.sees("admin-withdrawal", g.shopper)
	g.shopper.Visit("/admin/api-keys/new")
	g.shopper.Follow("main form button.main")
	g.sees("admin-key-error", g.shopper)
	g.shopper.Type("#f-name", "Warehouse "+g.lang)
	g.shopper.Click("#f-scope_orders")
	g.shopper.Follow("main form button.main")
	g.sees("admin-key-once", g.shopper)
	g.shopper.Visit("/admin/api-keys")
	g.shopper.Follow("main tbody a")
	g.sees("admin-key", g.shopper)
}

// showBulk creates a group and puts everybody into it by a bulk change.
func (g gallery) showBulk() {
	g.shopper.Visit("/admin/groups/new")
	g.shopper.Type("#f-name", "Wholesale "+g.lang)
	g.shopper.Follow("main form[novalidate] button.main")
	g.sees("admin-group", g.shopper)
	g.shopper.Visit("/admin/batches/new?all=yes")
	g.shopper.Click("details:has([value=add_tag]) summary")
	g.shopper.Type(`[id="f-add_tag.tag"]`, "vip")
	g.shopper.Follow("details[open] form button")
	g.Work()
	g.shopper.Visit(chrome.Evaluate[string](g.shopper, "location.pathname"))
	g.sees("admin-batch-preview", g.shopper)
	g.shopper.Follow(`form[action$="/start"] button`)
	g.sees("admin-batch-running", g.shopper)
	g.Work()
	g.shopper.Visit("/admin/batches")
	g.shopper.Follow("main tbody a")
	g.sees("admin-batch-done", g.shopper)
	g.shopper.Visit("/admin/customers?tag=vip")
	g.sees("admin-customers-tagged", g.shopper)
}
