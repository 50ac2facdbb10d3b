package gate

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
)

// Admit checks, by the header alone, whether a request for a route of the class may send a large body: it
// checks the host, the origin, and the key or the session.
func (g *Gate) Admit(c *fiber.Ctx, class Class) error {
	if err := g.Recognise(c); err != nil {
		return err
	}
	if class == FeedKey {
		_, err := Feed(c)
		return err
	}
	if !isOwn(c, Shop(c)) {
		return &portal.Error{Kind: portal.Denied, Key: "error.forgery"}
	}
	s, err := Shopper(c)
	switch {
	case class != Customer && class != StepUp:
		return fiber.ErrRequestEntityTooLarge // the header does not show the customer of such a route
	case err == nil && class == StepUp && !s.Fresh():
		return &portal.Error{Kind: portal.StepUp, Key: "error.challenge"}
	}
	return err
}
