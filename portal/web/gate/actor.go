package gate

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
)

// maxUserAgent is the most bytes of the User-Agent header that a portal.Browser carries.
const maxUserAgent = 512

// Visitor is someone not signed in, in the browser that sent the request. A page that signs someone in calls
// EnsureBrowser first, so that the visitor has a browser to be known by.
func Visitor(c *fiber.Ctx) portal.Visitor {
	r := of(c)
	browser := browserOf(c)
	browser.Lang = pageLanguage(c, nil)
	return r.gate.app.Visitor(r.shop, browser)
}

// Browser is the browser that sent the request, for a use-case that signs it in. Its page calls
// EnsureBrowser first.
func Browser(c *fiber.Ctx) portal.Browser { return browserOf(c) }

// Shopper is the signed-in customer, or a SignIn error. The session is looked up once per request.
func Shopper(c *fiber.Ctx) (portal.Shopper, error) {
	r := of(c)
	if r.shopper == nil {
		shopper, err := admit(c)
		r.shopper = &admission{shopper, err}
	}
	return r.shopper.shopper, r.shopper.err
}

func admit(c *fiber.Ctx) (portal.Shopper, error) {
	r := of(c)
	cookie := sessionOf(c)
	if cookie == "" || r.gate == nil {
		return portal.Shopper{}, &portal.Error{Kind: portal.SignIn}
	}
	s, err := r.gate.app.Shopper(c.UserContext(), r.shop, cookie)
	if err != nil {
		return s, err
	}
	customer := s.Customer()
	return s.On(pageLanguage(c, &customer)), nil
}

// pageLanguage is the language of the page that a form was sent from, "" for a request that only looks: it
// causes no email.
func pageLanguage(c *fiber.Ctx, customer *portal.Customer) string {
	r := of(c)
	if r.gate == nil || r.gate.language == nil || c.Method() != fiber.MethodPost {
		return ""
	}
	return r.gate.language(c, r.shop, customer)
}

// Feed is the machine whose key the Authorization header carries (RFC 6750), or a SignIn error.
func Feed(c *fiber.Ctx) (portal.Feed, error) {
	scheme, key, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	key = strings.TrimSpace(key)
	if !strings.EqualFold(scheme, "Bearer") || key == "" {
		return portal.Feed{}, &portal.Error{Kind: portal.SignIn}
	}
	r := of(c)
	return r.gate.app.Feed(c.UserContext(), r.shop, key)
}

// Param is a path parameter, unescaped. It is NotFound when its escapes are broken.
func Param(c *fiber.Ctx, name string) (string, error) {
	value, err := url.PathUnescape(c.Params(name))
	if err != nil {
		return "", &portal.Error{Kind: portal.NotFound, Cause: err}
	}
	return value, nil
}

func browserOf(c *fiber.Ctx) portal.Browser {
	return portal.Browser{
		Secret:    browserCookieOf(c).secret,
		UserAgent: clip(c.Get(fiber.HeaderUserAgent), maxUserAgent),
		IP:        of(c).address,
	}
}

func clip(text string, size int) string {
	if len(text) > size {
		text = text[:size]
	}
	return strings.ToValidUTF8(text, "")
}
