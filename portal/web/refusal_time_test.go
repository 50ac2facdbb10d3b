package web_test

import (
	"net/url"
	"testing"
	"time"

	"postern/portal/staff"
	"postern/portal/web"
	"postern/portal/web/webtest"
)

// TestRefusalsAreAnsweredAtFullSteps enters wrong codes wherever codes are accepted. No answer comes before a
// full step has passed, whether the address has an account, has none or belongs to another customer.
func TestRefusalsAreAnsweredAtFullSteps(t *testing.T) {
	t.Parallel()
	const step = 60 * time.Millisecond
	h := newTestSite(t).with(t, web.Config{RefusalStep: step})
	const known, taken, free = "jana@example.com", "petr@example.com", "nobody@example.com"
	h.SignIn(h.browser(t), known)
	h.SignIn(h.browser(t), taken)
	signIn := func(email string) *webtest.Browser {
		b := h.browser(t)
		b.Get("/sign-in").Want(200)
		b.Submit("main form", map[string]string{"email": email}).Want(200)
		h.Deliver()
		return b
	}
	fresh := func() *webtest.Browser {
		b := signIn(known)
		b.Submit("main form", map[string]string{"code": webtest.CodeIn(h.Mailbox.Last(known))}).Want(200)
		return b
	}
	h.Enrol("owner@shop.test", staff.Owner)
	staffSignIn := func(email string) *webtest.Browser {
		b := h.browser(t)
		b.Get("/admin/sign-in").Want(200)
		b.Submit("main form", map[string]string{"email": email}).Want(200)
		h.Deliver()
		return b
	}
	change := func(to string) *webtest.Browser {
		b := fresh()
		b.Get("/profile/email").Want(200)
		b.Submit("main form", map[string]string{"email": to}).Want(200)
		h.Deliver()
		return b
	}
	for _, c := range []struct {
		name, path string
		browser    *webtest.Browser
	}{
		{"sign-in, known", "/sign-in/code", signIn(known)},
		{"sign-in, unknown", "/sign-in/code", signIn(free)},
		{"sign-in of staff, known", "/admin/sign-in/code", staffSignIn("owner@shop.test")},
		{"sign-in of staff, unknown", "/admin/sign-in/code", staffSignIn(free)},
		{"step-up", "/security/confirm", fresh()},
		{"change to a free address", "/profile/email/code", change(free)},
		{"change to a taken address", "/profile/email/code", change(taken)},
	} {
		for _, code := range []string{"0000-0000", "no code"} {
			began := time.Now()
			c.browser.Post(c.path, url.Values{"code": {code}}).Want(422)
			if took := time.Since(began); took < step {
				t.Errorf("%s, code %q: answered after %s, before a full step of %s", c.name, code, took, step)
			}
		}
	}
}

// TestRightCodeWaitsForNoStep checks that the right code signs in even when a step is longer than a request
// may take.
func TestRightCodeWaitsForNoStep(t *testing.T) {
	t.Parallel()
	h := newTestSite(t).with(t, web.Config{RefusalStep: time.Hour})
	b := h.browser(t)
	b.Get("/sign-in").Want(200)
	b.Submit("main form", map[string]string{"email": "jana@example.com"}).Want(200)
	h.Deliver()
	if b.Submit("main form", map[string]string{"code": webtest.CodeIn(h.Mailbox.Last("jana@example.com"))}); b.Page.URL.Path != "/orders" {
		t.Errorf("the code leads to %s", b.Page.URL)
	}
}
