package gate_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/web/gate"
)

func TestRefuseForgery(t *testing.T) {
	t.Parallel()
	h := newTestGate(t, func(c *fiber.Ctx) error { return c.SendString("in") }, "https://account.a.test")
	const site, origin = "Sec-Fetch-Site", "Origin"
	const own = "https://account.a.test"
	denied, media := 500, fiber.StatusUnsupportedMediaType
	tests := []struct {
		name   string
		method string
		path   string
		header []string
		status int
	}{
		{"same origin", "POST", "/x", []string{site, "same-origin"}, 200},
		{"typed by hand", "POST", "/x", []string{site, "none"}, 200},
		{"cross-site", "POST", "/x", []string{site, "cross-site"}, denied},
		{"a sibling of the same site", "POST", "/x", []string{site, "same-site"}, denied},
		{"an unknown word", "POST", "/x", []string{site, "evil"}, denied},
		{"cross-site with our own origin", "POST", "/x", []string{site, "cross-site", origin, own}, denied},
		{"own origin alone", "POST", "/x", []string{origin, own}, 200},
		{"foreign origin", "POST", "/x", []string{origin, "https://evil.test"}, denied},
		{"sibling origin", "POST", "/x", []string{origin, "https://a.test"}, denied},
		{"own host on http", "POST", "/x", []string{origin, "http://account.a.test"}, denied},
		{"own host on another port", "POST", "/x", []string{origin, "https://account.a.test:444"}, denied},
		{"own host as a beginning", "POST", "/x", []string{origin, "https://account.a.test.evil.test"}, denied},
		{"null origin", "POST", "/x", []string{origin, "null"}, denied},
		{"neither", "POST", "/x", nil, 200},
		{"other unsafe methods", "DELETE", "/x", []string{site, "cross-site"}, denied},
		{"reading is free", "GET", "/x", []string{site, "cross-site"}, 200},
		{"heads too", "HEAD", "/x", []string{site, "cross-site", origin, "https://evil.test"}, 200},
		{"the API has no cookies", "PUT", "/api/v1/orders/1", []string{site, "cross-site", "Content-Type", "application/json"}, 200},
		{"a path that only begins like it", "POST", "/apix", []string{site, "cross-site"}, denied},
		{"nor one deeper", "POST", "/x/api/v1/orders", []string{site, "cross-site"}, denied},
		{"asking what is allowed", "OPTIONS", "/x", []string{site, "cross-site"}, 200},
		{"another site by PUT", "PUT", "/x", []string{site, "cross-site"}, denied},
		{"another site by PATCH", "PATCH", "/x", []string{site, "cross-site"}, denied},
		{"another site by TRACE", "TRACE", "/x", []string{site, "cross-site"}, denied},
		{"foreign origin with our own referrer", "POST", "/x", []string{origin, "https://evil.test", "Referer", own}, denied},
		{"own origin with a foreign referrer", "POST", "/x", []string{origin, own, "Referer", "https://evil.test"}, 200},
		{"own origin in capitals, as no browser writes it", "POST", "/x", []string{origin, "HTTPS://ACCOUNT.A.TEST"}, denied},
		{"own host without a scheme", "POST", "/x", []string{origin, "account.a.test"}, denied},
		{"own host behind another word", "POST", "/x", []string{origin, "https://evil-account.a.test"}, denied},
		{"own origin with a path", "POST", "/x", []string{origin, own + "/"}, denied},
		{"another scheme", "POST", "/x", []string{origin, "ftp://account.a.test"}, denied},
		{"a form without a proper type", "POST", "/x", []string{"Content-Type", "application/x-www-form-urlencoded; ="}, media},
		{"a type that only begins like a form's", "POST", "/x", []string{"Content-Type", "application/x-www-form-urlencoded-not"}, media},
		{"a form", "POST", "/x", []string{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"}, 200},
		{"a form's type in capitals", "POST", "/x", []string{"Content-Type", "Application/X-WWW-Form-Urlencoded"}, media},
		{"a form with files' type in capitals", "POST", "/x", []string{"Content-Type", "Multipart/Form-Data; boundary=b"}, media},
		{"a form with files, which no route here takes", "POST", "/x", []string{"Content-Type", "multipart/form-data; boundary=b"}, media},
		{"plain text, which any site may send", "POST", "/x", []string{"Content-Type", "text/plain"}, media},
		{"JSON", "POST", "/x", []string{"Content-Type", "application/json"}, media},
		{"a compressed form", "POST", "/x", []string{"Content-Type", "application/x-www-form-urlencoded", "Content-Encoding", "gzip"}, media},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, body, _ := h.ask(t, test.method, "http://account.a.test"+test.path, test.header...)
			if status != test.status {
				t.Errorf("status %d, want %d: %s", status, test.status, body)
			}
		})
	}
}

