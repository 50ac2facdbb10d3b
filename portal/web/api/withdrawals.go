package api

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/inquiry"
)

// withdrawals lists the received statements of withdrawal.
func (h *Handler) withdrawals(c *fiber.Ctx, feed portal.Feed) error {
	return list(c, feed, portal.Feed.Withdrawals)
}

// requests lists the requests that customers sent about their orders.
func (h *Handler) requests(c *fiber.Ctx, feed portal.Feed) error {
	return list(c, feed, func(f portal.Feed, ctx context.Context, after string) (inquiry.RequestPage, error) {
		page, err := f.Requests(ctx, after)
		for _, request := range page.Requests {
			addPhotoURLs(request.Record)
		}
		return page, err
	})
}

// addPhotoURLs sets the paths of a request's photos.
func addPhotoURLs(r inquiry.Record) {
	for i := range r.Photos {
		r.Photos[i].URL = Root + "/requests/" + r.ID + "/photos/" + strconv.Itoa(i+1)
	}
}

// returnPhoto answers with a photo of a return.
func (h *Handler) returnPhoto(c *fiber.Ctx, feed portal.Feed) error {
	id, err := only(c, "id")
	if err != nil {
		return err
	}
	number, _ := strconv.Atoi(c.Params("photo")) // there is no photo 0
	photo, err := feed.ReturnPhoto(c.UserContext(), id, number)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "image/jpeg")
	return c.Send(photo)
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
