package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web"
	"postern/portal/web/webtest"
	"postern/storage"
	"postern/storage/storagetest"
)

// dsn is what no visitor may see of an internal error.
const dsn = "mongodb://root:hunter2@db.internal:27017"

// failing is a store that can be made to answer nothing.
type failing struct {
	storage.Engine
	down atomic.Bool
}

func (f *failing) Scan(ctx context.Context, collection string, s storage.Scan) ([]storage.Row, error) {
	if f.down.Load() {
		return nil, errors.New("dial " + dsn + ": refused")
	}
	return f.Engine.Scan(ctx, collection, s)
}

// house is the real site with some routes more, which fail in every way.
type house struct {
	*webtest.Installation
	store *failing
	site  *fiber.App
	way   *webtest.Way
}

func newHouse(t *testing.T, shops ...webtest.Shop) house {
	t.Helper()
	store := &failing{Engine: storagetest.Open(t, portal.Collections()...)}
	i := webtest.PortalOver(t, store, shops...)
	site, err := web.New(web.Config{App: i.App, Log: i.Log.Logger(), Timeout: time.Minute, Trusted: []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{"/test", "/api/test"} {
		for name, err := range failures() {
			site.Get(root+"/"+name, func(*fiber.Ctx) error { return err })
		}
		site.Get(root+"/panic", func(*fiber.Ctx) error { panic("at " + dsn) })
		site.Get(root+"/late", func(c *fiber.Ctx) error { return lateError() })
		site.Post(root+"/act", func(*fiber.Ctx) error { return &portal.Error{Kind: portal.SignIn} })
		site.All(root+"/in", func(c *fiber.Ctx) error { return c.SendString("in") })
	}
	return house{Installation: i, store: store, site: site, way: webtest.Serve(t, site)}
}

// failures are the kinds of error, with a cause that must not be seen.
func failures() map[string]error {
	kinds := map[string]portal.Kind{
		"invalid": portal.Invalid, "sign-in": portal.SignIn, "denied": portal.Denied, "not-found": portal.NotFound,
		"gone": portal.Gone, "conflict": portal.Conflict, "too-large": portal.TooLarge, "too-many": portal.TooMany,
		"unavailable": portal.Unavailable, "internal": portal.Internal,
	}
	failures := map[string]error{"unnamed": errors.New("dial " + dsn)}
	for name, kind := range kinds {
		failures[name] = fmt.Errorf("test: %w", &portal.Error{Kind: kind, Key: "test.key", Cause: errors.New(dsn)})
	}
	return failures
}

// lateError is what a use-case returns when the request's time ended in the store.
func lateError() error {
	return &portal.Error{Kind: portal.Internal, Cause: fmt.Errorf("read %s: %w", dsn, context.DeadlineExceeded)}
}

func (h house) browser(t *testing.T) *webtest.Browser {
	return webtest.NewBrowser(t, "https://account.shop.test", h.way)
}

func TestErrorTable(t *testing.T) {
	h := newHouse(t)
	statuses := map[string]int{
		"invalid": 422, "sign-in": 401, "denied": 403, "not-found": 404, "gone": 410, "conflict": 409, "too-large": 413,
		"too-many": 429, "unavailable": 503, "internal": 500, "unnamed": 500, "panic": 500, "late": 503, "nothing-here": 404,
	}
	for name, status := range statuses {
		t.Run(name, func(t *testing.T) {
			problem := h.browser(t).Get("/api/test/" + name).Want(status)
			if got := problem.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("the API answers %s", got)
			}
			if named := strings.Contains(problem.Body, "test.key"); named && status == 500 {
				t.Errorf("an internal key shows: %s", problem.Body)
			}
			page := h.browser(t).Send(webtest.Request{Path: "/test/" + name + "?page=2"})
			if name == "sign-in" {
				status = 303
				if to := page.Header.Get("Location"); to != "/sign-in?to=%2Ftest%2Fsign-in%3Fpage%3D2" {
					t.Errorf("leads to %s", to)
				}
			} else if page.Text("h1") == "" || strings.Contains(page.Text("main"), "test.key") {
				t.Errorf("the page says %q", page.Text("main"))
			}
			page.Want(status)
			for _, answer := range []*webtest.Page{problem, page} {
				if strings.Contains(answer.Body, "hunter2") || strings.Contains(fmt.Sprint(answer.Header), "hunter2") {
					t.Errorf("internal text shows: %s", answer.Body)
				}
				if retry := answer.Header.Get("Retry-After"); (retry != "") != (answer.Status == 503) {
					t.Errorf("Retry-After %q with %d", retry, answer.Status)
				}
			}
		})
	}
}

func TestSignInPath(t *testing.T) {
	h := newHouse(t)
	for _, root := range []string{"/test", "//test", "/test/../test"} {
		page := h.browser(t).Send(webtest.Request{Path: "https://account.shop.test" + root + "/sign-in"})
		if to := page.Header.Get("Location"); to != "" && to != "/sign-in?to=%2Ftest%2Fsign-in" {
			t.Errorf("%s leads to %s", root, to)
		}
	}
	page := h.browser(t).Send(webtest.Request{Method: "POST", Path: "/test/act"})
	if to := page.Want(303).Header.Get("Location"); to != "/sign-in" {
		t.Errorf("a form leads to %s", to)
	}
}

func TestLanguageOfErrors(t *testing.T) {
	h := newHouse(t)
	for _, lang := range []string{"en", "sk"} {
		for path, status := range map[string]int{"/nothing-here": 404, "/test/panic": 500} {
			page := h.browser(t).Send(webtest.Request{Path: path, Header: map[string]string{"Accept-Language": lang}})
			if got := page.Want(status).Attr("html", "lang"); got != lang {
				t.Errorf("%s in %s has lang=%q", path, lang, got)
			}
		}
	}
}

func TestHealth(t *testing.T) {
	h := newHouse(t, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test"))
	for path, body := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		page := webtest.NewBrowser(t, "http://10.0.0.1:8080", h.way).Get(path).Want(200)
		if page.Body != body {
			t.Errorf("%s says %q", path, page.Body)
		}
	}
	h.store.down.Store(true)
	defer h.store.down.Store(false)
	b := webtest.NewBrowser(t, "http://10.0.0.1:8080", h.way)
	if page := b.Get("/readyz").Want(503); strings.Contains(page.Body, "hunter2") {
		t.Errorf("internal text shows: %s", page.Body)
	}
	b.Get("/healthz").Want(200)
	if !strings.Contains(h.Log.String(), "hunter2") {
		t.Error("the log does not say why")
	}
}

func TestHosts(t *testing.T) {
	h := newHouse(t, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test"))
	tests := []struct {
		name   string
		header map[string]string
		status int
	}{
		{"its own", nil, 200},
		{"the other shop's", map[string]string{"Host": "account.other.test"}, 200},
		{"unknown", map[string]string{"Host": "evil.test"}, 421},
		{"unknown, a known one forwarded", map[string]string{"Host": "evil.test", "X-Forwarded-Host": "account.shop.test"}, 421},
		{"known, an unknown one forwarded", map[string]string{"X-Forwarded-Host": "evil.test"}, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			page := h.browser(t).Send(webtest.Request{Path: "/test/in", Header: test.header}).Want(test.status)
			checkHeaders(t, page.Header, "/test/in", test.status != 421)
			if test.status == 421 && strings.Contains(page.Body, "Bookshop") {
				t.Error("the page of an unknown host names a shop")
			}
		})
	}
}

func TestBodyLimits(t *testing.T) {
	h := newHouse(t)
	const mebibyte = 1 << 20
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	tests := []struct {
		path   string
		size   int
		status int
	}{
		{"/test/in", mebibyte, 200},
		{"/test/in", mebibyte + 1, 413},
		{"/api/test/in", mebibyte + 1, 200},
		{"/api/test/in", 4 * mebibyte, 200},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.path, test.size), func(t *testing.T) {
			body := strings.Repeat("a", test.size)
			h.browser(t).Send(webtest.Request{Method: "POST", Path: test.path, Header: form, Body: body}).Want(test.status)
		})
	}
}

