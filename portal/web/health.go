package web

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
)

// healthy says that the process answers.
func (s *site) healthy(c *fiber.Ctx) error { return c.SendString("ok\n") }

// ready says whether the store answers, for a load balancer.
func (s *site) ready(c *fiber.Ctx) error {
	if err := s.app.Ready(c.UserContext()); err != nil {
		return &portal.Error{Kind: portal.Unavailable, Cause: err}
	}
	return c.SendString("ready\n")
}
