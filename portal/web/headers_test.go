package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/web/webtest"
	"postern/static"
)

const resourcePolicy = "Cross-Origin-Resource-Policy"

// checkHeaders checks the headers of every answer; secure means the answer is from a known shop on https.
func checkHeaders(t *testing.T, header http.Header, path string, secure bool) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "strict-origin",
		"Cross-Origin-Opener-Policy": "same-origin",
		resourcePolicy:               "same-origin",
		"X-Frame-Options":            "DENY",
		"Cache-Control":              "no-store",
	} {
		if got := header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %s is %q, want %q", path, name, got, want)
		}
	}
	policy := header.Get("Content-Security-Policy")
	for _, part := range []string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'self'",
		"frame-ancestors 'none'",
		"base-uri 'none'", "img-src 'self'",
	} {
		if !strings.Contains("; "+policy, "; "+part) {
			t.Errorf("%s: the policy lacks %s: %q", path, part, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || header.Get("Permissions-Policy") == "" ||
		header.Get("Server") != "" {
		t.Errorf("%s: policy %q, permissions %q, server %q", path, policy, header.Get("Permissions-Policy"),
			header.Get("Server"))
	}
	if got := header.Get("Strict-Transport-Security"); secure && got != "max-age=31536000" {
		t.Errorf("%s: Strict-Transport-Security is %q", path, got)
	}
}

// fill makes a path from a route's pattern.
func fill(pattern string) string {
	segments := strings.Split(pattern, "/")
	for i, segment := range segments {
		if strings.HasPrefix(segment, ":") || segment == "*" {
			segments[i] = "x"
		}
	}
	return strings.Join(segments, "/")
}

// TestHeadersEverywhere requests every route with every method it has, and some paths that do not exist.
func TestHeadersEverywhere(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	asked := 0
	for _, route := range h.site.GetRoutes(true) {
		page := h.browser(t).Send(webtest.Request{Method: route.Method, Path: fill(route.Path)})
		checkHeaders(t, page.Header, route.Method+" "+route.Path, !strings.HasSuffix(route.Path, "z"))
		asked++
	}
	for _, path := range []string{"/nothing", "/static/nothing.css", "/brand/nothing.png",
		"/api/v1/nothing", "/admin/nothing"} {
		page := h.browser(t).Send(webtest.Request{Path: path}).Want(404)
		checkHeaders(t, page.Header, path, true)
	}
	if asked < 20 {
		t.Errorf("only %d routes were asked", asked)
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	for _, route := range h.site.GetRoutes(true) {
		if route.Method != http.MethodGet || strings.HasSuffix(route.Path, "/late") {
			continue
		}
		path := fill(route.Path)
		get := h.browser(t).Send(webtest.Request{Path: path})
		head := h.browser(t).Send(webtest.Request{Method: http.MethodHead, Path: path})
		if head.Status != get.Status || head.Body != "" {
			t.Errorf("HEAD %s: %d with %d bytes, GET %d", path, head.Status, len(head.Body), get.Status)
		}
		for _, name := range []string{"Content-Type", "Cache-Control", "Content-Security-Policy", "Location",
			"Retry-After"} {
			if a, b := get.Header.Get(name), head.Header.Get(name); a != b {
				t.Errorf("HEAD %s: %s is %q, of GET %q", path, name, b, a)
			}
		}
	}
}

func TestPlainHTTPShop(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, webtest.NewShop("main", "http://127.0.0.1:8080"))
	page := webtest.NewBrowser(t, "http://127.0.0.1:8080", h.way).Get("/test/in").Want(200)
	checkHeaders(t, page.Header, "/test/in", false)
	if got := page.Header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("a shop on http binds to https: %q", got)
	}
}

func TestPicturesFromStorefront(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	policy := h.browser(t).Get("/test/in").Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "img-src 'self' https://www.shop.test;") {
		t.Errorf("policy %q", policy)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	shop := webtest.Bookshop()
	shop.Settings.Accent = new("#0a5c36")
	h := newTestSite(t, shop)
	sheet, err := static.URL("css/portal.css")
	if err != nil {
		t.Fatal(err)
	}
	style := ""
	for _, link := range h.browser(t).Get("/nothing").Attrs("link[rel=stylesheet]", "href") {
		if strings.HasPrefix(link, "/brand/") {
			style = link
		}
	}
	for _, path := range []string{sheet, style} {
		if policy := h.browser(t).Get(path).Header.Get(resourcePolicy); policy != "same-origin" {
			t.Errorf("%s: %s is %q", path, resourcePolicy, policy)
		}
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			page := h.browser(t).Send(webtest.Request{Method: method, Path: path}).Want(200)
			got := []string{page.Header.Get("Content-Type"), page.Header.Get("Cache-Control")}
			if diff := cmp.Diff([]string{"text/css; charset=utf-8", "public, max-age=31536000, immutable"},
				got); diff != "" {
				t.Errorf("%s %s: %s", method, path, diff)
			}
		}
	}
	if page := h.browser(t).Get(style); !strings.Contains(page.Body, "#0a5c36") {
		t.Errorf("the stylesheet is %q", page.Body)
	}
	h.browser(t).Get("/static/css/portal.css").Want(404)
	h.browser(t).Get("/static/../static.go").Want(404)
	h.browser(t).Get("/static/..%2fstatic.go").Want(404)
}

func TestLogTellsNoSecret(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	b := h.browser(t)
	b.Header.Set("X-Forwarded-For", "203.0.113.77")
	b.SetCookie("__Host-postern.main", "sessionsecret")
	b.Get("/sign-in/link/linksecret")
	b.Get("/test/in?token=querysecret")
	b.Get("/nothing/pathsecret")
	page := b.Get("/test/panic")
	log := h.Log.String()
	for _, secret := range []string{"sessionsecret", "linksecret", "querysecret", "pathsecret",
		"203.0.113.77", "127.0.0.1"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
	id := page.Header.Get("X-Request-Id")
	for _, want := range []string{`"route":"/test/in"`, `"status":500`,
		`"request":"` + id + `"`, "goroutine"} {
		if id == "" || !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
}

// TestForgedForms checks that routes refuse forms that another site made the browser send.
func TestForgedForms(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	for _, route := range h.site.GetRoutes(true) {
		if strings.HasPrefix(route.Path, portal.UnsubscribePrefix) { // authenticated by its URL
			continue
		}
		if strings.HasPrefix(route.Path, "/api/") || route.Method == "GET" || route.Method == "HEAD" ||
			route.Method == "OPTIONS" {
			continue
		}
		for name, header := range map[string]map[string]string{
			"cross-site":     {"Sec-Fetch-Site": "cross-site"},
			"same-site":      {"Sec-Fetch-Site": "same-site"},
			"foreign origin": {"Origin": "https://evil.test"},
			"null origin":    {"Origin": "null"},
		} {
			page := h.browser(t).Send(webtest.Request{Method: route.Method, Path: fill(route.Path),
				Header: header})
			if page.Status != http.StatusForbidden {
				t.Errorf("%s %s from %s: %d", route.Method, route.Path, name, page.Status)
			}
			if len(page.Cookies) > 0 {
				t.Errorf("%s %s from %s sets a cookie", route.Method, route.Path, name)
			}
		}
	}
}
