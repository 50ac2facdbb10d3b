package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/portal"
	"postern/portal/validate"
	"postern/portal/web"
	"postern/portal/web/webtest"
	"postern/storage"
	"postern/storage/storagetest"
	"postern/templates/i18n"
)

// brittle is a store that can be made to panic and that counts calls without a deadline.
type brittle struct {
	storage.Engine
	broken  atomic.Bool
	asked   atomic.Int64
	endless atomic.Int64
}

func (b *brittle) look(ctx context.Context) {
	if b.broken.Load() {
		panic("at " + dsn)
	}
	b.asked.Add(1)
	if _, set := ctx.Deadline(); !set {
		b.endless.Add(1)
	}
}

func (b *brittle) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	b.look(ctx)
	return b.Engine.Get(ctx, collection, id)
}

func (b *brittle) Scan(ctx context.Context, collection string, s storage.Scan) ([]storage.Row, error) {
	b.look(ctx)
	return b.Engine.Scan(ctx, collection, s)
}

// newBrittleSite returns the real site over such a store, with additional routes.
func newBrittleSite(t *testing.T, mount func(*fiber.App), shops ...webtest.Shop) (*brittle, testSite) {
	t.Helper()
	store := &brittle{Engine: storagetest.Open(t, portal.Collections()...)}
	i := webtest.PortalOver(t, store, shops...)
	site, err := web.New(web.Config{App: i.App, Log: i.Log.Logger(),
		Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	mount(site.App)
	return store, testSite{Installation: i, site: site, way: webtest.Serve(t, site)}
}

func nothingMore(*fiber.App) {}

// announce sends only the header of a request with the given Content-Length and a session cookie, and
// returns the answer. The cookie makes an error page look up the session.
func (h testSite) announce(t *testing.T, path string, size int) *http.Response {
	t.Helper()
	all := h.responses(t, fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: account.shop.test\r\nCookie: __Host-postern.main=%s\r\nContent-Length: %d\r\n\r\n",
		path, strings.Repeat("A", 64), size))
	if len(all) != 1 {
		t.Fatalf("%d answers to a large body at %s", len(all), path)
	}
	return all[0]
}

// TestDefenceBrokenErrorPage checks that when the store fails while an error page is rendered, the page
// prepared at start-up is sent and the server keeps running.
func TestDefenceBrokenErrorPage(t *testing.T) {
	t.Parallel()
	store, h := newBrittleSite(t, nothingMore)
	store.broken.Store(true) // the shops are not read yet, so looking up the request's shop fails first
	if answer := h.announce(t, "/api/test/in", 5<<20); answer.StatusCode != 413 {
		t.Errorf("a large body is answered with %d", answer.StatusCode)
	}
	store.broken.Store(false)
	b := h.browser(t)
	b.SetCookie("__Host-postern.main", strings.Repeat("A", 64)) // makes the page look up the session
	b.Get("/nothing").Want(404)
	store.broken.Store(true)
	page := b.Send(webtest.Request{Path: "/nothing"}).Want(500)
	if page.Text("h1") != "Something went wrong" || strings.Contains(page.Body, "hunter2") {
		t.Errorf("the page says %q", page.Text("main"))
	}
	if log := h.Log.String(); !strings.Contains(log, `"error page"`) || !strings.Contains(log,
		page.Header.Get("X-Request-Id")) {
		t.Errorf("the log says %s", log)
	}
	store.broken.Store(false)
	b.Get("/nothing").Want(404)
}

// TestDefenceDeadline checks that every call to the store has the request's deadline, even for a request
// that was refused immediately.
func TestDefenceDeadline(t *testing.T) {
	t.Parallel()
	ends := make(chan time.Duration, 1)
	store, h := newBrittleSite(t, func(site *fiber.App) {
		site.Get("/test/end", func(c *fiber.Ctx) error {
			end, _ := c.UserContext().Deadline()
			ends <- time.Until(end)
			return nil
		})
	})
	b := h.browser(t)
	b.SetCookie("__Host-postern.main", strings.Repeat("A", 64))
	b.Get("/test/end").Want(200)
	if left := <-ends; left > web.DefaultTimeout || left < web.DefaultTimeout/2 ||
		web.DefaultTimeout != 15*time.Second {
		t.Errorf("a request has %s", left)
	}
	before, endless := store.asked.Load(), store.endless.Load()
	b.Get("/orders")
	b.Get("/nothing").Want(404)
	if answer := h.announce(t, "/test/in", 5<<20); answer.StatusCode != 413 {
		t.Errorf("a large body is answered with %d", answer.StatusCode)
	}
	if asked := store.asked.Load() - before; asked < 3 || store.endless.Load() != endless {
		t.Errorf("of %d questions %d have no end", asked, store.endless.Load()-endless)
	}
}

// TestDefenceHalfAnswers checks that nothing a handler wrote before it failed is sent or cached.
func TestDefenceHalfAnswers(t *testing.T) {
	t.Parallel()
	_, h := newBrittleSite(t, func(site *fiber.App) {
		partial := func(err error) fiber.Handler {
			return func(c *fiber.Ctx) error {
				c.Set(fiber.HeaderCacheControl, "public, max-age=600")
				c.WriteString("half of a secret")
				return err
			}
		}
		site.Get("/test/whole", partial(nil))
		for name, kind := range map[string]validate.Kind{"sign-in": validate.SignIn,
			"denied": validate.Denied, "unknown": validate.Kind(99)} {
			site.Get("/test/"+name, partial(&validate.Error{Kind: kind}))
			site.Get("/api/test/"+name, partial(&validate.Error{Kind: kind}))
		}
	})
	for path, status := range map[string]int{
		"/test/whole": 200, "/test/sign-in": 303, "/test/denied": 403, "/test/unknown": 500,
		"/api/test/sign-in": 401, "/api/test/denied": 403,
	} {
		page := h.browser(t).Send(webtest.Request{Path: path}).Want(status)
		if status != 200 && strings.Contains(page.Body, "half") ||
			page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %s %q", path, page.Header.Get("Cache-Control"), page.Body)
		}
	}
}

