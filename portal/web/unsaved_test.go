package web_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/web/webtest"
	"postern/templates"
)

// TestTypedTextOutlivesTheSession checks that a form submitted after the shopper signed out in another tab
// says so, leads to the sign-in and back, and can be submitted again with everything that was typed.
func TestTypedTextOutlivesTheSession(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	i.SignIn(b, "jana@example.com")
	form := b.Get("/profile")
	b.Post("/sign-out", nil)
	b.Page = form
	b.Submit("main form", map[string]string{"first_name": `Jana "<b>`,
		"last_name": "Nová"}).Want(http.StatusForbidden)
	for range 2 { // submitting again while signed out loses nothing
		kept := b.Page
		if got := kept.Text("h1"); got != "You’re signed out" || kept.Attr("main form",
			"action") != "/profile/" {
			t.Fatalf("the page is %q, its form goes to %q", got, kept.Attr("main form", "action"))
		}
		if way := kept.Attr("main a.button", "href"); way != "/sign-in?done=signed_out_before&to=%2Fprofile" {
			t.Errorf("the way to sign in is %q", way)
		}
		b.Submit("main form", nil).Want(http.StatusForbidden)
	}
	kept := b.Page
	b.Get(kept.Attr("main a.button", "href")).Want(http.StatusOK)
	if !strings.Contains(b.Page.Text(".flash"), "signed out") {
		t.Errorf("the sign-in page does not say why: %s", b.Page.Text("main"))
	}
	b.Submit("main form", map[string]string{"email": "jana@example.com"})
	i.Deliver()
	b.Get(webtest.LinkIn(i.Mailbox.Last("jana@example.com")))
	if b.Submit("main form", nil); strings.TrimSuffix(b.Page.URL.Path, "/") != "/profile" {
		t.Errorf("signing in leads to %s", b.Page.URL.Path)
	}
	b.Page = kept
	b.Submit("main form", nil).Want(http.StatusOK)
	if got := b.Get("/profile").Attr("[name=first_name]", "value"); got != `Jana "<b>` {
		t.Errorf("saved as %q", got)
	}
}

// TestTypedTextOutlivesTheCode checks that a form that needs a recent code keeps what was typed even if the
// code is too old when the form is submitted.
func TestTypedTextOutlivesTheCode(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := byCode(i)
	b.Get("/profile/email")
	i.Clock.Move(15*time.Minute + time.Second)
	b.Submit("main form", map[string]string{"email": "johana@example.com"}).Want(http.StatusForbidden)
	kept := b.Page
	if way := kept.Attr("main a.button", "href"); !strings.HasPrefix(way,
		"/security/confirm?to=%2Fprofile%2Femail") {
		t.Errorf("the way to a code is %q", way)
	}
	b.Get(kept.Attr("main a.button", "href"))
	b.Submit("form[action='/security/confirm/send']", nil)
	i.Deliver()
	b.Submit("form[action='/security/confirm/']",
		map[string]string{"code": webtest.CodeIn(i.Mailbox.Last("jana@example.com"))})
	b.Page = kept
	if b.Submit("main form", nil).Want(http.StatusOK); b.Page.URL.Path != "/profile/email/code" {
		t.Errorf("sent again, the form leads to %s: %s", b.Page.URL.Path, b.Page.Text("main"))
	}
}

// TestFormsWithoutTextSayWhy checks that a button pressed after signing out leads to the sign-in, which
// gives the reason, and then back to the button's page.
func TestFormsWithoutTextSayWhy(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	for path, want := range map[string]string{
		"/addresses/x/delete": "/addresses/x", "/security/end-others": "/security",
		"/privacy/keep": "/privacy", "/company": "/company",
		"/orders/a%2Fb/message":          "/orders/a%2Fb/message",
		"/orders/a%2Fb/withdraw/confirm": "/orders/a%2Fb/withdraw/confirm",
	} {
		page := i.Browser().Send(webtest.Request{Method: http.MethodPost, Path: path,
			Header: map[string]string{"Sec-Fetch-Site": "same-origin"}})
		to, _ := page.Want(http.StatusSeeOther).Redirect()
		if to == nil || to.Query().Get("to") != want || to.Query().Get("done") != "signed_out_before" {
			t.Errorf("%s leads to %v, want %s", path, to, want)
		}
	}
}

// TestFormToAPathThatLeadsAwayIsNotKept posts forms to paths to which none of our forms is sent.
func TestFormToAPathThatLeadsAwayIsNotKept(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	for _, path := range []string{"/orders/%2e%2e/message", "/orders/%252e%252e/message",
		"/orders/%25/message"} {
		page := i.Browser().Send(webtest.Request{
			Method: http.MethodPost, Path: path, Body: "owner=someone&text=hello",
			Header: map[string]string{"Sec-Fetch-Site": "same-origin",
				"Content-Type": "application/x-www-form-urlencoded"},
		})
		if page.Status >= 500 || page.Status < 300 {
			t.Errorf("%s: %d", path, page.Status)
		}
	}
	const body = "owner=someone&text=hello"
	for _, path := range []string{"/orders/%/message", "/orders/%zz/message"} {
		answer := exchange(t, i.Way.Addr,
			fmt.Sprintf("POST %s HTTP/1.1\r\nHost: account.shop.test\r\nConnection: close\r\n"+
				"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path,
				len(body), body))
		if !strings.HasPrefix(answer, "HTTP/1.1 303 ") && !strings.HasPrefix(answer, "HTTP/1.1 4") {
			t.Errorf("%s: %.200s", path, answer)
		}
	}
}

