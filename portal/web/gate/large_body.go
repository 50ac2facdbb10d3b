package gate

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/validate"
)

// AllowLargeBody checks, by the header alone, whether a request for the route may send a large body: it
// checks the host, the origin, and the key or the session, and counts forms with files.
func (g *Gate) AllowLargeBody(c *fiber.Ctx, route Route) error {
	if err := g.Recognise(c); err != nil {
		return err
	}
	class := route.Class
	if class == FeedKey {
		_, err := Feed(c, route.Scope)
		return err
	}
	if !isOwn(c, Shop(c)) {
		return &validate.Error{Kind: validate.Denied, Key: "error.forgery"}
	}
	s, err := Shopper(c)
	switch {
	case class != Customer && class != StepUp:
		return fiber.ErrRequestEntityTooLarge // the header does not show the customer of such a route
	case err == nil && class == StepUp && !s.RecentlyVerified():
		return &validate.Error{Kind: validate.StepUp, Key: "error.challenge"}
	case err == nil && route.Files.Most > 0:
		return s.BeginUpload(c.UserContext())
	}
	return err
}
