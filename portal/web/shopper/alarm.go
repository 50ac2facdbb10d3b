package shopper

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const alarmPath = "/sign-in/not-me"

// alarmPage opens from the "this wasn't me" link in the email about a new sign-in.
type alarmPage struct {
	page.Base
	Token, Masked string // masked email, "" if the link is damaged or has expired
}

// alarm shows the button. Opening the page has no effect, because mail scanners open links too.
func (h *Handler) alarm(c *fiber.Ctx) error {
	token := c.Params("*")
	found, err := gate.Visitor(c).RevokePage(c.UserContext(), token)
	if err != nil {
		return err
	}
	if found.Masked == "" {
		return h.alarmGone(c)
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/not-me", alarmPage{
		Base: h.visitorBase(c, "sign_out_everywhere.title"), Token: token, Masked: found.Masked,
	})
}

// raiseAlarm ends all sessions and invalidates all links and codes of the address.
func (h *Handler) raiseAlarm(c *fiber.Ctx) error {
	err := gate.Visitor(c).RevokeAccess(c.UserContext(), c.FormValue("token"))
	if validate.KindOf(err) == validate.Gone {
		return h.alarmGone(c)
	}
	if err != nil {
		return err
	}
	gate.ClearSession(c)
	return seeOther(c, withQuery(signInPath, "lang", c.FormValue("lang"), "done", "signed_out_everywhere"))
}

func (h *Handler) alarmGone(c *fiber.Ctx) error {
	return h.pages.Render(c, fiber.StatusGone, "shopper/not-me",
		alarmPage{Base: h.visitorBase(c, "sign_out_everywhere.gone.title")})
}
