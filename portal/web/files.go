package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/gate"
	"postern/static"
)

// serveStatic serves the files under their hashed names, which may be cached for ever. It does so on any host: the page
// that refuses an unknown one wears them too.
func (s *site) serveStatic(c *fiber.Ctx) error {
	if s.gate.Recognise(c) == nil {
		setShopHeaders(c, gate.Shop(c))
	}
	file, found := static.Lookup(c.Path())
	if !found {
		return &portal.Error{Kind: portal.NotFound}
	}
	return sendFile(c, file.Type, file.Body)
}

const brandPrefix = "/brand/"

// serveBrand serves the shop's stylesheet and logo. Their names hold a hash of what is in them.
func (s *site) serveBrand(c *fiber.Ctx) error {
	shop := gate.Shop(c)
	style, css := s.pages.BrandStyle(shop)
	logo := brandPrefix + shop.Brand.LogoHash + ".png"
	switch path := c.Path(); {
	case style != "" && path == style:
		return sendFile(c, "text/css; charset=utf-8", css)
	case shop.Brand.LogoHash != "" && path == logo:
		return sendFile(c, "image/png", shop.Brand.Logo)
	}
	return &portal.Error{Kind: portal.NotFound}
}

func sendFile(c *fiber.Ctx, contentType string, body []byte) error {
	c.Set(fiber.HeaderContentType, contentType)
	c.Set(fiber.HeaderCacheControl, static.Cache)
	return c.Send(body)
}

// isFile tells the two kinds of path whose content never changes under its name.
func isFile(c *fiber.Ctx) bool {
	return strings.HasPrefix(c.Path(), static.Prefix) || strings.HasPrefix(c.Path(), brandPrefix)
}
