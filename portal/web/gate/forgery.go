package gate

import (
	"mime"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/shop"
	"postern/portal/validate"
)

// APIPrefix begins the paths that are authenticated by a key in a header, never by a cookie.
const APIPrefix = "/api/"

// RefuseForgery rejects a form that another site made this browser send, and a body that none of our forms
// sends. The API is exempt, since browsers never send its key unasked. So is unsubscribing through a signed
// URL: email programs do that from anywhere (RFC 8058), and no cookie is involved.
func (g *Gate) RefuseForgery(c *fiber.Ctx) error {
	if isSafe(c.Method()) || strings.HasPrefix(c.Path(), APIPrefix) {
		return c.Next()
	}
	if !isOwn(c, Shop(c)) && !strings.HasPrefix(c.Path(), portal.UnsubscribePrefix) {
		return &validate.Error{Kind: validate.Denied, Key: "error.forgery"}
	}
	if !isForm(c) {
		return fiber.ErrUnsupportedMediaType
	}
	if isOfAnother(c) {
		return &validate.Error{Kind: validate.Denied, Key: "error.other_account"}
	}
	return c.Next()
}

// OwnerField is the form field that names the customer whose page the form is on.
const OwnerField = "owner"

// FormOwner returns the name for OwnerField of the signed-in customer or, on the pages of staff, of the
// signed-in person. It is "" for a visitor.
func FormOwner(c *fiber.Ctx) string {
	if IsAdmin(c) {
		s, err := Staff(c)
		if err != nil {
			return ""
		}
		return s.FormOwner()
	}
	s, err := anyShopper(c)
	if err != nil {
		return ""
	}
	return s.FormOwner()
}

// HasOwner reports whether a form names its owner, so that its contents can be bound to one account.
func HasOwner(c *fiber.Ctx) bool { return namedOwner(c) != "" }

// namedOwner returns the owner named in the body of a form. It ignores the query, which anybody can write.
func namedOwner(c *fiber.Ctx) string {
	return string(c.Request().PostArgs().Peek(OwnerField))
}

// isOfAnother reports whether a form comes from the page of a customer other than the one now signed in. A
// visitor's form belongs to no customer yet.
func isOfAnother(c *fiber.Ctx) bool {
	named := namedOwner(c)
	if named == "" {
		return false
	}
	present := FormOwner(c)
	return present != "" && named != present
}

func isSafe(method string) bool {
	return method == fiber.MethodGet || method == fiber.MethodHead || method == fiber.MethodOptions
}

// isOwn trusts Sec-Fetch-Site if it is present; otherwise the Origin must be the shop's own. A client that
// sends neither is not a current browser, and there is nothing to forge. (The semantics are those of
// net/http.CrossOriginProtection, except that the scheme counts too.)
func isOwn(c *fiber.Ctx, shop shop.Shop) bool {
	switch c.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
		origin := c.Get(fiber.HeaderOrigin)
		return origin == "" || isOrigin(shop, origin)
	}
	return false
}

// isOrigin reports whether the shop's portal is served from origin.
func isOrigin(shop shop.Shop, origin string) bool {
	if origin == shop.Origin() {
		return true
	}
	host, found := strings.CutPrefix(origin, schemeOf(shop))
	return found && shop.Answers(host)
}

func schemeOf(shop shop.Shop) string {
	if shop.Secure() {
		return "https://"
	}
	return "http://"
}

// isForm accepts an HTML form, or no body at all. A multipart form must have been read by ReadParts, which
// only routes for files ask for; mail programs may also send one to unsubscribe, and nobody reads that. Forms
// are never compressed. A media type in capitals, which no browser sends, is refused: it would be accepted
// as a form and read as an empty one.
func isForm(c *fiber.Ctx) bool {
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return false
	}
	given := c.Get(fiber.HeaderContentType)
	if given == "" {
		return len(c.BodyRaw()) == 0
	}
	kind, _, err := mime.ParseMediaType(given)
	parts := hasParts(c) || strings.HasPrefix(c.Path(), portal.UnsubscribePrefix)
	return err == nil && strings.HasPrefix(given, kind) &&
		(kind == fiber.MIMEApplicationForm || kind == fiber.MIMEMultipartForm && parts)
}