// TestOwnerInTheQueryIsNone checks that the owner of a form is read only from its body, since anyone can
// write a URL.
func TestOwnerInTheQueryIsNone(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	i.SignIn(b, "jana@example.com")
	b.Post("/profile?owner=somebody", url.Values{"first_name": {"Jana"}, "last_name": {"Nová"}})
	if b.Page.Text("h1") == "This form belongs to another account" {
		t.Error("an owner in the query is taken for the form's")
	}
	b.Post("/sign-out", nil)
	b.Post("/profile?owner=somebody", url.Values{"first_name": {"Jana"}})
	if b.Page.Status == http.StatusForbidden {
		t.Error("a form without an owner is kept")
	}
}

// TestSecretsAreNotKept checks that no page repeats a code or token that was typed, in any language.
func TestSecretsAreNotKept(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	typed := url.Values{"owner": {"someone"}, "code": {"ABCD-EFGH"}, "token": {"tokentoken"},
		"email": {"x@example.com"}}
	for _, lang := range []string{"en", "sk", "cs", "pl", "de"} {
		b := i.Browser()
		b.Header.Set("Accept-Language", lang)
		page := b.Post("/profile/email/code", typed).Want(http.StatusForbidden)
		if page.Attr("html", "lang") != lang || strings.Contains(page.Text("main"), "unsaved.") {
			t.Errorf("in %s: %s", lang, page.Text("main"))
		}
		values := page.Attrs("input", "value")
		if strings.Contains(page.Body, "ABCD-EFGH") || strings.Contains(page.Body, "tokentoken") ||
			!slices.Contains(values, "x@example.com") {
			t.Errorf("the page keeps %v", values)
		}
	}
}

// TestTypedTextGoesToNobodyElse checks that one customer's text is neither shown to nor sent by the next
// customer in the same browser, and that its owner can still send it.
func TestTypedTextGoesToNobodyElse(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	i.SignIn(b, "jana@example.com")
	form := b.Get("/profile")
	b.Post("/sign-out", nil)
	b.Page = form
	b.Submit("main form", map[string]string{"first_name": "Secretname"}).Want(http.StatusForbidden)
	kept := b.Page
	i.SignIn(b, "peter@example.com")
	for name, sent := range map[string]*webtest.Page{"kept": kept, "never sent before": form} {
		b.Page = sent
		b.Submit("main form", nil).Want(http.StatusForbidden)
		if b.Page.Text("h1") != "This form belongs to another account" ||
			strings.Contains(b.Page.Body, "Secretname") {
			t.Errorf("a form that was %s: %s", name, b.Page.Text("main"))
		}
	}
	if got := b.Get("/profile").Attr("[name=first_name]", "value"); got != "" {
		t.Errorf("the other customer is called %q now", got)
	}
	b.Post("/sign-out", nil)
	i.SignIn(b, "jana@example.com")
	b.Page = kept
	b.Submit("main form", nil).Want(http.StatusOK)
	if got := b.Get("/profile").Attr("[name=first_name]", "value"); got != "Secretname" {
		t.Errorf("its own customer saved %q", got)
	}
}

// TestTextOfNobodyIsNotKept checks that a form without an owner leads to the sign-in and is not kept.
func TestTextOfNobodyIsNotKept(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	page := i.Browser().Send(webtest.Request{
		Method: http.MethodPost, Path: "/profile", Body: "first_name=Jana",
		Header: map[string]string{"Sec-Fetch-Site": "same-origin",
			"Content-Type": "application/x-www-form-urlencoded"},
	})
	if to, _ := page.Want(http.StatusSeeOther).Redirect(); to == nil || to.Path != "/sign-in" {
		t.Errorf("it leads to %v", to)
	}
}

// TestFormsOfCustomersNameTheirOwner checks that every form in the templates into which a customer types
// names its owner.
func TestFormsOfCustomersNameTheirOwner(t *testing.T) {
	t.Parallel()
	const open = `method="post"`
	ofVisitors := []string{"sign-in", "link", "link-ended", "undo-email", "unsubscribe", "code", "not-me"} // identified by the token or the code
	names, err := fs.Glob(templates.Pages, "pages/shopper/*.html")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range append(names, "partials/messages.html") {
		text, err := fs.ReadFile(templates.Pages, name)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Count(string(text), open) - strings.Count(string(text), `action="/sign-out"`)
		if slices.Contains(ofVisitors, strings.TrimSuffix(path.Base(name), ".html")) {
			want = 0
		}
		if got := strings.Count(string(text), `{{template "partials/owner" $}}`); got != want {
			t.Errorf("%s: %d forms name their owner, want %d", name, got, want)
		}
	}
}
