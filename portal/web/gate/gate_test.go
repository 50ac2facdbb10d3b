package gate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/storage"
	"postern/storage/storagetest"
)

// counting is a store that counts its Gets and can be made to fail.
type counting struct {
	storage.Engine
	gets atomic.Int64
	down atomic.Bool // makes Scan fail
}

func (c *counting) Scan(ctx context.Context, collection string, s storage.Scan) ([]storage.Row, error) {
	if c.down.Load() {
		return nil, errors.New("the store is away")
	}
	return c.Engine.Scan(ctx, collection, s)
}

func (c *counting) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	c.gets.Add(1)
	return c.Engine.Get(ctx, collection, id)
}

// testGate is a gate in front of a portal.
type testGate struct {
	app   *portal.App
	store *counting
	site  *fiber.App
}

// newTestGate puts handler behind the gate of a portal with a shop for each base URL. Errors are answered
// with status 500 and their text, Fiber's with their own status.
func newTestGate(t *testing.T, handler fiber.Handler, bases ...string) testGate {
	t.Helper()
	return newTestGateBehind(t, []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/32"), netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("fd00::/8"),
	}, handler, bases...)
}

// newTestGateBehind is newTestGate with the given trusted proxies.
func newTestGateBehind(t *testing.T, trusted []netip.Prefix, handler fiber.Handler,
	bases ...string) testGate {
	t.Helper()
	store := &counting{Engine: storagetest.Open(t, portal.Collections()...)}
	app := portal.New(store, secrettest.Ring())
	for i, base := range bases {
		settings := shop.Settings{Name: new("Shop"), BaseURL: &base, SenderEmail: new("shop@shop.test")}
		if _, err := app.Operator().CreateShop(t.Context(), fmt.Sprintf("shop%d", i), settings); err != nil {
			t.Fatal(err)
		}
	}
	g := gate.New(gate.Config{App: app, Timeout: time.Minute, Trusted: trusted})
	site := fiber.New(fiber.Config{Immutable: true, ErrorHandler: func(c *fiber.Ctx, err error) error {
		var own *fiber.Error
		if errors.As(err, &own) {
			return c.SendStatus(own.Code)
		}
		return c.Status(http.StatusInternalServerError).SendString(fmt.Sprintf("kind %d",
			validate.KindOf(err)))
	}})
	site.Use(func(c *fiber.Ctx) error {
		defer g.Deadline(c)()
		return c.Next()
	}, g.Identify, g.FindShop, g.RefuseForgery)
	site.All("/*", handler)
	return testGate{app: app, store: store, site: site}
}

// ask sends one request in process; the peer's address is 0.0.0.0.
func (h testGate) ask(t *testing.T, method, target string, header ...string) (int, string, http.Header) {
	t.Helper()
	request := httptest.NewRequest(method, target, http.NoBody)
	request.RequestURI = request.URL.RequestURI() // the host only in the header, as browsers send it
	return h.send(t, request, header...)
}

