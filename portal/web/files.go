package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/static"
)

// serveStatic serves the files under their hashed names, which may be cached forever. It answers on any
// host, since the page that refuses an unknown host uses them too.
func (s *site) serveStatic(c *fiber.Ctx) error {
	if s.gate.Recognise(c) == nil {
		setShopHeaders(c, gate.Shop(c))
	}
	file, found := static.Lookup(c.Path())
	if !found {
		return &validate.Error{Kind: validate.NotFound}
	}
	return sendFile(c, file.Type, file.Body)
}

const brandPrefix = "/brand/"

// serveBrand serves the shop's stylesheet, logo and icon. Their names contain a hash of the content.
func (s *site) serveBrand(c *fiber.Ctx) error {
	shop := gate.Shop(c)
	style, css := s.pages.BrandStyle(shop)
	switch path := c.Path(); {
	case style != "" && path == style:
		return sendFile(c, "text/css; charset=utf-8", css)
	case path == shop.Brand.LogoPath():
		return sendPicture(c, shop.Brand.Logo)
	case path == iconPath(shop.Brand):
		icon, err := s.icons.of(shop)
		if err != nil {
			return err
		}
		return sendPicture(c, icon)
	}
	return &validate.Error{Kind: validate.NotFound}
}

// findIcon redirects to the shop's icon: browsers always ask for the same name, which therefore cannot
// contain a hash.
func (s *site) findIcon(c *fiber.Ctx) error {
	to, err := page.Own(iconPath(gate.Shop(c).Brand))
	if err != nil {
		return err
	}
	return page.Found(c, to)
}

func sendFile(c *fiber.Ctx, contentType string, body []byte) error {
	c.Set(fiber.HeaderContentType, contentType)
	c.Set(fiber.HeaderCacheControl, static.Cache)
	return c.Send(body)
}

// sendPicture sends a picture that other origins may show too: emails contain the logo, and people read
// them in webmail.
func sendPicture(c *fiber.Ctx, body []byte) error {
	c.Set(resourcePolicy, "cross-origin")
	return sendFile(c, "image/png", body)
}

// isFile reports whether the path is of one of the two kinds that never change their content.
func isFile(c *fiber.Ctx) bool {
	return strings.HasPrefix(c.Path(), static.Prefix) || strings.HasPrefix(c.Path(), brandPrefix)
}
