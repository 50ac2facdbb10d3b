package gate

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
)

// impersonationCookieName is the name of the cookie of staff who are signed in as a customer; see
// sessionCookieName. As long as it is valid, the customers' pages are that customer's. The customer's session
// in the same browser, if there is one, keeps its own cookie and is used again afterwards.
const impersonationCookieName = "postern-as"

// Opening says how far a customers' route is open to staff who are signed in as the customer.
type Opening int

// The openings. A new route is closed.
const (
	Closed Opening = iota
	OpenToRead
	OpenToWrite // only for somebody who may change the customer
)

// The keys of the errors that staff get who are, or were, signed in as a customer: on a route that is not open
// to them, on one that only somebody may use who may change the customer, and when their time is over.
const (
	KeyNotOpen           = "impersonation.closed"
	KeyReadOnly          = "impersonation.read_only"
	KeyImpersonationOver = "impersonation.over"
)

// impersonation caches for the rest of the request who is signed in as a customer.
type impersonation struct {
	shopper  portal.Shopper
	customer string // the id, "" if it is unknown
	err      error
}

// impersonationOf returns the impersonation of the request's cookie, nil without one.
func impersonationOf(c *fiber.Ctx) *impersonation {
	r := of(c)
	cookie := c.Cookies(cookieName(r.shop, impersonationCookieName))
	if r.as == nil && cookie != "" && r.gate != nil {
		as := &impersonation{}
		as.shopper, as.customer, as.err = merchant.EnterAs(c.UserContext(), r.gate.app, r.shop, cookie,
			r.address.String())
		r.as = as
	}
	return r.as
}

// Impersonated returns the customer whom a person of the staff is signed in as, on any route. found is false
// if nobody is.
func Impersonated(c *fiber.Ctx) (s portal.Shopper, found bool) {
	as := impersonationOf(c)
	if as == nil || as.err != nil {
		return s, false
	}
	return as.shopper, true
}

// EndedImpersonation returns the id of the customer whom a person of the staff was signed in as until now, or
// "".
func EndedImpersonation(c *fiber.Ctx) string {
	if as := impersonationOf(c); as != nil && as.err != nil {
		return as.customer
	}
	return ""
}

// SetImpersonation stores the cookie of staff who are signed in as a customer.
func SetImpersonation(c *fiber.Ctx, as merchant.Impersonated) {
	setCookie(c, impersonationCookieName, as.Cookie, min(as.MaxAge, staff.SessionAbsolute))
}

// ClearImpersonation removes that cookie, if the browser has one.
func ClearImpersonation(c *fiber.Ctx) {
	if c.Cookies(cookieName(Shop(c), impersonationCookieName)) != "" {
		setCookie(c, impersonationCookieName, "", -time.Second)
	}
}

// admitImpersonation refuses a request for a customers' route that is not open to staff who are signed in as
// the customer. When that is over, the cookie is removed; the answer says so where the route needs a customer.
func (r Route) admitImpersonation(c *fiber.Ctx, open Opening) error {
	needsCustomer := r.Class == Customer || r.Class == StepUp
	if !needsCustomer && r.Class != Public || IsAdminPath(r.Path) {
		return nil
	}
	as := impersonationOf(c)
	switch {
	case as == nil:
		return nil
	case validate.KindOf(as.err) == validate.SignIn:
		ClearImpersonation(c)
		if needsCustomer {
			return validate.NewError(validate.SignIn, KeyImpersonationOver)
		}
		return nil
	case as.err != nil:
		return as.err
	}
	return admits(as.shopper, open)
}

func admits(s portal.Shopper, open Opening) error {
	switch {
	case open == Closed:
		return validate.NewError(validate.Denied, KeyNotOpen)
	case open == OpenToWrite && !s.Impersonation().Write:
		return validate.NewError(validate.Denied, KeyReadOnly)
	}
	return nil
}
