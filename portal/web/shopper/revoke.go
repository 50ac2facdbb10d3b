package shopper

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const revokePath = "/sign-in/not-me"

// revokePage opens from the "this wasn't me" link in the email about a new sign-in.
type revokePage struct {
	page.Base
	Token, Masked string // masked email, "" if the link is damaged or has expired
}

// showRevoke shows the button. Opening the page has no effect, because mail scanners open links too.
func (h *Handler) showRevoke(c *fiber.Ctx) error {
	token := c.Params("*")
	found, err := gate.Visitor(c).RevokePage(c.UserContext(), token)
	if err != nil {
		return err
	}
	if found.Masked == "" {
		return h.revokeGone(c)
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/not-me", revokePage{
		Base: h.visitorBase(c, "sign_out_everywhere.title"), Token: token, Masked: found.Masked,
	})
}

// revoke ends all sessions and invalidates all links and codes of the address.
func (h *Handler) revoke(c *fiber.Ctx) error {
	err := gate.Visitor(c).RevokeAccess(c.UserContext(), c.FormValue("token"))
	if validate.KindOf(err) == validate.Gone {
		return h.revokeGone(c)
	}
	if err != nil {
		return err
	}
	gate.ClearSession(c)
	return seeOther(c, withQuery(signInPath, "lang", c.FormValue("lang"), "done", "signed_out_everywhere"))
}

func (h *Handler) revokeGone(c *fiber.Ctx) error {
	return h.pages.Render(c, fiber.StatusGone, "shopper/not-me",
		revokePage{Base: h.visitorBase(c, "sign_out_everywhere.gone.title")})
}