// TestOwnOrigins checks shops that answer on more hosts than the one of their base URL.
func TestOwnOrigins(t *testing.T) {
	t.Parallel()
	h := newTestGate(t, func(c *fiber.Ctx) error { return c.SendString("in") }, "https://a.test", "http://127.0.0.1:8080")
	for sh, hosts := range map[string][]string{"shop0": {"second.a.test", "a.test:8443"}, "shop1": {"localhost:8080"}} {
		if _, err := h.app.Operator().ChangeShop(t.Context(), sh, shop.Settings{Hosts: &hosts}); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		host, origin string
		status       int
	}{
		{"a.test", "https://a.test", 200},
		{"a.test", "https://second.a.test", 200},
		{"a.test", "https://a.test:8443", 200},
		{"second.a.test", "https://a.test", 200},
		{"a.test", "http://second.a.test", 403},
		{"a.test", "https://third.a.test", 403},
		{"a.test", "https://second.a.test.evil.test", 403},
		{"a.test", "https://evil-second.a.test", 403},
		{"a.test", "second.a.test", 403},
		{"a.test", "http://localhost:8080", 403},
		{"localhost:8080", "http://localhost:8080", 200},
		{"localhost:8080", "http://127.0.0.1:8080", 200},
		{"localhost:8080", "https://localhost:8080", 403},
		{"localhost:8080", "http://localhost:8081", 403},
		{"localhost:8080", "https://a.test", 403},
	} {
		status, body, _ := h.ask(t, "POST", "http://"+test.host+"/x", "Origin", test.origin)
		if status == 500 && body == fmt.Sprintf("kind %d", validate.Denied) {
			status = 403
		}
		if status != test.status {
			t.Errorf("%s at %s: %d %s, want %d", test.origin, test.host, status, body, test.status)
		}
	}
}

// TestForgeryIsTold checks the error's kind and key, which decide what the page tells the visitor.
func TestForgeryIsTold(t *testing.T) {
	t.Parallel()
	h := newTestGate(t, func(*fiber.Ctx) error { return nil }, "https://a.test")
	g := gate.New(gate.Config{App: h.app, Timeout: time.Minute})
	site := fiber.New()
	site.Post("/", g.Identify, g.FindShop, func(c *fiber.Ctx) error { return c.SendString(told(g.RefuseForgery(c))) })
	_, body, _ := testGate{site: site}.ask(t, "POST", "http://a.test/", "Sec-Fetch-Site", "cross-site")
	if want := told(&validate.Error{Kind: validate.Denied, Key: "error.forgery"}); body != want {
		t.Errorf("told %q, want %q", body, want)
	}
}

// TestBodiesOfNoForm checks that a body without a type or with an encoding is refused, since neither can be
// a form.
func TestBodiesOfNoForm(t *testing.T) {
	t.Parallel()
	h := newTestGate(t, func(c *fiber.Ctx) error { return c.SendString("in") }, "https://a.test")
	for _, test := range []struct {
		name, body string
		header     []string
		status     int
	}{
		{"no type, no body", "", nil, 200},
		{"no type", "a=b", nil, 415},
		{"a form", "a=b", []string{"Content-Type", "application/x-www-form-urlencoded"}, 200},
		{"compressed, no type, no body", "", []string{"Content-Encoding", "gzip"}, 415},
		{"compressed to nothing, no type", "\x1f\x8b", []string{"Content-Encoding", "gzip"}, 415},
	} {
		t.Run(test.name, func(t *testing.T) {
			request := httptest.NewRequest("POST", "http://a.test/x", strings.NewReader(test.body))
			request.RequestURI = "/x"
			if status, body, _ := h.send(t, request, test.header...); status != test.status {
				t.Errorf("%d %s, want %d", status, body, test.status)
			}
		})
	}
}
