package gate

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/validate"
)

// maxUserAgent is the maximum length of the User-Agent in a portal.Browser, in bytes.
const maxUserAgent = 512

// Visitor returns the visitor with the browser that sent the request. A page of the sign-in calls
// EnsureBrowser first, so that the browser can be recognised.
func Visitor(c *fiber.Ctx) portal.Visitor {
	r := of(c)
	browser := browserOf(c)
	browser.Lang = pageLanguage(c, nil)
	return r.gate.app.Visitor(r.shop, browser)
}

// Browser returns the browser that sent the request, for a use case that signs it in. Its page calls
// EnsureBrowser first.
func Browser(c *fiber.Ctx) credential.Browser { return browserOf(c) }

// Shopper returns the signed-in customer, or a validate.SignIn error. It looks up the session once per
// request. A disabled customer is returned only on a route that is open to one, and a customer whom staff act
// for only on a route that is open to them.
func Shopper(c *fiber.Ctx) (portal.Shopper, error) {
	s, err := anyShopper(c)
	if err == nil && s.Impersonation() != nil {
		return s, admits(s, of(c).openToStaff)
	}
	if r := of(c); err == nil && s.IsClosed() && !r.openToClosed {
		return portal.Shopper{}, r.refuseClosed()
	}
	return s, err
}

// anyShopper is Shopper on any route.
func anyShopper(c *fiber.Ctx) (portal.Shopper, error) {
	r := of(c)
	if r.shopper == nil {
		shopper, err := authenticate(c)
		r.shopper = &authentication{shopper, err}
	}
	return r.shopper.shopper, r.shopper.err
}

// authenticate finds the customer of the request's session.
func authenticate(c *fiber.Ctx) (portal.Shopper, error) {
	r := of(c)
	if as := impersonationOf(c); as != nil && validate.KindOf(as.err) != validate.SignIn {
		return as.shopper, as.err
	}
	cookie := sessionOf(c)
	if cookie == "" || r.gate == nil {
		return portal.Shopper{}, &validate.Error{Kind: validate.SignIn}
	}
	s, err := r.gate.app.Shopper(c.UserContext(), r.shop, cookie)
	if err != nil {
		return s, err
	}
	customer := s.Customer()
	return s.InLanguage(pageLanguage(c, &customer)), nil
}

// pageLanguage returns the language of the page that a form was sent from, or "" for a read request, which
// sends no email.
func pageLanguage(c *fiber.Ctx, customer *customer.Customer) string {
	r := of(c)
	if r.gate == nil || r.gate.language == nil || c.Method() != fiber.MethodPost {
		return ""
	}
	return r.gate.language(c, r.shop, customer)
}

// Feed returns the feed of the API key in the Authorization header (RFC 6750), or a validate.SignIn error. A
// key without the scope is a validate.Denied error.
func Feed(c *fiber.Ctx, scope portal.Scope) (portal.Feed, error) {
	scheme, key, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	key = strings.TrimSpace(key)
	if !strings.EqualFold(scheme, "Bearer") || key == "" {
		return portal.Feed{}, &validate.Error{Kind: validate.SignIn}
	}
	r := of(c)
	feed, err := r.gate.app.Feed(c.UserContext(), r.shop, key)
	if err == nil {
		err = feed.Require(scope)
	}
	if r.address.IsValid() {
		feed = feed.From(r.address.String())
	}
	return feed, err
}

// Param returns a path parameter, unescaped. It returns validate.NotFound if its escapes are malformed.
func Param(c *fiber.Ctx, name string) (string, error) {
	value, err := url.PathUnescape(c.Params(name))
	if err != nil {
		return "", &validate.Error{Kind: validate.NotFound, Cause: err}
	}
	return value, nil
}

func browserOf(c *fiber.Ctx) credential.Browser {
	return credential.Browser{
		Secret:    secretOf(c),
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
