package gate

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/validate"
)

// KeyClosed is the key of the error that the session of a disabled customer gets from a customer's route that
// is not open to it. The site answers it with the page that says so.
const KeyClosed = "account.closed"

// Known returns the route with a handler that lets Shopper know the route: closed says that sessions of
// disabled customers may use it, and toStaff how far staff may who are signed in as the customer.
func (r Route) Known(closed bool, toStaff Opening) Route {
	next, public := r.Handler, r.Class != Customer && r.Class != StepUp
	r.Handler = func(c *fiber.Ctx) error {
		state := of(c)
		state.openToClosed, state.openToStaff, state.public = closed, toStaff, public
		if err := r.admitImpersonation(c, toStaff); err != nil {
			return err
		}
		return next(c)
	}
	return r
}

// refuseClosed is the answer to the session of a disabled customer on a route that is not open to it. On a
// page for everybody such a customer is a visitor.
func (r *request) refuseClosed() error {
	if r.public {
		return &validate.Error{Kind: validate.SignIn}
	}
	return validate.NewError(validate.Denied, KeyClosed)
}
