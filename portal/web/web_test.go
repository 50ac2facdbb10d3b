package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/validate"
	"postern/portal/web"
	"postern/portal/web/gate"
	"postern/portal/web/webtest"
	"postern/storage"
	"postern/storage/storagetest"
)

// dsn is an internal detail that no visitor may see.
const dsn = "mongodb://root:hunter2@db.internal:27017"

// failing is a store whose Scan can be made to fail.
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

// testSite is the real site with additional routes that fail in every way.
type testSite struct {
	*webtest.Installation
	store *failing
	site  *web.Site
	way   *webtest.Way
}

func newTestSite(t *testing.T, shops ...webtest.Shop) testSite {
	t.Helper()
	store := &failing{Engine: storagetest.Open(t, portal.Collections()...)}
	i := webtest.PortalOver(t, store, shops...)
	return testSite{Installation: i, store: store}.with(t,
		web.Config{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
}

// with returns the test site with a new web.Site, made from the config and the app's app and log.
func (h testSite) with(t *testing.T, config web.Config) testSite {
	t.Helper()
	config.App, config.Log, config.Timeout = h.App, h.Log.Logger(), time.Minute
	site, err := web.New(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, root := range []string{"/test", "/api/test"} {
		for name, err := range failures() {
			site.Get(root+"/"+name, func(*fiber.Ctx) error { return err })
		}
		site.Get(root+"/panic", func(*fiber.Ctx) error { panic("at " + dsn) })
		site.Get(root+"/late", func(c *fiber.Ctx) error { return lateError() })
		site.Post(root+"/act", func(*fiber.Ctx) error { return &validate.Error{Kind: validate.SignIn} })
		site.All(root+"/in", func(c *fiber.Ctx) error { return c.SendString("in") })
		site.Get(root+"/who", func(c *fiber.Ctx) error {
			return c.SendString(gate.Address(c).String() + " " +
				gate.Shop(c).ID)
		})
	}
	h.site, h.way = site, webtest.Serve(t, site)
	return h
}

// failures returns an error of every kind, with a cause that must not be shown.
func failures() map[string]error {
	kinds := map[string]validate.Kind{
		"invalid": validate.Invalid, "sign-in": validate.SignIn, "denied": validate.Denied,
		"not-found": validate.NotFound,
		"gone":      validate.Gone, "conflict": validate.Conflict, "too-large": validate.TooLarge,
		"too-many":    validate.TooMany,
		"unavailable": validate.Unavailable, "internal": validate.Internal,
	}
	failures := map[string]error{"unnamed": errors.New("dial " + dsn)}
	for name, kind := range kinds {
		failures[name] = fmt.Errorf("test: %w",
			&validate.Error{Kind: kind, Key: "test.key", Cause: errors.New(dsn)})
	}
	return failures
}

// lateError is the error of a request that timed out in the store.
func lateError() error {
	return &validate.Error{Kind: validate.Internal,
		Cause: fmt.Errorf("read %s: %w", dsn, context.DeadlineExceeded)}
}

func (h testSite) browser(t *testing.T) *webtest.Browser {
	return webtest.NewBrowser(t, "https://account.shop.test", h.way)
}

func TestErrorTable(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	statuses := map[string]int{
		"invalid": 422, "sign-in": 401, "denied": 403, "not-found": 404, "gone": 410, "conflict": 409,
		"too-large": 413,
		"too-many":  429, "unavailable": 503, "internal": 500, "unnamed": 500, "panic": 500, "late": 503,
		"nothing-here": 404,
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
				if strings.Contains(answer.Body, "hunter2") ||
					strings.Contains(fmt.Sprint(answer.Header), "hunter2") {
					t.Errorf("internal text shows: %s", answer.Body)
				}
				// A page does not say when an address's limit resets; the API's limits concern only its
				// caller.
				wants := answer.Status == 503 || answer.Status == 429 && answer == problem
				if retry := answer.Header.Get("Retry-After"); (retry != "") != wants {
					t.Errorf("Retry-After %q with %d", retry, answer.Status)
				}
			}
		})
	}
}

func TestSignInPath(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	for _, root := range []string{"/test", "//test", "/test/../test"} {
		page := h.browser(t).Send(webtest.Request{Path: "https://account.shop.test" + root + "/sign-in"})
		if to := page.Header.Get("Location"); to != "" && to != "/sign-in?to=%2Ftest%2Fsign-in" {
			t.Errorf("%s leads to %s", root, to)
		}
	}
	page := h.browser(t).Send(webtest.Request{Method: "POST", Path: "/test/act"})
	if to := page.Want(303).Header.Get("Location"); to != "/sign-in?done=signed_out_before" {
		t.Errorf("a form leads to %s", to)
	}
}

func TestLanguageOfErrors(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	for _, lang := range []string{"en", "sk"} {
		for path, status := range map[string]int{"/nothing-here": 404, "/test/panic": 500} {
			page := h.browser(t).Send(webtest.Request{Path: path,
				Header: map[string]string{"Accept-Language": lang}})
			if got := page.Want(status).Attr("html", "lang"); got != lang {
				t.Errorf("%s in %s has lang=%q", path, lang, got)
			}
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	h := newTestSite(t, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test"))
	tests := []struct {
		name   string
		header map[string]string
		status int
	}{
		{"its own", nil, 200},
		{"the other shop's", map[string]string{"Host": "account.other.test"}, 200},
		{"unknown", map[string]string{"Host": "evil.test"}, 421},
		{"unknown, a known one forwarded",
			map[string]string{"Host": "evil.test", "X-Forwarded-Host": "account.shop.test"}, 421},
		{"known, an unknown one forwarded", map[string]string{"X-Forwarded-Host": "evil.test"}, 200},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			page := h.browser(t).Send(webtest.Request{Path: "/test/in",
				Header: test.header}).Want(test.status)
			checkHeaders(t, page.Header, "/test/in", test.status != 421)
			if test.status == 421 && strings.Contains(page.Body, "Bookshop") {
				t.Error("the page of an unknown host names a shop")
			}
		})
	}
}
