package gate

import (
	"mime"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
)

// APIPrefix begins the paths that answer to a key in a header, never to a cookie.
const APIPrefix = "/api/"

// RefuseForgery refuses a form that another site made this browser send, and a body that no form of ours
// sends. The API is exempt: no browser sends its key by itself. So is taking back a consent by a signed
// address, which mail programs do from anywhere (RFC 8058) and no cookie has a part in.
func (g *Gate) RefuseForgery(c *fiber.Ctx) error {
	if isSafe(c.Method()) || strings.HasPrefix(c.Path(), APIPrefix) {
		return c.Next()
	}
	if !isOwn(c, Shop(c)) && !strings.HasPrefix(c.Path(), portal.UnsubscribePrefix) {
		return &portal.Error{Kind: portal.Denied, Key: "error.forgery"}
	}
	if !isForm(c) {
		return fiber.ErrUnsupportedMediaType
	}
	if isOfAnother(c) {
		return &portal.Error{Kind: portal.Denied, Key: "error.other_account"}
	}
	return c.Next()
}

// OwnerField is the field by which each form of a customer's page names its owner.
const OwnerField = "owner"

// FormOwner names the signed-in customer in the forms of a page, "" for a visitor.
func FormOwner(c *fiber.Ctx) string {
	s, err := Shopper(c)
	if err != nil {
		return ""
	}
	return s.FormOwner()
}

// HasOwner reports whether a form names its owner: what was typed into it can be bound to one account.
func HasOwner(c *fiber.Ctx) bool { return namedOwner(c) != "" }

// namedOwner is the owner that a form names in its body. The address of a page is anybody's to write.
func namedOwner(c *fiber.Ctx) string {
	if owner := c.Request().PostArgs().Peek(OwnerField); len(owner) > 0 {
		return string(owner)
	}
	form, err := c.MultipartForm()
	if err != nil || len(form.Value[OwnerField]) == 0 {
		return ""
	}
	return form.Value[OwnerField][0]
}

// isOfAnother reports whether a form comes from a page of another customer than the one who is signed in by
// now. The form of a visitor belongs to nobody yet.
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

// isOwn believes Sec-Fetch-Site where there is one; else the Origin must be the shop's own. With neither it
// is no browser of these years, and there is nothing to forge. (The semantics of
// net/http.CrossOriginProtection, but the scheme counts too.)
func isOwn(c *fiber.Ctx, shop portal.Shop) bool {
	switch c.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
		origin := c.Get(fiber.HeaderOrigin)
		return origin == "" || isOrigin(shop, origin)
	}
	return false
}

// isOrigin reports whether the shop's portal is served under origin.
func isOrigin(shop portal.Shop, origin string) bool {
	if origin == shop.Origin() {
		return true
	}
	host, found := strings.CutPrefix(origin, schemeOf(shop))
	return found && shop.Answers(host)
}

func schemeOf(shop portal.Shop) string {
	if shop.Secure() {
		return "https://"
	}
	return "http://"
}

// isForm accepts the two encodings of an HTML form, and no body at all. A compressed body is none of a
// form's; and a type in capitals, which no browser writes, would be taken for a form and read as an empty
// one.
func isForm(c *fiber.Ctx) bool {
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return false
	}
	given := c.Get(fiber.HeaderContentType)
	if given == "" {
		return len(c.BodyRaw()) == 0
	}
	kind, _, err := mime.ParseMediaType(given)
	return err == nil && strings.HasPrefix(given, kind) && (kind == fiber.MIMEApplicationForm || kind == fiber.MIMEMultipartForm)
}
