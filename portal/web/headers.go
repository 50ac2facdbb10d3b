package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/gate"
)

const noStore = "no-store"

// resourcePolicy is the header that says which sites may load an answer into their pages.
const resourcePolicy = "Cross-Origin-Resource-Policy"

// setBasicHeaders sets what stands on every answer, whatever it is and whichever shop it is of. Handlers of
// files that never change replace Cache-Control.
func setBasicHeaders(set func(name, value string)) {
	set(fiber.HeaderContentSecurityPolicy, contentPolicy(nil))
	set(fiber.HeaderXContentTypeOptions, "nosniff")
	set(fiber.HeaderXFrameOptions, "DENY")
	set(fiber.HeaderReferrerPolicy, "strict-origin")
	set("Cross-Origin-Opener-Policy", "same-origin")
	set(resourcePolicy, "same-origin") // the pictures of a shop replace it
	set(fiber.HeaderPermissionsPolicy, "accelerometer=(), browsing-topics=(), camera=(), geolocation=(), "+
		"gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()")
	set(fiber.HeaderCacheControl, noStore)
}

// contentPolicy allows this origin alone, and the pictures of the origins given.
func contentPolicy(pictures []string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " +
		"img-src " + strings.Join(append([]string{"'self'"}, pictures...), " ") +
		"; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
}

// shopHeaders is the middleware that adds what depends on the shop.
func (s *site) shopHeaders(c *fiber.Ctx) error {
	setShopHeaders(c, gate.Shop(c))
	return c.Next()
}

// setShopHeaders lets order pictures come from the shop's storefront, and binds browsers to https for a
// year where the shop is on https.
func setShopHeaders(c *fiber.Ctx, shop portal.Shop) {
	c.Set(fiber.HeaderContentSecurityPolicy, contentPolicy(shop.Origins()))
	if shop.Secure() {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
}
