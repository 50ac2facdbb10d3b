package shopper

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// localOr returns wish if it is a path that every browser keeps on this origin, and else the other path.
func localOr(wish, other string) string {
	if !strings.HasPrefix(wish, "/") || strings.HasPrefix(wish, "//") || strings.ContainsFunc(wish, straying) {
		return other
	}
	u, err := url.Parse(wish)
	if err != nil || u.Host != "" || u.Path == signInPath || strings.HasPrefix(u.Path, signInPath+"/") || u.Path == "/sign-out" {
		return other
	}
	return wish
}

// straying finds what browsers strip from an address or turn around in it.
func straying(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }

// arrival is where a sign-in goes on: a path here, or our own page that leads on to the shop, since a form must not be
// redirected to another origin (form-action would stop it after the link is spent).
func arrival(shop portal.Shop, destination string) string {
	if _, leaves := storefront(shop, destination); leaves {
		return withQuery(continuePath, "to", destination)
	}
	return ahead(shop, destination)
}

// ahead is where a shopper goes on who is signed in: a path here, or our own page that leads back to the shop with a code.
func ahead(shop portal.Shop, wish string) string {
	if _, back := shop.ReturnOf(wish); back {
		return wish
	}
	return localOr(wish, portal.Home)
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

// storefront accepts a URL on one of the shop's other origins, and gives its host.
func storefront(shop portal.Shop, text string) (host string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Host == "" || strings.ContainsFunc(text, straying) {
		return "", false
	}
	origin := u.Scheme + "://" + strings.ToLower(u.Host)
	return u.Hostname(), origin != shop.Origin() && shop.ServesOrigin(origin)
}

// continuePage leads on to the shop.
type continuePage struct {
	page.Base
	URL, Host string
}

// goOn leads to a page of the shop on another origin, by GET and for allowed origins only. With return_to it brings a code
// along, which tells the shop who this is.
func (h *Handler) goOn(c *fiber.Ctx) error {
	if back, ok := returning(c); ok {
		return h.handOff(c, back)
	}
	target := c.Query("to")
	host, ok := storefront(gate.Shop(c), target)
	if !ok {
		return seeOther(c, portal.Home)
	}
	return h.leadOn(c, target, host)
}

// handOff makes the code of who is signed in; who is not signs in first. What is only fetched ahead makes none: a code is
// not made for a page that nobody looks at.
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
	host, _ := storefront(gate.Shop(c), back.URL)
	return h.leadOn(c, target, host)
}

// fetchedAhead reports a request that a browser makes on the chance that somebody will look at the page.
func fetchedAhead(c *fiber.Ctx) bool {
	return strings.Contains(strings.ToLower(c.Get("Sec-Purpose")+c.Get("Purpose")+c.Get("X-Moz")), "prefetch")
}

func (h *Handler) leadOn(c *fiber.Ctx, target, host string) error {
	b, err := h.openBase(c, "continue.title")
	if err != nil {
		return err
	}
	if !b.SignedIn { // anyone may open the address
		b.Title = b.T("menu.storefront")
	}
	c.Set("Refresh", "0; url="+target)
	return h.pages.Render(c, fiber.StatusOK, "shopper/continue", continuePage{Base: b, URL: target, Host: host})
}

// setLanguage keeps the language of a signed-in customer and goes back.
func (h *Handler) setLanguage(c *fiber.Ctx) error {
	back := localOr(c.FormValue("back"), portal.Home)
	shopper, err := gate.Shopper(c)
	if err == nil {
		err = shopper.SetLanguage(c.UserContext(), c.FormValue("lang"))
	}
	if portal.KindOf(err) == portal.SignIn {
		return seeOther(c, withQuery(signInPath, "to", back, "lang", c.FormValue("lang")))
	}
	if err != nil {
		return err
	}
	return seeOther(c, back)
}
