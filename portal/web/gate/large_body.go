package gate

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/validate"
)

// AllowLargeBody checks, by the header alone, whether a request for the route may send a large body: it
// checks the host, the origin, and the key or the session. For a form with files it returns the customer.
func (g *Gate) AllowLargeBody(c *fiber.Ctx, route Route) (uploads *portal.Shopper, err error) {
	if err := g.Recognise(c); err != nil {
		return nil, err
	}
	class := route.Class
	if class == FeedKey {
		_, err := Feed(c, route.Scope)
		return nil, err
	}
	if !isOwn(c, Shop(c)) {
		return nil, &validate.Error{Kind: validate.Denied, Key: "error.forgery"}
	}
	if class == StaffOnly || class == StaffFresh {
		_, err := Admit(c, route)
		return nil, err
	}
	s, err := Shopper(c)
	switch {
	case class != Customer && class != StepUp:
		return nil, fiber.ErrRequestEntityTooLarge // the header does not show the customer of such a route
	case err == nil && class == StepUp && !s.RecentlyVerified():
		return nil, &validate.Error{Kind: validate.StepUp, Key: "error.challenge"}
	case err == nil && route.Files.Most > 0:
		return &s, nil
	}
	return nil, err
}
