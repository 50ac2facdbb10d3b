package web_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"

	"postern/portal/web"
	"postern/portal/web/gate"
	"postern/portal/web/webtest"
	"postern/static"
)

// TestDefenceHeaders compares every security header of every kind of answer exactly.
func TestDefenceHeaders(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, webtest.Bookshop(), webtest.NewShop("plain", "http://127.0.0.1:8080"))
	const storefront, year = " https://www.shop.test", "max-age=31536000"
	sheet, err := static.URL("css/portal.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		request webtest.Request
		status  int
		images  string
		bound   string // Strict-Transport-Security
		cache   string
	}{
		{"a page", webtest.Request{Path: "/sign-in"}, 200, storefront, year, "no-store"},
		{"a redirect", webtest.Request{Path: "/"}, 303, storefront, year, "no-store"},
		{"an error", webtest.Request{Path: "/test/internal"}, 500, storefront, year, "no-store"},
		{"a panic", webtest.Request{Path: "/test/panic"}, 500, storefront, year, "no-store"},
		{"the API", webtest.Request{Path: "/api/test/denied"}, 403, storefront, year, "no-store"},
		{"a file", webtest.Request{Path: sheet}, 200, storefront, year, static.Cache},
		{"a file there is not", webtest.Request{Path: "/static/nothing.css"}, 404, storefront,
			year, "no-store"},
		{"a forged form", webtest.Request{Method: "POST", Path: "/test/in",
			Header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, 403, storefront, year, "no-store"},
		{"a shop on http", webtest.Request{Path: "/sign-in",
			Header: map[string]string{"Host": "127.0.0.1:8080"}}, 200, storefront, "", "no-store"},
		{"a file of a shop on http", webtest.Request{Path: sheet,
			Header: map[string]string{"Host": "127.0.0.1:8080"}}, 200, storefront, "", static.Cache},
		{"an unknown host", webtest.Request{Path: "/sign-in", Header: map[string]string{"Host": "evil.test"}},
			421, "", "", "no-store"},
		{"a file for an unknown host",
			webtest.Request{Path: sheet, Header: map[string]string{"Host": "evil.test"}}, 200, "",
			"", static.Cache},
		{"health for an unknown host",
			webtest.Request{Path: "/healthz", Header: map[string]string{"Host": "evil.test"}}, 200, "",
			"", "no-store"},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := h.browser(t).Send(test.request).Want(test.status)
			if diff := cmp.Diff(defences(test.images, test.bound, test.cache),
				defencesOf(page.Header)); diff != "" {
				t.Errorf("headers (-want +got):\n%s", diff)
			}
		})
	}
	if diff := cmp.Diff(defences(storefront, year, "no-store"),
		defencesOf(h.announce(t, "/test/in", 5<<20).Header)); diff != "" {
		t.Errorf("headers of a body too large (-want +got):\n%s", diff)
	}
}

// defences returns the expected headers, with pictures added to img-src, bound as Strict-Transport-Security
// and cache as Cache-Control.
func defences(pictures, bound, cache string) map[string]string {
	return map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'" + pictures +
			"; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		"X-Content-Type-Options":     "nosniff",
		"X-Frame-Options":            "DENY",
		"Referrer-Policy":            "strict-origin",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Permissions-Policy": "accelerometer=(), browsing-topics=(), camera=(), geolocation=(), gyroscope=(), " +
			"magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
		"Cache-Control":             cache,
		"Strict-Transport-Security": bound,
	}
}

// defencesOf returns those headers of an answer, with all values of each.
func defencesOf(header http.Header) map[string]string {
	got := map[string]string{}
	for name := range defences("", "", "") {
		got[name] = strings.Join(header.Values(name), " AND ")
	}
	return got
}

