package shopper

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// postSignInURL returns the path that follows a sign-in: a local path, or our own page that continues to the
// shop. A form must not redirect to another origin, because form-action would block it after the link has
// been spent.
func postSignInURL(sh shop.Shop, destination string) shop.LocalPath {
	if sh.StorefrontHost(destination) != "" {
		to, _ := shop.ParsePath(continuePath)
		return to.With("to", destination)
	}
	return landingURL(sh, destination)
}

// landingURL returns the path for a customer who is already signed in: a local path, or our own page that
// returns to the shop with a code.
func landingURL(sh shop.Shop, wish string) shop.LocalPath {
	if _, back := sh.ReturnOf(wish); back {
		to, _ := shop.ParsePath(wish)
		return to
	}
	to, _ := shop.ParseRequestedPath(wish)
	return to
}

// requestedURL returns the shopper's destination: the shop that sent them here, otherwise the one in the form
// or query.
func requestedURL(c *fiber.Ctx) string {
	if back, ok := returning(c); ok {
		return back.Path()
	}
	return c.FormValue("to")
}

// returning reads a shop's request to send the signed-in customer back.
func returning(c *fiber.Ctx) (shop.Return, bool) {
	return gate.Shop(c).ReturnTo(c.Query("return_to"), c.Query("code_challenge"))
}

// continuePage links to the shop.
type continuePage struct {
	page.Base
	URL, Host string
}

// continueTo continues to a page of the shop on another origin, by GET and for allowed origins only. With
// return_to it adds a code that identifies the customer to the shop.
func (h *Handler) continueTo(c *fiber.Ctx) error {
	if back, ok := returning(c); ok {
		return h.handOff(c, back)
	}
	target := c.Query("to")
	if gate.Shop(c).StorefrontHost(target) == "" {
		return seeOther(c, shop.Home)
	}
	return h.redirectOut(c, target)
}

// handOff issues a code to a signed-in customer; others sign in first. A prefetch gets no code because
// nobody may ever see the page.
func (h *Handler) handOff(c *fiber.Ctx, back shop.Return) error {
	if c.Method() != fiber.MethodGet || fetchedAhead(c) {
		return fiber.ErrTooEarly
	}
	shopper, err := gate.Shopper(c)
	if validate.KindOf(err) == validate.SignIn {
		return seeOther(c, withQuery(signInPath, "return_to", back.URL, "code_challenge", back.Challenge,
			"lang", c.Query("lang")))
	}
	if err != nil {
		return err
	}
	target, err := shopper.HandOff(c.UserContext(), back)
	if err != nil {
		return err
	}
	return h.redirectOut(c, target)
}

// fetchedAhead reports whether the browser is prefetching the page.
func fetchedAhead(c *fiber.Ctx) bool {
	return strings.Contains(strings.ToLower(c.Get("Sec-Purpose")+c.Get("Purpose")+c.Get("X-Moz")), "prefetch")
}

func (h *Handler) redirectOut(c *fiber.Ctx, target string) error {
	b, err := h.openBase(c, "continue.title")
	if err != nil {
		return err
	}
	if !b.SignedIn { // anyone may open this URL
		b.Title = b.T("menu.storefront")
	}
	c.Set("Refresh", "0; url="+target)
	return h.pages.Render(c, fiber.StatusOK, "shopper/continue",
		continuePage{Base: b, URL: target, Host: b.Shop.StorefrontHost(target)})
}

// setLanguage saves the language of a signed-in customer and returns to the previous page.
func (h *Handler) setLanguage(c *fiber.Ctx) error {
	back := pageBefore(c)
	shopper, err := gate.Shopper(c)
	if err == nil {
		err = shopper.SetLanguage(c.UserContext(), c.FormValue("lang"))
	}
	if validate.KindOf(err) == validate.SignIn {
		return seeOther(c, withQuery(signInPath, "to", back.String(), "lang", c.FormValue("lang")))
	}
	if err != nil {
		return err
	}
	return page.SeeOther(c, back)
}

// pageBefore returns the page that holds the form. It accepts any local page except those of the sign-in.
// continuePath is accepted with any target, since that page checks the target itself.
func pageBefore(c *fiber.Ctx) shop.LocalPath {
	wish := c.FormValue("back")
	if path, _, _ := strings.Cut(wish, "?"); path == continuePath {
		back, _ := shop.ParsePath(wish)
		return back
	}
	back, _ := shop.ParseRequestedPath(wish)
	return back
}
