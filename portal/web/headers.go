package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/shop"
	"postern/portal/web/gate"
)

const noStore = "no-store"

// resourcePolicy is the header that says which sites may embed a response in their pages.
const resourcePolicy = "Cross-Origin-Resource-Policy"

// setBasicHeaders sets the headers of every response, regardless of its content and shop. Handlers of files
// that never change replace Cache-Control.
func setBasicHeaders(set func(name, value string)) {
	set(fiber.HeaderContentSecurityPolicy, contentPolicy(nil))
	set(fiber.HeaderXContentTypeOptions, "nosniff")
	set(fiber.HeaderXFrameOptions, "DENY")
	set(fiber.HeaderReferrerPolicy, "strict-origin")
	set("Cross-Origin-Opener-Policy", "same-origin")
	set(resourcePolicy, "same-origin") // replaced for a shop's pictures
	set(fiber.HeaderPermissionsPolicy, "accelerometer=(), browsing-topics=(), camera=(), geolocation=(), "+
		"gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()")
	set(fiber.HeaderCacheControl, noStore)
}

// contentPolicy allows only this origin, and pictures from the given origins.
func contentPolicy(pictures []string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " +
		"img-src " + strings.Join(append([]string{"'self'"}, pictures...), " ") +
		"; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}

// shopHeaders is the middleware that adds the headers that depend on the shop.
func (s *site) shopHeaders(c *fiber.Ctx) error {
	setShopHeaders(c, gate.Shop(c))
	return c.Next()
}

// setShopHeaders allows order pictures from the shop's storefront and, if the shop is on https, binds
// browsers to https for a year.
func setShopHeaders(c *fiber.Ctx, shop shop.Shop) {
	c.Set(fiber.HeaderContentSecurityPolicy, contentPolicy(shop.Origins()))
	if shop.Secure() {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
}
