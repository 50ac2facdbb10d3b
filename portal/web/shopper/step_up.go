package shopper

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	confirmPath     = "/security/confirm"
	confirmSendPath = "/security/confirm/send"
)

func (h *Handler) stepUpRoutes() []gate.Route {
	return []gate.Route{
		gate.Get(gate.Customer, confirmPath, signedIn(h.confirm)),
		gate.Post(gate.Customer, confirmPath, page.InSteps(h.refusalStep, signedIn(h.enterConfirm))),
		gate.Post(gate.Customer, confirmSendPath, signedIn(h.sendConfirm)),
	}
}

// fresh passes a customer who entered a code recently to a handler and redirects anyone else to the page
// that asks for a code. A form and its page share one path, since that is where the customer returns after
// entering the code.
func fresh(next func(*fiber.Ctx, portal.Shopper) error) fiber.Handler {
	return signedIn(func(c *fiber.Ctx, s portal.Shopper) error {
		if !s.RecentlyVerified() {
			return &validate.Error{Kind: validate.StepUp, Key: "error.challenge"}
		}
		return next(c, s)
	})
}

// confirmPage asks for a code that was sent to the customer's own mailbox.
type confirmPage struct {
	page.Base
	Form   page.Form
	Masked string
	To     string // the page that requires the code
	Sent   bool
}

func (h *Handler) confirm(c *fiber.Ctx, s portal.Shopper) error {
	if s.RecentlyVerified() {
		return page.SeeOther(c, confirmed(c.Query("to")))
	}
	return h.showConfirm(c, s, nil)
}

func (h *Handler) showConfirm(c *fiber.Ctx, s portal.Shopper, err error) error {
	data := confirmPage{
		Base: h.base(c, s, "", "challenge.title"), Masked: validate.MaskEmail(s.Customer().Email),
		To: c.FormValue("to"), Sent: c.FormValue("sent") != "",
	}
	data.CurrentURL = withQuery(confirmPath, "to", data.To, "sent", yes(data.Sent))
	data.Form = data.Base.Form(page.Values(c, "code"), err)
	return h.pages.Render(c, refusal(err), "shopper/confirm", data)
}

func (h *Handler) sendConfirm(c *fiber.Ctx, s portal.Shopper) error {
	err := s.RequestCode(c.UserContext())
	switch {
	case refused(err):
		return h.showConfirm(c, s, err)
	case err != nil:
		return err
	}
	return seeOther(c, withQuery(confirmPath, "to", c.FormValue("to"), "sent", "yes"))
}

func (h *Handler) enterConfirm(c *fiber.Ctx, s portal.Shopper) error {
	err := s.EnterCode(c.UserContext(), c.FormValue("code"))
	switch {
	case refused(err):
		return h.showConfirm(c, s, err)
	case err != nil:
		return err
	}
	return page.SeeOther(c, confirmed(c.FormValue("to")))
}

// confirmed returns the destination after the code has been entered.
func confirmed(wish string) shop.LocalPath {
	to, ok := shop.ParseRequestedPath(wish)
	if !ok {
		to, _ = shop.ParsePath(securityPath)
	}
	return to
}
