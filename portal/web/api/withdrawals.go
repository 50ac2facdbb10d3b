package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
)

// withdrawals lists the received statements of withdrawal.
func (h *Handler) withdrawals(c *fiber.Ctx, feed portal.Feed) error {
	return list(c, feed, portal.Feed.Withdrawals)
}

// requests lists the requests that customers sent about their orders.
func (h *Handler) requests(c *fiber.Ctx, feed portal.Feed) error {
	return list(c, feed, portal.Feed.Requests)
}

// messages lists the messages that customers sent about their orders.
func (h *Handler) messages(c *fiber.Ctx, feed portal.Feed) error {
	return list(c, feed, portal.Feed.Messages)
}

// list answers with the part of a list that follows the position ?after=.
func list[P any](c *fiber.Ctx, feed portal.Feed,
	read func(f portal.Feed, ctx context.Context, after string) (P, error)) error {
	if err := checkQuery(c, "after"); err != nil {
		return err
	}
	part, err := read(feed, c.UserContext(), c.Query("after"))
	if err != nil {
		return err
	}
	return c.JSON(part)
}
