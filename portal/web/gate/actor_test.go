package gate_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/webtest"
)

// told returns the kind and the message of an error.
func told(err error) string {
	var own *validate.Error
	if !errors.As(err, &own) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("kind %d %s", own.Kind, own.Key)
}

// TestShopperBeforeIdentify checks that without Identify nobody is signed in, whatever the cookie says.
func TestShopperBeforeIdentify(t *testing.T) {
	t.Parallel()
	site := fiber.New()
	site.Get("/", func(c *fiber.Ctx) error {
		_, err := gate.Shopper(c)
		return c.SendString(told(err))
	})
	status, body, _ := testGate{site: site}.ask(t, "GET", "/", "Cookie",
		"postern.shop0="+strings.Repeat("A", 64))
	if status != http.StatusOK || body != told(&validate.Error{Kind: validate.SignIn}) {
		t.Errorf("%d %q", status, body)
	}
}

func TestFeed(t *testing.T) {
	t.Parallel()
	show := func(c *fiber.Ctx) error {
		_, err := gate.Feed(c, portal.ScopeOrders)
		return err
	}
	h := newTestGate(t, show, "https://a.test", "https://b.test")
	key, err := h.app.Operator().CreateKey(t.Context(), "shop0", "shop system")
	if err != nil {
		t.Fatal(err)
	}
	denied := fmt.Sprintf("kind %d", validate.SignIn)
	for _, test := range []struct {
		name, host, header string
		want               string
	}{
		{"the key", "a.test", "Bearer " + key, ""},
		{"in small letters", "a.test", "bearer " + key, ""},
		{"with spaces", "a.test", "Bearer   " + key + " ", ""},
		{"at another shop", "b.test", "Bearer " + key, denied},
		{"under another scheme", "a.test", "Basic " + key, denied},
		{"without a scheme", "a.test", key, denied},
		{"another key", "a.test", "Bearer " + strings.ToLower(key), denied},
		{"no key", "a.test", "Bearer ", denied},
		{"nothing", "a.test", "", denied},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, body, _ := h.ask(t, "PUT", "http://"+test.host+"/api/v1/orders/1", "Authorization",
				test.header); body != test.want {
				t.Errorf("got %q, want %q", body, test.want)
			}
		})
	}
}

// TestSessionWithinOneRequest signs in and out within one request and checks that Shopper sees the change.
func TestSessionWithinOneRequest(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := i.Browser()
	i.SignIn(b, "jana@example.com").Want(http.StatusOK)
	session := b.Cookie("__Host-postern.main")
	var before, after func(*fiber.Ctx)
	g := gate.New(gate.Config{App: i.App, Timeout: time.Minute})
	who := func(c *fiber.Ctx) string {
		shopper, err := gate.Shopper(c)
		if validate.KindOf(err) == validate.SignIn {
			return "stranger"
		}
		return fmt.Sprint(shopper.Customer().Email, told(err))
	}
	site := fiber.New(fiber.Config{Immutable: true})
	site.Get("/", g.Identify, g.FindShop, func(c *fiber.Ctx) error {
		before(c)
		first := who(c)
		after(c)
		return c.JSON([]string{first, who(c)})
	})
	nothing := func(*fiber.Ctx) {}
	in := func(c *fiber.Ctx) { gate.SetSession(c, portal.SignedIn{Cookie: session}) }
	const stranger, jana = "stranger", "jana@example.com<nil>"
	for _, test := range []struct {
		name          string
		cookie        string
		before, after func(*fiber.Ctx)
		want          [2]string
	}{
		{"signed in", session, nothing, nothing, [2]string{jana, jana}},
		{"a stranger", "", nothing, nothing, [2]string{stranger, stranger}},
		{"signing in", "", nothing, in, [2]string{stranger, jana}},
		{"signing in over a dead session", strings.Repeat("A", 64), nothing, in, [2]string{stranger, jana}},
		{"signing in at first", "", in, nothing, [2]string{jana, jana}},
		{"signing out", session, nothing, gate.ClearSession, [2]string{jana, stranger}},
		{"signing out at first", session, gate.ClearSession, nothing, [2]string{stranger, stranger}},
		{"signing out and in", session, gate.ClearSession, in, [2]string{stranger, jana}},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, after = test.before, test.after
			_, body, _ := testGate{site: site}.ask(t, "GET", "https://account.shop.test/", "Cookie",
				"__Host-postern.main="+test.cookie)
			var got [2]string
			if err := json.Unmarshal([]byte(body), &got); err != nil || got != test.want {
				t.Errorf("got %s, want %v (%v)", body, test.want, err)
			}
		})
	}
}