// A body over the server's own limit is refused by its announced length, before it is read.
func TestBodyTooLargeToRead(t *testing.T) {
	h := newHouse(t)
	for path, kind := range map[string]string{"/test/in": "text/html; charset=utf-8", "/api/test/in": "application/problem+json"} {
		never, end := io.Pipe()
		request := httptest.NewRequest("PUT", "https://account.shop.test"+path, never)
		request.RequestURI, request.ContentLength = "", 5<<20
		response, err := h.way.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		end.Close()
		if response.StatusCode != 413 || response.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %d %s", path, response.StatusCode, response.Header.Get("Content-Type"))
		}
		checkHeaders(t, response.Header, path, true)
	}
}

// raw sends bytes as they are over one connection and returns the answer.
func (h house) raw(t *testing.T, text string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", h.way.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%.60q: %v", text, err)
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return response
}

func TestRawRequests(t *testing.T) {
	h := newHouse(t, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test"))
	const host = "Host: account.shop.test\r\n"
	tests := []struct {
		name, text string
		status     int
	}{
		{"the request line's host counts", "GET http://evil.test/test/in HTTP/1.1\r\n" + host + "\r\n", 421},
		{"even when it is ours", "GET http://account.shop.test/test/in HTTP/1.1\r\nHost: evil.test\r\n\r\n", 200},
		{"a broken escape", "GET /api/v1/nothing/%zz HTTP/1.1\r\n" + host + "\r\n", 404},
		{"another case", "GET /TEST/in HTTP/1.1\r\n" + host + "\r\n", 404},
		{"a slash more", "GET /test/in/ HTTP/1.1\r\n" + host + "\r\n", 404},
		{"a method nobody knows", "BREW /test/in HTTP/1.1\r\n" + host + "\r\n", 400},
		{"a method not served here", "DELETE /test/panic HTTP/1.1\r\n" + host + "\r\n", 405},
		{"a header too large", "GET /test/in HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 17<<10) + "\r\n\r\n", 431},
		{"a large header", "GET /test/in HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 15<<10) + "\r\n\r\n", 200},
		{"two lengths", "POST /test/in HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
		{"no host", "GET /test/in HTTP/1.1\r\n\r\n", 400},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			response := h.raw(t, test.text)
			if response.StatusCode != test.status {
				t.Errorf("status %d, want %d", response.StatusCode, test.status)
			}
			checkHeaders(t, response.Header, "/test/in", false)
		})
	}
}
