package shopper

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/inquiry"
	"postern/portal/picture"
	"postern/portal/validate"
	"postern/portal/web/gate"
)

// photoTypes are the types that a browser offers to choose. Phones convert their own formats to one of them.
const photoTypes = "image/jpeg,image/png,image/webp"

// photoPolicy is the content policy of a photo: nothing runs, even if a browser took it for a page. It says
// nothing of styles, with which browsers fit a picture to their window.
const photoPolicy = "script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'; sandbox"

// shownPhoto is the preview of a photo, which leads to the photo.
type shownPhoto struct {
	Path, Preview string
	Text          string // for those who do not see it
	Width, Height int    // of the preview
}

// photos lists the photos of a return.
func (p orderReturns) photos(r inquiry.Record) []shownPhoto {
	var photos []shownPhoto
	for i, photo := range r.Photos {
		path := orderPath(r.Order) + "/returns/" + r.ID + "/photos/" + strconv.Itoa(i+1)
		width, height := picture.PreviewSize(photo.Width, photo.Height)
		photos = append(photos, shownPhoto{Path: path, Preview: path + "/preview",
			Text: p.T("photo.alt", "N", i+1), Width: width, Height: height})
	}
	return photos
}

func (h *Handler) returnPhoto(c *fiber.Ctx, s portal.Shopper) error {
	return sendPhoto(c, s, false)
}

func (h *Handler) returnPreview(c *fiber.Ctx, s portal.Shopper) error {
	return sendPhoto(c, s, true)
}

// sendPhoto sends a photo that package picture has encoded.
func sendPhoto(c *fiber.Ctx, s portal.Shopper, preview bool) error {
	number, err := gate.Param(c, "number")
	if err != nil {
		return err
	}
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.Params("photo"))
	if err != nil {
		return &validate.Error{Kind: validate.NotFound}
	}
	photo, err := s.ReturnPhoto(c.UserContext(), number, id, n, preview)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "image/jpeg")
	c.Set(fiber.HeaderContentDisposition, `inline; filename="photo-`+strconv.Itoa(n)+`.jpg"`)
	c.Set(fiber.HeaderContentSecurityPolicy, photoPolicy)
	return c.Send(photo)
}
