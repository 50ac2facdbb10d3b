package gate_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/validate"
	"postern/portal/web/gate"
)

var secretShape = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

func signIn(c *fiber.Ctx) error {
	gate.SetSession(c, portal.SignedIn{Cookie: "token", MaxAge: 30 * 24 * time.Hour})
	gate.EnsureBrowser(c)
	return nil
}

func cookiesOf(header http.Header) map[string]*http.Cookie {
	cookies := map[string]*http.Cookie{}
	for _, cookie := range (&http.Response{Header: header}).Cookies() {
		cookies[cookie.Name] = cookie
	}
	return cookies
}

func TestCookieAttributes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, base       string
		secure           bool
		session, browser string
	}{
		{"https", "https://account.a.test", true, "__Host-postern.shop0", "__Host-postern-browser.shop0"},
		{"http on loopback", "http://127.0.0.1:8080", false, "postern.shop0", "postern-browser.shop0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := newTestGate(t, signIn, test.base)
			// The request never decides: a forwarded scheme changes nothing.
			_, _, header := h.ask(t, "GET", "/", "X-Forwarded-Proto", "https")
			cookies := cookiesOf(header)
			session, browser := cookies[test.session], cookies[test.browser]
			if len(cookies) != 2 || session == nil || browser == nil {
				t.Fatalf("cookies %v", header.Values("Set-Cookie"))
			}
			for _, cookie := range cookies {
				if cookie.Secure != test.secure || !cookie.HttpOnly ||
					cookie.SameSite != http.SameSiteLaxMode ||
					cookie.Path != "/" || cookie.Domain != "" {
					t.Errorf("attributes of %s", cookie.Raw)
				}
			}
			if session.MaxAge != 30*24*3600 || browser.MaxAge != 365*24*3600 {
				t.Errorf("ages %d and %d seconds", session.MaxAge, browser.MaxAge)
			}
			if session.Value != "token" || !secretShape.MatchString(browser.Value) {
				t.Errorf("values %q and %q", session.Value, browser.Value)
			}
		})
	}
}

func TestClearSession(t *testing.T) {
	t.Parallel()
	h := newTestGate(t, func(c *fiber.Ctx) error {
		gate.ClearSession(c)
		_, err := gate.Shopper(c)
		return err
	}, "https://a.test")
	_, body, header := h.ask(t, "GET", "/", "Cookie", "__Host-postern.shop0=token")
	line := header.Get("Set-Cookie")
	cookie := cookiesOf(header)["__Host-postern.shop0"]
	if cookie == nil || cookie.Value != "" || cookie.MaxAge >= 0 && cookie.Expires.Unix() != 1 ||
		!cookie.Secure || cookie.Path != "/" {
		t.Errorf("Set-Cookie %q does not end the cookie", line)
	}
	if strings.Contains(line, "token") {
		t.Errorf("Set-Cookie %q holds the session", line)
	}
	if body != "kind 2" { // validate.SignIn
		t.Errorf("after the end the shopper is %q", body)
	}
}