// TestDefenceWords checks that each refusal says what happened and gives the request id.
func TestDefenceWords(t *testing.T) {
	t.Parallel()
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	words := texts.Localizer("en", time.UTC)
	invalid := &validate.Error{Kind: validate.Invalid, Key: "error.key",
		Fields: []validate.FieldError{{Field: "/total", Key: "error.shop"}}}
	_, h := newBrittleSite(t, func(site *fiber.App) {
		site.Get("/api/test/invalid", func(*fiber.Ctx) error { return invalid })
		site.Get("/test/media", func(*fiber.Ctx) error { return fiber.ErrUnsupportedMediaType })
		site.Get("/test/gateway", func(*fiber.Ctx) error { return fiber.ErrBadGateway })
		site.Get("/test/header", func(*fiber.Ctx) error { return fiber.ErrRequestHeaderFieldsTooLarge })
		site.Get("/test/away", func(*fiber.Ctx) error { return &validate.Error{Kind: validate.Unavailable} })
	}, webtest.Bookshop(), webtest.NewShop("other", "https://account.other.test"))
	for _, test := range []struct {
		name    string
		request webtest.Request
		status  int
		key     string
	}{
		{"nothing there", webtest.Request{Path: "/nothing"}, 404, "error.not_found"},
		{"another method", webtest.Request{Method: "DELETE", Path: "/test/media"}, 405, "error.not_found"},
		{"no shop", webtest.Request{Path: "/orders", Header: map[string]string{"Host": "evil.test"}}, 421,
			"error.misdirected"},
		{"a large form", webtest.Request{Method: "POST", Path: "/sign-in", Body: strings.Repeat("a", 1<<20+1),
			Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, 413,
			"error.too_large"},
		{"a large header", webtest.Request{Path: "/test/header"}, 431, "error.too_large"},
		{"wrong type", webtest.Request{Path: "/test/media"}, 415, "error.invalid"},
		{"a fault of ours", webtest.Request{Path: "/test/gateway"}, 502, "error.internal"},
		{"away", webtest.Request{Path: "/test/away"}, 503, "error.unavailable"},
		{"forged", webtest.Request{Method: "POST", Path: "/sign-in",
			Header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, 403, "error.forgery"},
		// The size is checked before the origin, without reading the body.
		{"forged and large", webtest.Request{Method: "POST", Path: "/sign-in",
			Body:   strings.Repeat("a", 1<<20+1),
			Header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, 413, "error.too_large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := h.browser(t).Send(test.request).Want(test.status)
			said, want := page.Text("main"), words.T(test.key)
			if words.Has(test.key + ".out") { // who is signed out has no orders to go back to
				want = words.T(test.key + ".out")
			}
			if page.Text("h1") != words.T(test.key+".title") || !strings.Contains(said, want) {
				t.Errorf("the page says %q, want %q", said, want)
			}
			if id := page.Header.Get("X-Request-Id"); id == "" || !strings.Contains(said, id) {
				t.Errorf("the page %q does not name the request %s", said, id)
			}
			if retry := page.Header.Get("Retry-After"); (retry == "30") != (test.status == 503) ||
				retry != "" && test.status != 503 {
				t.Errorf("Retry-After %q", retry)
			}
		})
	}
	var problem struct {
		Code   string
		Errors []struct{ Pointer, Code, Detail string }
	}
	page := h.browser(t).Get("/api/test/invalid").Want(422)
	if err := json.Unmarshal([]byte(page.Body), &problem); err != nil || problem.Code != "error.key" ||
		len(problem.Errors) != 1 ||
		problem.Errors[0].Pointer != "/total" || problem.Errors[0].Code != "error.shop" {
		t.Errorf("the API says %s (%v)", page.Body, err)
	}
}

// TestDefenceErrorPageOfShopper checks that a customer stays signed in on an error page.
func TestDefenceErrorPageOfShopper(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	b := webtest.NewBrowser(t, "https://account.shop.test", h.way)
	if stranger := b.Get("/nothing"); !stranger.Has(`main a.button[href^="/sign-in"]`) {
		t.Errorf("a stranger is shown %s", stranger.Text("main"))
	}
	h.SignIn(b, "jana@example.com").Want(200)
	if known := b.Get("/nothing"); !known.Has(`main a.button[href="/orders"]`) {
		t.Errorf("a customer is shown %s", known.Text("main"))
	}
}

// TestDefenceWayBack checks that a sign-in returns only to a readable path of this site.
func TestDefenceWayBack(t *testing.T) {
	t.Parallel()
	_, h := newBrittleSite(t, func(site *fiber.App) {
		site.Use("/", func(*fiber.Ctx) error { return &validate.Error{Kind: validate.SignIn} })
	})
	for _, test := range []struct{ name, line, want string }{
		{"a path", "GET /lost", "/sign-in?to=%2Flost"},
		{"its head", "HEAD /lost", "/sign-in?to=%2Flost"},
		{"a question", "GET /lost?a=b&c=%20d", "/sign-in?to=%2Flost%3Fa%3Db%26c%3D%2520d"},
		{"a form", "POST /lost", "/sign-in?done=signed_out_before"},
		{"another host", "GET //evil.test/lost", "/sign-in"},
		{"another host by a whole address", "GET http://account.shop.test//evil.test/lost", "/sign-in"},
		{"a star", "GET *", "/sign-in"},
		{"a whole address", "GET http://account.shop.test/lost", "/sign-in?to=%2Flost"},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := h.responses(t, test.line+
				" HTTP/1.1\r\nHost: account.shop.test\r\nContent-Length: 0\r\n\r\n")
			if len(all) != 1 || all[0].StatusCode != http.StatusSeeOther ||
				all[0].Header.Get("Location") != test.want {
				t.Errorf("%v, want %s", all, test.want)
			}
		})
	}
}

