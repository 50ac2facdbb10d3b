package shopper

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	emailPath     = "/profile/email"
	emailCodePath = "/profile/email/code"
	undoEmailPath = "/sign-in/undo-email"
)

func (h *Handler) emailChangeRoutes() []gate.Route {
	return []gate.Route{
		gate.Get(gate.StepUp, emailPath, fresh(h.email)),
		gate.Post(gate.StepUp, emailPath, fresh(h.askEmail)),
		gate.Get(gate.StepUp, emailCodePath, fresh(h.emailCode)),
		gate.Post(gate.StepUp, emailCodePath, page.InSteps(h.refusalStep, fresh(h.enterEmailCode))),
		gate.Get(gate.Public, undoEmailPath, h.lostLink),
		gate.Post(gate.Public, undoEmailPath, h.undoEmail),
		gate.Get(gate.Public, undoEmailPath+"/*", h.emailUndo),
	}
}

// emailPage asks for the account's new email.
type emailPage struct {
	page.Base
	Form page.Form
}

func (h *Handler) email(c *fiber.Ctx, s portal.Shopper) error {
	return h.showEmail(c, s, nil)
}

func (h *Handler) showEmail(c *fiber.Ctx, s portal.Shopper, err error) error {
	b := h.base(c, s, "profile", "email_change.title")
	return h.pages.Render(c, refusal(err), "shopper/email",
		emailPage{Base: b, Form: b.Form(page.Values(c, "email"), err)})
}

// askEmail sends a code to the new email. As for a sign-in, the browser's cookie keeps the email until the
// code is entered, so that it appears in no URL and the code page can be reloaded.
func (h *Handler) askEmail(c *fiber.Ctx, s portal.Shopper) error {
	pending, err := s.RequestEmailChange(c.UserContext(), c.FormValue("email"))
	switch {
	case refused(err):
		return h.showEmail(c, s, err)
	case err != nil:
		return err
	}
	gate.SetPending(c, pending.Email)
	return seeOther(c, emailCodePath)
}

// emailCodePage takes the code that was sent to the new email.
type emailCodePage struct {
	page.Base
	Form    page.Form
	Address string
}

func (h *Handler) emailCode(c *fiber.Ctx, s portal.Shopper) error {
	return h.showEmailCode(c, s, nil)
}

func (h *Handler) showEmailCode(c *fiber.Ctx, s portal.Shopper, err error) error {
	address, known := validate.CanonicalEmail(gate.Pending(c))
	if !known || address == s.Customer().Email {
		return seeOther(c, emailPath)
	}
	b := h.base(c, s, "profile", "email_change.code.title")
	return h.pages.Render(c, refusal(err), "shopper/email-code", emailCodePage{
		Base: b, Form: b.Form(page.Values(c, "code"), err), Address: address,
	})
}

// enterEmailCode changes the email and starts a new session in this browser.
func (h *Handler) enterEmailCode(c *fiber.Ctx, s portal.Shopper) error {
	gate.EnsureBrowser(c)
	in, err := s.ChangeEmail(c.UserContext(), gate.Pending(c), c.FormValue("code"), gate.Browser(c))
	switch {
	case refused(err):
		return h.showEmailCode(c, s, err)
	case err != nil:
		return err
	}
	gate.SetSession(c, in)
	return done(c, profilePath, "email.changed")
}

// emailUndoPage opens from the undo link in the message to the previous email. OldEmail is "" if the link is
// damaged or has expired.
type emailUndoPage struct {
	page.Base
	Token, OldEmail, NewEmail string
}

// emailUndo shows the button. Opening the page has no effect, because mail scanners open links too.
func (h *Handler) emailUndo(c *fiber.Ctx) error {
	token := c.Params("*")
	found, err := gate.Visitor(c).EmailUndo(c.UserContext(), token)
	if err != nil {
		return err
	}
	if found.OldEmail == "" {
		return h.emailUndoGone(c)
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/undo-email", emailUndoPage{
		Base: h.visitorBase(c, "email_restore.title"), Token: token, OldEmail: found.OldEmail,
		NewEmail: found.NewEmail,
	})
}

// undoEmail restores the previous email and signs out this browser too.
func (h *Handler) undoEmail(c *fiber.Ctx) error {
	err := gate.Visitor(c).UndoEmailChange(c.UserContext(), c.FormValue("token"))
	if validate.KindOf(err) == validate.Gone {
		return h.emailUndoGone(c)
	}
	if err != nil {
		return err
	}
	gate.ClearSession(c)
	return seeOther(c, withQuery(signInPath, "lang", c.FormValue("lang"), "done", "email.restored"))
}

func (h *Handler) emailUndoGone(c *fiber.Ctx) error {
	return h.pages.Render(c, fiber.StatusGone, "shopper/undo-email",
		emailUndoPage{Base: h.visitorBase(c, "email_restore.gone.title")})
}