func TestBrowserCookie(t *testing.T) {
	t.Parallel()
	show := func(c *fiber.Ctx) error {
		before := gate.Pending(c)
		gate.EnsureBrowser(c)
		if email := c.Query("ask"); email != "" {
			gate.SetPending(c, email)
		}
		if email := c.Query("type"); email != "" {
			gate.SetTyped(c, email)
		}
		if typed := gate.Typed(c); typed != "" {
			return c.SendString("typed " + typed)
		}
		return c.JSON([]any{before, gate.Pending(c), gate.HasBrowser(c)})
	}
	secret := strings.Repeat("s", 43)
	tests := []struct {
		name, cookie, waiting, query string
		body                         string
		browser, address             string // the cookies' new values; "" for none, "new" for a new secret
	}{
		{"none yet", "", "", "", `["","",true]`, "new", ""},
		{"brought back", secret, "", "", `["","",true]`, "", ""},
		{"with the address", secret, "amFuQHNob3AudGVzdA", "", `["jan@shop.test","jan@shop.test",true]`, "", ""},
		{"asking keeps the secret", secret, "", "?ask=jan@shop.test", `["","jan@shop.test",true]`, "",
			"amFuQHNob3AudGVzdA"},
		{"asking brings a secret", "", "", "?ask=jan@shop.test", `["","jan@shop.test",true]`, "new",
			"amFuQHNob3AudGVzdA"},
		{"typed", secret, "", "?type=jan@shop.test", "typed jan@shop.test", "", "amFuQHNob3AudGVzdA.t"},
		{"typed before", secret, "amFuQHNob3AudGVzdA.t", "", "typed jan@shop.test", "", ""},
		{"known from a link now", secret, "amFuQHNob3AudGVzdA.t", "?ask=jan@shop.test",
			`["jan@shop.test","jan@shop.test",true]`, "", "amFuQHNob3AudGVzdA"},
		{"typed, without an address", secret, ".t", "", `["","",true]`, "", ""},
		{"too short", "short", "", "", `["","",true]`, "new", ""},
		{"too long", secret + "s", "", "", `["","",true]`, "new", ""},
		{"foreign characters", strings.Repeat("!", 43), "", "", `["","",true]`, "new", ""},
		{"a damaged address", secret, "%%%", "", `["","",true]`, "", ""},
		{"an address damaged behind its beginning", secret, "amFuQHNo%%", "", `["","",true]`, "", ""},
		{"asking again forgets a damaged address", secret, "amFuQHNo%%", "?ask=jan@shop.test",
			`["","jan@shop.test",true]`, "", "amFuQHNob3AudGVzdA"},
		{"a sign too few", secret[1:], "", "", `["","",true]`, "new", ""},
		{"more before it", "!" + secret, "", "", `["","",true]`, "new", ""},
		{"more behind it", secret + "!", "", "", `["","",true]`, "new", ""},
		{"a point before it", "." + secret, "", "", `["","",true]`, "new", ""},
		{"an address behind it", secret + ".amFuQHNob3AudGVzdA", "", "", `["","",true]`, "new", ""},
	}
	h := newTestGate(t, show, "https://a.test")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, body, answer := h.ask(t, "GET", "/"+test.query, "Cookie",
				"__Host-postern-browser.shop0="+test.cookie+"; __Host-postern-address.shop0="+test.waiting)
			if diff := cmp.Diff(test.body, body); diff != "" {
				t.Error(diff)
			}
			browser, address := "", ""
			cookies := cookiesOf(answer)
			if cookie := cookies["__Host-postern-browser.shop0"]; cookie != nil {
				if browser = cookie.Value; secretShape.MatchString(browser) {
					browser = "new"
				}
			}
			if cookie := cookies["__Host-postern-address.shop0"]; cookie != nil {
				if address = cookie.Value; cookie.MaxAge != 3600 {
					t.Errorf("the address is kept for %d seconds", cookie.MaxAge)
				}
			}
			if browser != test.browser || address != test.address {
				t.Errorf("set %q and %q, want %q and %q", browser, address, test.browser, test.address)
			}
		})
	}
}

func TestSessionLookedUpOnce(t *testing.T) {
	t.Parallel()
	const asked = 5
	h := newTestGate(t, func(c *fiber.Ctx) error {
		for range asked {
			if _, err := gate.Shopper(c); validate.KindOf(err) != validate.SignIn {
				return err
			}
		}
		return c.SendString("stranger")
	}, "https://a.test")
	h.ask(t, "GET", "/") // reads the shops
	before := h.store.gets.Load()
	_, body, _ := h.ask(t, "GET", "/", "Cookie", "__Host-postern.shop0="+strings.Repeat("A", 64))
	if looked := h.store.gets.Load() - before; looked != 1 || body != "stranger" {
		t.Errorf("%d look-ups for %d questions: %q", looked, asked, body)
	}
	before = h.store.gets.Load()
	h.ask(t, "GET", "/")
	h.ask(t, "GET", "/", "Cookie", "postern.shop0="+strings.Repeat("A", 64)) // the cookie of an https shop has another name
	if looked := h.store.gets.Load() - before; looked != 0 {
		t.Errorf("%d look-ups without a session cookie", looked)
	}
}