// TestDefenceFraming checks that a request of ambiguous length gets one answer and reaches no handler, and
// that the connection is closed.
func TestDefenceFraming(t *testing.T) {
	t.Parallel()
	var reached atomic.Int64
	_, h := newBrittleSite(t, func(site *fiber.App) {
		site.Post("/test/reached", func(*fiber.Ctx) error {
			reached.Add(1)
			return nil
		})
	})
	const begin = "POST /test/reached HTTP/1.1\r\nHost: account.shop.test\r\n"
	for _, test := range []struct {
		name, header, body string
		status             int
	}{
		{"a length", "Content-Length: 0\r\n", "", 200},
		{"chunks", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", 200},
		{"chunks in small letters", "transfer-encoding: chunked\r\n", "0\r\n\r\n", 200},
		{"chunks in capitals", "TRANSFER-ENCODING: CHUNKED\r\n", "0\r\n\r\n", 200},
		{"both", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", 400},
		{"both, in small letters", "content-length: 5\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n", 400},
		{"both, the length in capitals", "CONTENT-LENGTH: 5\r\nTransfer-Encoding: chunked\r\n",
			"0\r\n\r\n", 400},
		{"both, the coding in capitals", "Content-Length: 5\r\nTRANSFER-ENCODING: chunked\r\n",
			"0\r\n\r\n", 400},
		{"another coding", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n", 400},
		{"a coding behind another", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n", 400},
		{"no coding", "Transfer-Encoding: identity\r\n", "", 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := reached.Load()
			all := h.responses(t, begin+test.header+"\r\n"+test.body)
			if came := reached.Load() - before; (came == 1) != (test.status == 200) {
				t.Errorf("it reached %d handlers", came)
			}
			if len(all) != 1 || all[0].StatusCode != test.status {
				t.Fatalf("%d answers %v, want one of %d", len(all), all, test.status)
			}
			checkHeaders(t, all[0].Header, "/test/in", false)
			if ends := all[0].Close; test.status == 400 && !ends {
				t.Error("the connection goes on")
			}
		})
	}
}

// TestDefenceSettings checks server settings that cannot be tested by waiting.
func TestDefenceSettings(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	site, err := web.New(web.Config{App: i.App}) // also without a log
	if err != nil {
		t.Fatal(err)
	}
	site.Get("/test/who", func(c *fiber.Ctx) error {
		return c.SendString(gate.Address(c).String() +
			" " + c.IP())
	})
	way := webtest.Serve(t, site)
	page := webtest.NewBrowser(t, "https://account.shop.test", way).Send(webtest.Request{
		Path: "/test/who", Header: map[string]string{"X-Forwarded-For": "203.0.113.77"},
	})
	if page.Body != "127.0.0.1 127.0.0.1" {
		t.Errorf("the request is taken for %q", page.Body)
	}
	server, config := site.Server(), site.Config()
	got := map[string]any{
		"reading": server.ReadTimeout, "writing": server.WriteTimeout, "idle": server.IdleTimeout,
		"body":   server.MaxRequestBodySize,
		"header": server.ReadBufferSize, "forms are parsed unasked": !server.DisablePreParseMultipartForm,
		"own copies":  config.Immutable,
		"case counts": config.CaseSensitive, "slashes count": config.StrictRouting,
		"paths are unescaped": config.UnescapePath,
		"proxies are checked": config.EnableTrustedProxyCheck, "quiet": config.DisableStartupMessage,
	}
	want := map[string]any{
		"reading": 10 * time.Second, "writing": 30 * time.Second, "idle": 75 * time.Second, "body": 64 << 10,
		"header":                   16 << 10,
		"forms are parsed unasked": false, "own copies": true, "case counts": true, "slashes count": false,
		"paths are unescaped": false,
		"proxies are checked": true, "quiet": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}

// TestDefenceOrder checks that the shop is found before a form's origin is checked, on every host of the
// shop.
func TestDefenceOrder(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test"))
	for _, test := range []struct {
		name, host, origin, path string
		status                   int
	}{
		{"its own origin", "account.shop.test", "https://account.shop.test", "/test/in", 200},
		{"the other's own", "account.other.test", "https://account.other.test", "/test/in", 200},
		{"the other shop's", "account.shop.test", "https://account.other.test", "/test/in", 403},
		{"at an unknown host", "evil.test", "https://account.shop.test", "/test/in", 421},
		{"of an unknown host at itself", "evil.test", "https://evil.test", "/test/in", 421},
		{"at the API, which takes no cookie", "account.shop.test", "https://evil.test", "/api/test/in", 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			h.browser(t).Send(webtest.Request{Method: "POST", Path: test.path,
				Header: map[string]string{"Host": test.host, "Origin": test.origin}}).Want(test.status)
		})
	}
	// A request line may contain an absolute URL (RFC 9112, 3.2.2); only its path counts.
	for path, status := range map[string]int{"/api/test/in": 200, "/test/in": 403, "/test/in?/api/": 403} {
		all := h.responses(t, "POST http://account.shop.test"+path+
			" HTTP/1.1\r\nHost: account.shop.test\r\nOrigin: https://evil.test\r\nContent-Length: 0\r\n\r\n")
		if len(all) != 1 || all[0].StatusCode != status {
			t.Errorf("%s by a whole address: %v, want %d", path, all, status)
		}
	}
}

// TestDefenceBodies checks that a body is refused as soon as it is known to be too large. Above 64 KiB each
// route decides what it accepts and from whom.
func TestDefenceBodies(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for _, test := range []struct {
		path   string
		size   int
		status int
	}{
		{"/test/in", 64 << 10, 200}, {"/test/in", 64<<10 + 1, 413}, {"/api/test/in", 64 << 10, 200},
		{"/api/test/in", 64<<10 + 1, 413},
	} {
		page := h.browser(t).Send(webtest.Request{Method: "POST", Path: test.path, Header: form,
			Body: strings.Repeat("a", test.size)})
		if page.Status != test.status {
			t.Errorf("%d bytes to %s: %d, want %d", test.size, test.path, page.Status, test.status)
		}
	}
	for _, path := range []string{"/test/in", "/api/test/in"} {
		if answer := h.announce(t, path, 64<<10+1); answer.StatusCode != 413 {
			t.Errorf("more than all bounds to %s: %d", path, answer.StatusCode)
		}
	}
}
