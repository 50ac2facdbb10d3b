package web_test

import (
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"postern/portal/staff"
	"postern/portal/web/webtest"
	"postern/portal/web/webtest/chrome"
)

// TestBrowserVisit signs a person of the staff in, opens a customer's pages as the customer, looks at them, and
// ends the visit.
func TestBrowserVisit(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser: not in a short run")
	}
	s := newStand(t, chrome.Start(t))
	key := s.Key("main")
	for _, lang := range languages(t) {
		if lang != "en" && lang != "de" && lang != "sk" && !whole() { // only the texts differ, and these have the longest
			continue
		}
		email := lang + "-visited@example.com"
		s.Put(key, "/api/v1/customers/"+lang, `{"email":"`+email+`","first_name":"Johanna Maria","last_name":"Österreicher-Habsburg",
			"language":"`+lang+`","updated_at":"2026-01-01T10:00:00Z","company":{"name":"Donaudampfschifffahrtsgesellschaft mbH","country":"AT"},
			"addresses":[{"id":"a","first_name":"Johanna","last_name":"Österreicher","line1":"Hauptstraße 1","city":"Wien","postal_code":"1010","country":"AT"}]}`)
		s.fill(t, key, email)
		t.Run(lang, func(t *testing.T) {
			g := gallery{stand: s, t: t, lang: lang}
			g.shopper = g.tab(t, chrome.Options{Language: lang})
			g.enrols(lang+"-manager@shop.test", staff.Manager)
			g.showVisit(email)
		})
	}
}

// enrols signs a new person of the staff in.
func (g gallery) enrols(email string, role staff.Role) {
	code, err := g.App.Operator().InviteStaff(g.t.Context(), "main", email, string(role))
	if err != nil {
		g.t.Fatal(err)
	}
	g.shopper.Visit("/admin/sign-in")
	g.shopper.Type("#f-email", email)
	g.shopper.Follow("main form button")
	g.Deliver()
	g.shopper.Visit(webtest.LinkIn(g.Mailbox.Last(email)))
	g.shopper.Follow("main form button")
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).
		DecodeString(strings.ReplaceAll(strings.TrimSpace(chrome.Evaluate[string](g.shopper, secretText)), " ", ""))
	if err != nil {
		g.t.Fatal(err)
	}
	now, err := staff.TOTPCode(secret, g.Clock.Now())
	if err != nil {
		g.t.Fatal(err)
	}
	g.shopper.Type("#f-code", now)
	g.shopper.Type("#f-enrolment", code)
	g.shopper.Follow("main form button.main")
}

// showVisit visits the customer with the right to view, then with the right to write.
func (g gallery) showVisit(email string) {
	g.shopper.Visit("/admin/customers?search=" + email)
	g.shopper.Follow("main tbody a")
	one := g.shopper.Path()
	g.at("visit-begin", g.shopper, one+"/sign-in-as")
	g.begins("read")
	prefix, _, _ := strings.Cut(email, "@")
	g.sees("visit-orders", g.shopper)
	for name, path := range map[string]string{"order": "/orders/" + prefix + "-shipped", "company": "/company", "profile": "/profile",
		"addresses": "/addresses", "closed": "/privacy"} {
		g.at("visit-read-"+name, g.shopper, path)
		if !g.shopper.Sees(".as-banner .button") {
			g.t.Errorf("%s has no banner", path)
		}
		for _, closed := range []string{"main form[method=post]", `a[href^="/withdraw"]`, `a[href$="/cancel"]`, `a[href$="/return"]`,
			`a[href="/security"]`, "form.languages", `form[action="/sign-out"]`} {
			if g.shopper.Has(closed) {
				g.t.Errorf("%s has %s", path, closed)
			}
		}
	}
	g.shopper.Follow(".as-banner .button")
	g.sees("visit-ended", g.shopper)
	if g.shopper.Path() != one {
		g.t.Errorf("the visit ends at %s", g.shopper.Path())
	}
	g.Clock.Move(time.Minute)
	g.shopper.Visit(one + "/sign-in-as")
	g.begins("write")
	g.at("visit-write-profile", g.shopper, "/profile")
	g.shopper.Fill("#f-last_name", "Österreicher")
	g.shopper.Follow("main form button.main")
	g.sees("visit-write-saved", g.shopper)
	own := g.tab(g.t, chrome.Options{Language: g.lang})
	g.signIn(g.t, own, email)
	g.at("visit-security", own, "/security")
	if len(own.Texts("#visits li")) != 2 || len(own.Texts("#visits .status")) != 1 {
		g.t.Errorf("the customer sees %q", own.Texts("#visits li"))
	}
	g.shopper.Follow(".as-banner .button")
	g.shopper.Visit("/orders")
	if !strings.HasPrefix(g.shopper.Path(), "/sign-in?") {
		g.t.Errorf("after the visit, /orders leads to %s", g.shopper.Path())
	}
}

// begins sends the form that begins a visit.
func (g gallery) begins(mode string) {
	g.shopper.Fill("#f-reason", "help")
	g.shopper.Type("#f-text", "Ticket 7, by telephone")
	g.shopper.Click("[name=mode][value=" + mode + "]")
	g.shopper.Follow("main form button.main")
}
