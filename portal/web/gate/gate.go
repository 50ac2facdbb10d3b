// Package gate turns a request into an actor of the portal. It finds the shop by host, the client's address
// as reported by trusted proxies, and the browser and session cookies or the API key. It gives the request
// an id and a deadline, and refuses forged forms. It owns the two cookies.
//
// It must not know routes, pages or use cases: handlers get an actor from it and call that.
package gate

import (
	"context"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
)

// Config is the configuration of a Gate.
type Config struct {
	App     *portal.App
	Trusted []netip.Prefix // proxies whose X-Forwarded-For and X-Request-Id are believed; none by default
	Timeout time.Duration  // for one request
	// Language returns the language of a page for this request, for a customer or, with nil, a visitor.
	// Without it, emails are in the customer's language.
	Language func(c *fiber.Ctx, shop shop.Shop, customer *customer.Customer) string
}

// Gate turns requests into actors. Its middleware runs in the order Identify, FindShop, RefuseForgery,
// inside a Deadline.
type Gate struct {
	app      *portal.App
	trusted  []netip.Prefix
	timeout  time.Duration
	language func(c *fiber.Ctx, shop shop.Shop, customer *customer.Customer) string
}

// New returns a Gate.
func New(config Config) *Gate {
	return &Gate{app: config.App, trusted: config.Trusted, timeout: config.Timeout, language: config.Language}
}

// request is what the gate knows about a request.
type request struct {
	gate    *Gate
	id      string
	address netip.Addr
	shop    shop.Shop
	browser *string // the secret in its cookie
	waiting *waitingAddress
	session *string
	shopper *authentication
	staff   *staffAuthentication
	as      *impersonation
	outcome order.Outcome

	openToClosed, public bool // of the route; see Known
	openToStaff          Opening
}

// authentication caches for the rest of the request whether a customer is signed in.
type authentication struct {
	shopper portal.Shopper
	err     error
}

// requestKey is the key of the request's state among the locals.
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

// Identify gives the request its id, which the response also carries, and finds the client's address.
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

// Deadline gives the request a context with a deadline; the caller cancels it after answering. Fiber never
// signals that a client disconnected, so only the deadline stops an abandoned request.
func (g *Gate) Deadline(c *fiber.Ctx) context.CancelFunc {
	ctx, cancel := context.WithTimeout(c.UserContext(), g.timeout)
	c.SetUserContext(ctx)
	return cancel
}

// FindShop finds the shop of the request's host. An unknown host is answered with 421. The host comes from
// the request line or the Host header; a forwarded host is never trusted.
func (g *Gate) FindShop(c *fiber.Ctx) error {
	if err := g.findShop(c); err != nil {
		return err
	}
	return c.Next()
}

func (g *Gate) findShop(c *fiber.Ctx) error {
	shop, err := g.app.ShopByHost(c.UserContext(), string(c.Request().URI().Host()))
	if validate.KindOf(err) == validate.NotFound {
		return fiber.ErrMisdirectedRequest
	}
	of(c).shop = shop
	return err
}

// Recognise does the work of Identify and FindShop for a request that was refused before any middleware
// ran.
func (g *Gate) Recognise(c *fiber.Ctx) error {
	g.identify(c)
	return g.findShop(c)
}

// Shop returns the request's shop, or the zero Shop if none was found.
func Shop(c *fiber.Ctx) shop.Shop { return of(c).shop }

// RequestID returns the ID of the request in the log and on error pages. It is "" before Identify.
func RequestID(c *fiber.Ctx) string { return of(c).id }

// NoteOutcome records the outcome of a delivery to the API, for the log.
func NoteOutcome(c *fiber.Ctx, outcome order.Outcome) { of(c).outcome = outcome }

// Outcome returns the recorded outcome, or "".
func Outcome(c *fiber.Ctx) order.Outcome { return of(c).outcome }

// Address returns the client's address, as reported by trusted proxies, or the zero Addr if the peer has
// none.
func Address(c *fiber.Ctx) netip.Addr { return of(c).address }
