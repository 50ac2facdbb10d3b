package web_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"postern/portal/web/webtest"
	"postern/portal/web/webtest/chrome"
)

// code returns the code last emailed to an address.
func (g gallery) code(email string) string {
	g.t.Helper()
	g.Work()
	g.Deliver()
	for _, message := range slices.Backward(g.Mailbox.All(email)) {
		if code := webtest.CodeIn(message); code != "" {
			return code
		}
	}
	g.t.Fatalf("no code was mailed to %s", email)
	return ""
}

// proven opens a page that needs a recent code, and enters one if asked.
func (g gallery) proven(tab *chrome.Tab, email, path string) {
	g.t.Helper()
	tab.Visit(path)
	if tab.Path() == path {
		return // a code was entered just before
	}
	tab.Follow(`form[action="/security/confirm/send"] button`)
	tab.Type("#f-code", g.code(email))
	tab.Follow("main form button.main")
	if got := tab.Path(); got != path {
		g.t.Fatalf("the code leads to %s, not to %s", got, path)
	}
}

// showAccount checks the pages on which customers change their account.
func (g gallery) showAccount() {
	g.showProfile()
	g.showEmailChange()
	g.showPrivacy()
	g.showWithdrawal()
}

func (g gallery) showProfile() {
	g.at("profile", g.shopper, "/profile")
	g.shopper.Type("#f-first_name", "Zdeňka-Ľudmila")
	g.shopper.Type("#f-phone", "12")
	g.shopper.Follow("button.main")
	g.sees("profile-error", g.shopper)
	g.shopper.Type("#f-phone", "0905 123 456")
	g.shopper.Follow("button.main")
	g.sees("profile-saved", g.shopper)
}

// showEmailChange moves an account to another address and checks the undo page.
func (g gallery) showEmailChange() {
	mover, to := g.lang+"-mover@shop.test", g.lang+"-moved@shop.test"
	g.putOrder(g.t, g.Key("main"), mover, g.lang+"-moving", nil)
	tab := g.open()
	g.signIn(g.t, tab, mover)
	g.at("step-up", tab, "/profile/email")
	tab.Follow(`form[action="/security/confirm/send"] button`)
	g.sees("step-up-sent", tab)
	tab.Type("#f-code", "0000 0000")
	tab.Follow("main form button.main")
	g.sees("step-up-error", tab)
	tab.Type("#f-code", g.code(mover))
	tab.Follow("main form button.main")
	g.sees("email", tab)
	tab.Type("#f-email", mover)
	tab.Follow("main form button.main")
	g.sees("email-error", tab)
	tab.Type("#f-email", to)
	tab.Follow("main form button.main")
	g.sees("email-code", tab)
	tab.Type("#f-code", g.code(to))
	tab.Follow("main form button.main")
	g.sees("email-changed", tab)
	g.code(mover)
	undo := ""
	for _, message := range g.Mailbox.All(mover) {
		if strings.Contains(message.Text, "/sign-in/undo-email/") {
			undo = linkIn(message.Text, "/sign-in/undo-email/")
		}
	}
	g.at("undo-email", g.visitor, undo)
	g.visitor.Follow("form[data-sign-in] button")
	g.sees("email-undone", g.visitor)
	g.at("undo-email-gone", g.visitor, undo)
}

// linkIn returns the path of the link in a text that starts with path.
func linkIn(text, path string) string {
	_, rest, _ := strings.Cut(text, path)
	token, _, _ := strings.Cut(rest, "\n")
	return path + strings.TrimSpace(token)
}

func (g gallery) showPrivacy() {
	email := g.lang + "@shop.test"
	g.at("privacy", g.shopper, "/privacy")
	g.shopper.Click("#activity summary")
	g.shopper.Follow(".pager-next")
	g.sees("privacy-older", g.shopper)
	g.shopper.Follow(`form[action="/privacy/"] button`)
	g.sees("privacy-agreed", g.shopper)
	g.proven(g.shopper, email, "/privacy/export")
	g.sees("export", g.shopper)
	g.at("erase", g.shopper, "/privacy/erase")
	g.shopper.Follow("main form button")
	g.sees("privacy-erasing", g.shopper)
	g.shopper.Follow(`form[action="/privacy/keep"] button`)
	g.at("unsubscribe", g.visitor, g.unsubscribePath(email))
	g.visitor.Follow("main form button")
	g.sees("unsubscribed", g.visitor)
}

// unsubscribePath returns the path of the unsubscribe link in the shop's newsletter to an address.
func (g gallery) unsubscribePath(email string) string {
	g.t.Helper()
	page := g.stranger(g.t).Send(webtest.Request{
		Path:   "/api/v1/customers/by-email/" + email,
		Header: map[string]string{"Authorization": "Bearer " + g.Key("main")},
	}).Want(http.StatusOK)
	var record struct {
		Consents map[string]struct {
			URL string `json:"unsubscribe_url"`
		} `json:"consents"`
	}
	if err := json.Unmarshal([]byte(page.Body), &record); err != nil {
		g.t.Fatal(err)
	}
	return strings.TrimPrefix(record.Consents["newsletter"].URL, g.base)
}

func (g gallery) showWithdrawal() {
	g.at("withdraw", g.visitor, "/withdraw")
	g.visitor.Follow("main form button.main")
	g.sees("withdraw-error", g.visitor)
	g.visitor.Type("#f-name", "Jana Nováková")
	g.visitor.Type("#f-number", "2026-000123")
	g.visitor.Type("#f-email", g.lang+"-withdraws@shop.test")
	g.visitor.Follow("main form button.main")
	g.sees("withdraw-confirm", g.visitor)
	g.visitor.Follow("main form button.main")
	g.sees("withdrawn", g.visitor)
	for _, form := range []string{"return", "cancel"} {
		g.at("order-"+form, g.shopper, "/orders/"+g.lang+"-unpaid/"+form)
		g.at("order-"+form+"-shipped", g.shopper, "/orders/"+g.lang+"-shipped/"+form)
	}
	g.returnsWithPhotos()
	g.shopper.Visit("/orders/" + g.lang + "-shipped")
	g.shopper.Type("#f-text", "Kedy príde balík? "+strings.Repeat("Donaudampfschifffahrt", 4))
	g.shopper.Follow(`form[action*="/message"] button`)
	g.sees("order-written", g.shopper)
	g.at("withdraw-order", g.shopper, "/orders/"+g.lang+"-2001/withdraw")
}
