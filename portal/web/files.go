package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/static"
)

// serveStatic serves the files under their hashed names, which may be cached for ever. It does so on any
// host: the page that refuses an unknown one wears them too.
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

// serveBrand serves the shop's stylesheet, logo and icon. Their names hold a hash of what is in them.
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
	return &portal.Error{Kind: portal.NotFound}
}

// findIcon leads to the shop's icon: browsers ask for it under one name for ever, which therefore names no
// content.
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

// sendPicture sends what pages of other origins show, too: the logo stands in mails, which people read on
// the web.
func sendPicture(c *fiber.Ctx, body []byte) error {
	c.Set(resourcePolicy, "cross-origin")
	return sendFile(c, "image/png", body)
}

// isFile tells the two kinds of path whose content never changes under its name.
func isFile(c *fiber.Ctx) bool {
	return strings.HasPrefix(c.Path(), static.Prefix) || strings.HasPrefix(c.Path(), brandPrefix)
}
