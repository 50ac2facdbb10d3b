// Package gate turns a request into an actor of the portal: it finds the shop by host, the client's address
// behind trusted proxies, and the browser and session cookies or the API key, gives the request an id and a
// deadline, and refuses forged forms. It owns the two cookies.
//
// It must not know of routes, pages or use-cases: handlers ask it for an actor and call that.
package gate

import (
	"context"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
)

// Config is what a Gate works with.
type Config struct {
	App     *portal.App
	Trusted []netip.Prefix // proxies whose X-Forwarded-For and X-Request-Id are believed; none by default
	Timeout time.Duration  // for one request
	// Language is what a page of the request is in, for a customer or, with nil, a visitor. Without it
	// emails are in the customer's language.
	Language func(c *fiber.Ctx, shop portal.Shop, customer *portal.Customer) string
}

// Gate makes actors of requests. Its middleware runs in the order Identify, FindShop, RefuseForgery, inside a
// Deadline.
type Gate struct {
	app      *portal.App
	trusted  []netip.Prefix
	timeout  time.Duration
	language func(c *fiber.Ctx, shop portal.Shop, customer *portal.Customer) string
}

// New returns the gate of an App.
func New(config Config) *Gate {
	return &Gate{app: config.App, trusted: config.Trusted, timeout: config.Timeout, language: config.Language}
}

// request is what the gate knows of one request.
type request struct {
	gate    *Gate
	id      string
	address netip.Addr
	shop    portal.Shop
	browser *browserCookie
	session *string
	shopper *admission
	outcome portal.Outcome
}

// admission is the answer to whether someone is signed in, kept for the rest of the request.
type admission struct {
	shopper portal.Shopper
	err     error
}

// requestKey is where the request stands among the locals.
type requestKey struct{}

// of returns the request's state, an empty one before Identify.
func of(c *fiber.Ctx) *request {
	if r, ok := c.Locals(requestKey{}).(*request); ok {
		return r
	}
	r := &request{}
	c.Locals(requestKey{}, r)
	return r
}

// Identify gives the request its id, which the answer carries too, and finds the client's address.
func (g *Gate) Identify(c *fiber.Ctx) error {
	g.identify(c)
	return c.Next()
}

func (g *Gate) identify(c *fiber.Ctx) {
	peer := peerOf(c)
	r := of(c)
	r.gate = g
	r.address = g.clientOf(c, peer)
	r.id = newRequestID()
	if given := c.Get(fiber.HeaderXRequestID); g.trusts(peer) && requestIDShape.MatchString(given) {
		r.id = given
	}
	c.Set(fiber.HeaderXRequestID, r.id)
}

// Deadline gives the request a context that ends with its time; the caller ends it when the answer is made.
// Fiber never signals that a client went away, so this is all that stops a request nobody waits for.
func (g *Gate) Deadline(c *fiber.Ctx) context.CancelFunc {
	ctx, cancel := context.WithTimeout(c.UserContext(), g.timeout)
	c.SetUserContext(ctx)
	return cancel
}

// FindShop finds the shop that answers on the request's host. An unknown host is answered with 421. The
// host is that of the request line or the Host header; a forwarded one is never believed.
func (g *Gate) FindShop(c *fiber.Ctx) error {
	if err := g.findShop(c); err != nil {
		return err
	}
	return c.Next()
}

func (g *Gate) findShop(c *fiber.Ctx) error {
	shop, err := g.app.ShopByHost(c.UserContext(), string(c.Request().URI().Host()))
	if portal.KindOf(err) == portal.NotFound {
		return fiber.ErrMisdirectedRequest
	}
	of(c).shop = shop
	return err
}

// Recognise does what Identify and FindShop do, for a request that the server refused before any middleware.
func (g *Gate) Recognise(c *fiber.Ctx) error {
	g.identify(c)
	return g.findShop(c)
}

// Shop is the shop the request is for; the zero Shop where none was found.
func Shop(c *fiber.Ctx) portal.Shop { return of(c).shop }

// RequestID names the request in the log and on error pages; "" before Identify.
func RequestID(c *fiber.Ctx) string { return of(c).id }

// NoteOutcome keeps what a delivery to the API did, for the log.
func NoteOutcome(c *fiber.Ctx, outcome portal.Outcome) { of(c).outcome = outcome }

// Outcome is what NoteOutcome kept, "" for nothing.
func Outcome(c *fiber.Ctx) portal.Outcome { return of(c).outcome }

// Address is the client's address, behind the trusted proxies; the zero Addr when the peer has none.
func Address(c *fiber.Ctx) netip.Addr { return of(c).address }
