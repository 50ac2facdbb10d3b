package shopper

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// arrival is where a sign-in goes on: a path here, or our own page that leads on to the shop, since a form
// must not be redirected to another origin (form-action would stop it after the link is spent).
func arrival(shop portal.Shop, destination string) portal.LocalPath {
	if shop.StorefrontHost(destination) != "" {
		to, _ := portal.PathOf(continuePath)
		return to.With("to", destination)
	}
	return ahead(shop, destination)
}

// ahead is where a shopper goes on who is signed in: a path here, or our own page that leads back to the
// shop with a code.
func ahead(shop portal.Shop, wish string) portal.LocalPath {
	if _, back := shop.ReturnOf(wish); back {
		to, _ := portal.PathOf(wish)
		return to
	}
	to, _ := portal.PathOfWish(wish)
	return to
}

// wished is where the shopper was going: what the page before says, or back to the shop that sent them here.
func wished(c *fiber.Ctx) string {
	if back, ok := returning(c); ok {
		return back.Path()
	}
	return c.FormValue("to")
}

// returning reads the wish of a shop's link to go back there signed in.
func returning(c *fiber.Ctx) (portal.Return, bool) {
	return gate.Shop(c).ReturnTo(c.Query("return_to"), c.Query("code_challenge"))
}

// continuePage leads on to the shop.
type continuePage struct {
	page.Base
	URL, Host string
}

// goOn leads to a page of the shop on another origin, by GET and for allowed origins only. With return_to
// it brings a code along, which tells the shop who this is.
func (h *Handler) goOn(c *fiber.Ctx) error {
	if back, ok := returning(c); ok {
		return h.handOff(c, back)
	}
	target := c.Query("to")
	if gate.Shop(c).StorefrontHost(target) == "" {
		return seeOther(c, portal.Home)
	}
	return h.leadOn(c, target)
}

// handOff issues a code to a signed-in customer; others sign in first. A prefetch gets none: no code is
// issued for a page that nobody looks at.
func (h *Handler) handOff(c *fiber.Ctx, back portal.Return) error {
	if c.Method() != fiber.MethodGet || fetchedAhead(c) {
		return fiber.ErrTooEarly
	}
	shopper, err := gate.Shopper(c)
	if portal.KindOf(err) == portal.SignIn {
		return seeOther(c, withQuery(signInPath, "return_to", back.URL, "code_challenge", back.Challenge, "lang", c.Query("lang")))
	}
	if err != nil {
		return err
	}
	target, err := shopper.HandOff(c.UserContext(), back)
	if err != nil {
		return err
	}
	return h.leadOn(c, target)
}

// fetchedAhead reports a request that a browser makes on the chance that somebody will look at the page.
func fetchedAhead(c *fiber.Ctx) bool {
	return strings.Contains(strings.ToLower(c.Get("Sec-Purpose")+c.Get("Purpose")+c.Get("X-Moz")), "prefetch")
}

func (h *Handler) leadOn(c *fiber.Ctx, target string) error {
	b, err := h.openBase(c, "continue.title")
	if err != nil {
		return err
	}
	if !b.SignedIn { // anyone may open the address
		b.Title = b.T("menu.storefront")
	}
	c.Set("Refresh", "0; url="+target)
	return h.pages.Render(c, fiber.StatusOK, "shopper/continue", continuePage{Base: b, URL: target, Host: b.Shop.StorefrontHost(target)})
}

// setLanguage keeps the language of a signed-in customer and goes back.
func (h *Handler) setLanguage(c *fiber.Ctx) error {
	back := pageBefore(c)
	shopper, err := gate.Shopper(c)
	if err == nil {
		err = shopper.SetLanguage(c.UserContext(), c.FormValue("lang"))
	}
	if portal.KindOf(err) == portal.SignIn {
		return seeOther(c, withQuery(signInPath, "to", back.String(), "lang", c.FormValue("lang")))
	}
	if err != nil {
		return err
	}
	return page.SeeOther(c, back)
}

// pageBefore is the page that a form stands on: any page of ours but those of signing in. The one that
// leads on to the shop looks itself where it may lead.
func pageBefore(c *fiber.Ctx) portal.LocalPath {
	wish := c.FormValue("back")
	if path, _, _ := strings.Cut(wish, "?"); path == continuePath {
		back, _ := portal.PathOf(wish)
		return back
	}
	back, _ := portal.PathOfWish(wish)
	return back
}
