package gate

import "github.com/gofiber/fiber/v2"

// Class says who may use a route.
type Class string

// The classes. What a stolen old session or link could ruin is StepUp.
const (
	File     Class = "file"      // anyone, on any host or by content: no cookie, no person
	Public   Class = "public"    // anyone in a browser; its forms come from our own pages
	Customer Class = "customer"  // a signed-in customer
	StepUp   Class = "step-up"   // a customer who entered an emailed code within 15 minutes
	FeedKey  Class = "feed"      // a machine with a key, no cookie
	OneClick Class = "one-click" // the signed address decides, from anywhere (RFC 8058)
)

// The most that a request may bring, unless its route says more.
const (
	MaxBody   = 64 << 10 // bytes
	MaxFields = 300      // form fields
)

// Route is one line of the table of routes. A package of handlers returns its routes as data, and the site
// mounts them; nothing else is mounted.
type Route struct {
	Method  string // a GET answers HEAD, too
	Path    string // the router's pattern
	Class   Class
	Handler fiber.Handler
	Body    int // the most bytes of a body; 0 for MaxBody
	Fields  int // the most fields of a form; 0 for MaxFields
}

// Get is a route of a page or a file.
func Get(class Class, path string, handler fiber.Handler) Route {
	return Route{Method: fiber.MethodGet, Path: path, Class: class, Handler: handler}
}

// Post is a route of a form.
func Post(class Class, path string, handler fiber.Handler) Route {
	return Route{Method: fiber.MethodPost, Path: path, Class: class, Handler: handler}
}

// MaxBody is the most bytes that a body may have.
func (r Route) MaxBody() int {
	if r.Body > 0 {
		return r.Body
	}
	return MaxBody
}

// MaxFields is the most fields that a form may have.
func (r Route) MaxFields() int {
	if r.Fields > 0 {
		return r.Fields
	}
	return MaxFields
}
