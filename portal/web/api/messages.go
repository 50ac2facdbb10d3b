package api

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
)

// conversation answers with the messages of both sides about an order.
func (h *Handler) conversation(c *fiber.Ctx, feed portal.Feed) error {
	number, err := only(c, "number")
	if err != nil {
		return err
	}
	found, err := feed.Conversation(c.UserContext(), number)
	if err != nil {
		return err
	}
	return c.JSON(found)
}

// answer adds the shop's message to the conversation about an order.
func (h *Handler) answer(c *fiber.Ctx, feed portal.Feed) error {
	number, err := only(c, "number")
	if err != nil {
		return err
	}
	body, err := jsonBody(c)
	if err != nil {
		return err
	}
	key, err := repeatKey(c)
	if err != nil {
		return err
	}
	made, created, err := feed.Answer(c.UserContext(), number, body, key)
	if err != nil {
		return err
	}
	if created {
		c.Status(fiber.StatusCreated)
	}
	return c.JSON(made)
}

// declineRequest records that the shop declines a request, and why.
func (h *Handler) declineRequest(c *fiber.Ctx, feed portal.Feed) error {
	id, err := only(c, "id")
	if err != nil {
		return err
	}
	body, err := jsonBody(c)
	if err != nil {
		return err
	}
	declined, err := feed.DeclineRequest(c.UserContext(), id, body)
	if err != nil {
		return err
	}
	addPhotoURLs(declined)
	return c.JSON(declined)
}