// TestDefenceLog checks the level and the completeness of a request's log line.
func TestDefenceLog(t *testing.T) {
	t.Parallel()
	_, h := newBrittleSite(t, func(site *fiber.App) {
		site.Get("/test/status/:code", func(c *fiber.Ctx) error {
			code, err := c.ParamsInt("code")
			if err != nil {
				return err
			}
			return c.SendStatus(code)
		})
		site.Get("/test/fails", func(*fiber.Ctx) error { return fmt.Errorf("the cause") })
	})
	for _, test := range []struct{ path, route, level, fault string }{
		{"/test/status/200", "/test/status/:code", "INFO", ""},
		{"/test/status/404", "/test/status/:code", "INFO", ""},
		{"/test/status/499", "/test/status/:code", "INFO", ""},
		{"/test/status/500", "/test/status/:code", "ERROR", `"error":""`},
		{"/test/status/503", "/test/status/:code", "ERROR", `"error":""`},
		{"/test/fails", "/test/fails", "ERROR", `"error":"the cause"`},
		{"/", "/", "INFO", ""},
		{"/nothing", "-", "INFO", ""},
	} {
		page := h.browser(t).Send(webtest.Request{Path: test.path})
		id, found := page.Header.Get("X-Request-Id"), ""
		for line := range strings.Lines(h.Log.String()) {
			if strings.Contains(line, `"request":"`+id+`"`) {
				found += line
			}
		}
		for _, want := range []string{
			`"level":"` + test.level + `"`, `"route":"` + test.route + `"`, `"method":"GET"`,
			fmt.Sprintf(`"status":%d`, page.Status), `"took_ms":`, test.fault,
		} {
			if strings.Count(found, "\n") != 1 || !strings.Contains(found, want) {
				t.Errorf("%s: no %s in %s", test.path, want, found)
			}
		}
		if test.fault == "" && strings.Contains(found, `"error"`) {
			t.Errorf("%s: %s", test.path, found)
		}
	}
	// An unknown method is not logged as sent, even when no middleware ran.
	h.responses(t, "BREW /test/fails HTTP/1.1\r\nHost: account.shop.test\r\nContent-Length: 99999999\r\n\r\n")
	if log := h.Log.String(); strings.Contains(log, "BREW") || !strings.Contains(log, `"method":"other"`) {
		t.Errorf("the log says %s", log)
	}
}
