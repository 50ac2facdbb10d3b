package api

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/web/gate"
)

// withdrawals lists the received statements of withdrawal behind the place that ?after= names.
func (h *Handler) withdrawals(c *fiber.Ctx) error {
	feed, err := gate.Feed(c)
	if err != nil {
		return err
	}
	list, err := feed.Withdrawals(c.UserContext(), c.Query("after"))
	if err != nil {
		return err
	}
	return c.JSON(list)
}
