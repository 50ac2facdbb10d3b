package gate

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/staff"
)

// Class determines which clients may use a route.
type Class string

// The classes. Routes that could do lasting harm with a stolen old session or link are StepUp.
const (
	File       Class = "file"      // anyone, on any host or by a hash in the name: no cookie, no personal data
	Public     Class = "public"    // anyone in a browser; its forms come from our own pages
	Customer   Class = "customer"  // a signed-in customer
	StepUp     Class = "step-up"   // a customer who entered an emailed code within 15 minutes
	FeedKey    Class = "feed"      // a machine with a key, no cookie
	StaffHalf  Class = "half-way"  // a person of the staff who used a link and lacks the second factor
	StaffOnly  Class = "staff"     // a signed-in person of the staff whose role has the route's permission
	StaffFresh Class = "proven"    // StaffOnly with a second factor not older than 15 minutes
	OneClick   Class = "one-click" // authorised by the signed address, from anywhere (RFC 8058)
)

// The limits of a request, unless its route sets others.
const (
	MaxBody   = 64 << 10 // bytes
	MaxFields = 300      // form fields
)

// Route is an entry in the table of routes. A handler package returns its routes as data and the site
// mounts them; nothing else is mounted.
type Route struct {
	Method string // a GET route also answers HEAD
	Path   string // the router's pattern
	Class  Class
	Scope  portal.Scope // that a FeedKey route requires
	// Permission is what a route of the class StaffOnly or StaffFresh requires; without one it is open to
	// nobody.
	Permission staff.Permission
	Handler    fiber.Handler
	Body       int // the maximum size of a body in bytes; 0 for MaxBody
	Fields     int // the maximum number of form fields; 0 for MaxFields
	Files      FileLimit
	Reading    time.Duration // the time limit for a large body; 0 for the site's
}

// Get returns a route for a page or a file.
func Get(class Class, path string, handler fiber.Handler) Route {
	return Route{Method: fiber.MethodGet, Path: path, Class: class, Handler: handler}
}

// Post returns a route for a form.
func Post(class Class, path string, handler fiber.Handler) Route {
	return Route{Method: fiber.MethodPost, Path: path, Class: class, Handler: handler}
}

// MaxBody returns the maximum size of a body in bytes.
func (r Route) MaxBody() int {
	if r.Body > 0 {
		return r.Body
	}
	return MaxBody
}

// MaxFields returns the maximum number of form fields.
func (r Route) MaxFields() int {
	if r.Fields > 0 {
		return r.Fields
	}
	return MaxFields
}
