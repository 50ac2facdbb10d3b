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
	return localOr(destination, portal.Home)
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

// goOn leads to a page of the shop on another origin, by GET and for allowed origins only.
func (h *Handler) goOn(c *fiber.Ctx) error {
	target := c.Query("to")
	host, ok := storefront(gate.Shop(c), target)
	if !ok {
		return seeOther(c, portal.Home)
	}
	c.Set("Refresh", "0; url="+target)
	return h.pages.Render(c, fiber.StatusOK, "shopper/continue", continuePage{
		Base: h.visitorBase(c, "continue.title"), URL: target, Host: host,
	})
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