// TestSessionAge checks that a cookie lasts as long as its session, but no longer than the maximum.
func TestSessionAge(t *testing.T) {
	t.Parallel()
	const longest = 30 * 24 * time.Hour
	for _, test := range []struct {
		name      string
		age, want time.Duration
	}{
		{"shorter", time.Hour, time.Hour},
		{"the longest", longest, longest},
		{"a second longer", longest + time.Second, longest},
		{"a day longer", longest + 24*time.Hour, longest},
		{"none said", 0, longest},
		{"over already", -time.Hour, longest},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newTestGate(t, func(c *fiber.Ctx) error {
				gate.SetSession(c, portal.SignedIn{Cookie: "token", MaxAge: test.age})
				return nil
			}, "https://a.test")
			_, _, header := h.ask(t, "GET", "/")
			cookies := cookiesOf(header)
			if len(cookies) != 1 { // a browser without a pending address needs no cookie
				t.Errorf("cookies %v", header.Values("Set-Cookie"))
			}
			if got := time.Duration(cookies["__Host-postern.shop0"].MaxAge) * time.Second; got != test.want {
				t.Errorf("age %s, want %s", got, test.want)
			}
		})
	}
}

// TestSignInForgetsWhatWasWaitedFor checks that a sign-in removes the pending address but keeps the browser's
// secret.
func TestSignInForgetsWhatWasWaitedFor(t *testing.T) {
	t.Parallel()
	h := newTestGate(t, func(c *fiber.Ctx) error {
		gate.SetSession(c, portal.SignedIn{Cookie: "token"})
		return c.SendString(gate.Pending(c))
	}, "https://a.test")
	secret := strings.Repeat("s", 43)
	_, body, header := h.ask(t, "GET", "/", "Cookie",
		"__Host-postern-browser.shop0="+secret+"; __Host-postern-address.shop0=amFuQHNob3AudGVzdA.t")
	address, browser := cookiesOf(header)["__Host-postern-address.shop0"], cookiesOf(header)["__Host-postern-browser.shop0"]
	if body != "" || browser != nil || address == nil || address.Value != "" ||
		address.MaxAge >= 0 && address.Expires.Unix() != 1 {
		t.Errorf("waits for %q, cookies %v", body, header.Values("Set-Cookie"))
	}
}

// TestNoBrowser checks that a browser without a cookie is unknown until it gets a new secret.
func TestNoBrowser(t *testing.T) {
	t.Parallel()
	h := newTestGate(t, func(c *fiber.Ctx) error {
		before := gate.HasBrowser(c)
		gate.SetPending(c, "jan@shop.test")
		return c.JSON([]any{before, gate.HasBrowser(c), gate.Pending(c)})
	}, "https://a.test")
	_, body, header := h.ask(t, "GET", "/")
	cookies := cookiesOf(header)
	secret, email := cookies["__Host-postern-browser.shop0"].Value, cookies["__Host-postern-address.shop0"].Value
	if body != `[false,true,"jan@shop.test"]` || !secretShape.MatchString(secret) ||
		email != "amFuQHNob3AudGVzdA" {
		t.Errorf("%s, cookies %q and %q", body, secret, email)
	}
	_, _, again := h.ask(t, "GET", "/")
	if other := cookiesOf(again)["__Host-postern-browser.shop0"].Value; other == secret {
		t.Errorf("two browsers have the secret %q", secret)
	}
	for name, cookie := range map[string]string{"of an http shop": "postern-browser.shop0",
		"of another prefix": "__Secure-postern-browser.shop0",
		"of another shop":   "__Host-postern-browser.shop1"} {
		if _, body, _ := h.ask(t, "GET", "/", "Cookie",
			cookie+"="+strings.Repeat("s", 43)); !strings.HasPrefix(body, "[false") {
			t.Errorf("a cookie %s is taken: %s", name, body)
		}
	}
}