func (h testGate) send(t *testing.T, request *http.Request, header ...string) (int, string, http.Header) {
	t.Helper()
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	response, err := h.site.Test(request, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body := make([]byte, 4096)
	n, _ := response.Body.Read(body)
	return response.StatusCode, string(body[:n]), response.Header
}

func TestFindShop(t *testing.T) {
	t.Parallel()
	show := func(c *fiber.Ctx) error { return c.SendString(gate.Shop(c).ID) }
	const a, b = "https://account.a.test", "https://account.b.test"
	tests := []struct {
		name   string
		shops  []string
		target string
		header []string
		status int
		shop   string
	}{
		{"one shop, its host", []string{a}, "http://account.a.test/", nil, 200, "shop0"},
		{"one shop, any host", []string{a}, "http://192.0.2.1:8080/", nil, 200, "shop0"},
		{"two shops, the first", []string{a, b}, "http://account.a.test/", nil, 200, "shop0"},
		{"two shops, the second", []string{a, b}, "http://account.b.test/", nil, 200, "shop1"},
		{"two shops, capitals", []string{a, b}, "http://ACCOUNT.B.test/", nil, 200, "shop1"},
		{"two shops, another host", []string{a, b}, "http://evil.test/", nil, 421, ""},
		{"two shops, a longer host", []string{a, b}, "http://account.b.test.evil.test/", nil, 421, ""},
		{"two shops, another port", []string{a, b}, "http://account.b.test:81/", nil, 421, ""},
		{"a forwarded host is not believed", []string{a, b}, "http://account.a.test/",
			[]string{"X-Forwarded-Host", "account.b.test"}, 200, "shop0"},
		{"nor to make up for an unknown one", []string{a, b}, "http://evil.test/",
			[]string{"X-Forwarded-Host", "account.b.test"}, 421, ""},
		{"nor a Forwarded", []string{a, b}, "http://evil.test/",
			[]string{"Forwarded", "host=account.b.test"}, 421, ""},
		{"no shop yet", nil, "http://account.a.test/", nil, 421, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, body, _ := newTestGate(t, show, test.shops...).ask(t, "GET", test.target, test.header...)
			if status != test.status || status == 200 && body != test.shop {
				t.Errorf("got %d %q, want %d %q", status, body, test.status, test.shop)
			}
		})
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	h := newTestGate(t, func(c *fiber.Ctx) error { return c.SendString(gate.RequestID(c)) }, "https://a.test")
	_, first, header := h.ask(t, "GET", "/")
	_, second, _ := h.ask(t, "GET", "/")
	if len(first) != 16 || first == second || header.Get("X-Request-Id") != first {
		t.Errorf("ids %q and %q, header %q", first, second, header.Get("X-Request-Id"))
	}
	if _, given, _ := h.ask(t, "GET", "/", "X-Request-Id", "abcdef-0123"); given != "abcdef-0123" {
		t.Errorf("a trusted proxy's id became %q", given)
	}
	for _, kept := range []string{"12345678", strings.Repeat("x", 64), "A.b_c-9z"} {
		_, given, header := h.ask(t, "GET", "/", "X-Request-Id", kept)
		if given != kept || header.Get("X-Request-Id") != kept {
			t.Errorf("a trusted proxy's id %q became %q", kept, given)
		}
	}
	for _, damaged := range []string{"<script>alert(1)", "1234567", strings.Repeat("x", 65), "<12345678",
		"12345678<", "1234 5678", "12345678/"} {
		if _, given, _ := h.ask(t, "GET", "/", "X-Request-Id", damaged); given == damaged ||
			len(given) != 16 {
			t.Errorf("a damaged id %q was kept: %q", damaged, given)
		}
	}
}

// TestNoProxy checks that without trusted proxies all forwarded headers are ignored.
func TestNoProxy(t *testing.T) {
	t.Parallel()
	h := newTestGateBehind(t, nil, func(c *fiber.Ctx) error {
		return c.SendString(gate.RequestID(c) + " " + gate.Address(c).String())
	}, "https://a.test")
	_, body, _ := h.ask(t, "GET", "/", "X-Request-Id", "abcdef-0123", "X-Forwarded-For", "192.0.2.7")
	if id, address, _ := strings.Cut(body, " "); id == "abcdef-0123" || address != "0.0.0.0" {
		t.Errorf("a stranger chose its id or address: %s", body)
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	type mark struct{}
	h := newTestGate(t, func(*fiber.Ctx) error { return nil }, "https://a.test")
	g := gate.New(gate.Config{App: h.app, Timeout: time.Hour})
	var after func() error
	site := fiber.New()
	site.Get("/", func(c *fiber.Ctx) error {
		c.SetUserContext(context.WithValue(c.UserContext(), mark{}, "of the server"))
		defer g.Deadline(c)()
		ctx := c.UserContext()
		after = ctx.Err
		end, set := ctx.Deadline()
		left := time.Until(end)
		return c.SendString(fmt.Sprintln(set, left <= time.Hour && left > time.Hour/2, ctx.Err(),
			ctx.Value(mark{})))
	})
	if _, body, _ := (testGate{site: site}).ask(t, "GET", "/"); body != "true true <nil> of the server\n" {
		t.Errorf("within the request: %s", body)
	}
	if !errors.Is(after(), context.Canceled) {
		t.Errorf("after the answer the request's time goes on: %v", after())
	}
}

// TestFindShopInAStoreThatFails checks that a failing store does not make a host count as unknown, and that
// no request passes without a shop.
func TestFindShopInAStoreThatFails(t *testing.T) {
	t.Parallel()
	h := newTestGate(t, func(c *fiber.Ctx) error { return c.SendString("in " + gate.Shop(c).ID) },
		"https://a.test")
	h.store.down.Store(true)
	status, body, _ := h.ask(t, "GET", "/")
	if status != http.StatusInternalServerError || body != fmt.Sprintf("kind %d", validate.Internal) {
		t.Errorf("%d %q", status, body)
	}
}

// TestRecognise checks what is known about a request that the server refused before any middleware ran.
func TestRecognise(t *testing.T) {
	t.Parallel()
	h := newTestGate(t, func(*fiber.Ctx) error { return nil }, "https://a.test", "https://b.test")
	g := gate.New(gate.Config{App: h.app, Timeout: time.Minute,
		Trusted: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/32")}})
	site := fiber.New()
	site.Get("/", func(c *fiber.Ctx) error {
		err := g.Recognise(c)
		return c.SendString(fmt.Sprint(gate.Shop(c).ID, " ", gate.RequestID(c), " ",
			gate.Address(c), " ", err))
	})
	for _, test := range []struct{ host, want string }{
		{"b.test", "shop1 abcdef-0123 192.0.2.7 <nil>"},
		{"evil.test", " abcdef-0123 192.0.2.7 Misdirected Request"},
	} {
		_, body, header := testGate{site: site}.ask(t, "GET", "http://"+test.host+"/", "X-Request-Id",
			"abcdef-0123", "X-Forwarded-For", "192.0.2.7")
		if body != test.want || header.Get("X-Request-Id") != "abcdef-0123" {
			t.Errorf("%s: %q, want %q", test.host, body, test.want)
		}
	}
}

func TestParam(t *testing.T) {
	t.Parallel()
	site := fiber.New(fiber.Config{Immutable: true})
	site.Get("/orders/:number", func(c *fiber.Ctx) error {
		value, err := gate.Param(c, "number")
		if err != nil {
			return c.SendString(fmt.Sprintf("kind %d", validate.KindOf(err)))
		}
		return c.SendString(value)
	})
	h := testGate{site: site}
	for path, want := range map[string]string{
		"/orders/1001":         "1001",
		"/orders/a%2Fb":        "a/b",
		"/orders/%C3%A1%20%2B": "á +",
		"/orders/a+b":          "a+b",
		"/orders/2026-7.1":     "2026-7.1",
		"/orders/%252F":        "%2F",
	} {
		if _, body, _ := h.ask(t, "GET", path); body != want {
			t.Errorf("%s: got %q, want %q", path, body, want)
		}
	}
	broken := httptest.NewRequest("GET", "/", http.NoBody)
	broken.RequestURI = "/orders/%zz"
	if _, body, _ := h.send(t, broken); body != fmt.Sprintf("kind %d", validate.NotFound) {
		t.Errorf("a broken escape: %q", body)
	}
}
