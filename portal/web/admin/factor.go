package admin

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/bank"
	"postern/portal/merchant"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	factorPath = "/admin/sign-in/factor"
	enrolPath  = "/admin/sign-in/enrol"
)

func (h *Handler) factorRoutes() []gate.Route {
	return []gate.Route{
		gate.Get(gate.StaffHalf, factorPath, halfWay(h.factor)),
		gate.Post(gate.StaffHalf, factorPath, halfWay(h.enterFactor)),
		gate.Get(gate.StaffHalf, enrolPath, halfWay(h.enrol)),
		gate.Post(gate.StaffHalf, enrolPath, halfWay(h.saveEnrolment)),
	}
}

// halfWay passes somebody who has used a link to a handler.
func halfWay(next func(*fiber.Ctx, merchant.Candidate) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		half, err := gate.Candidate(c)
		if err != nil {
			return err
		}
		return next(c, half)
	}
}

// factorPage asks for a code of the authenticator app or for a recovery code.
type factorPage struct {
	page.Base
	Form     page.Form
	Email    string
	Recovery bool
	Other    string // path of the page for the other kind of code
}

func (h *Handler) factor(c *fiber.Ctx, half merchant.Candidate) error {
	if !half.HasFactor() {
		return page.To(c, page.WithQuery(enrolPath, "lang", c.Query("lang")))
	}
	return h.showFactor(c, half, nil)
}

func (h *Handler) showFactor(c *fiber.Ctx, half merchant.Candidate, err error) error {
	b := h.visitorBase(c, "factor.title")
	page.SetRetryAfter(c, err)
	data := factorPage{Base: b, Email: half.Member().Email, Recovery: c.FormValue("with") == "recovery",
		Form: b.Form(page.Values(c, "code"), err), Other: page.WithQuery(factorPath, "with", "recovery")}
	if data.Recovery {
		data.Other = factorPath
	}
	return h.pages.Render(c, page.Refusal(err), "admin/factor", data)
}

func (h *Handler) enterFactor(c *fiber.Ctx, half merchant.Candidate) error {
	in, err := half.EnterCode(c.UserContext(), c.FormValue("code"))
	if page.Refused(err) {
		return h.showFactor(c, half, err)
	}
	if err != nil {
		return err
	}
	gate.SetStaffSession(c, in.Cookie, in.MaxAge)
	return page.SeeOther(c, ownPath(half.Destination()))
}

// enrolPage shows what to add to an authenticator app, and takes its code and the inviter's.
type enrolPage struct {
	page.Base
	Form   page.Form
	Email  string
	Code   bank.Picture
	Secret []string // in groups of four characters
}

func (h *Handler) enrol(c *fiber.Ctx, half merchant.Candidate) error {
	if half.HasFactor() {
		return page.To(c, factorPath)
	}
	return h.showEnrol(c, half, nil)
}

func (h *Handler) showEnrol(c *fiber.Ctx, half merchant.Candidate, err error) error {
	setUp, bad := half.SetUp()
	if bad != nil {
		return bad
	}
	picture, bad := bank.QR(setUp.URL)
	if bad != nil {
		return bad
	}
	b := h.visitorBase(c, "enrol.title")
	data := enrolPage{Base: b, Email: half.Member().Email, Code: picture,
		Form: b.Form(page.Values(c, "code", "enrolment"), err).InOrder("code", "enrolment")}
	for text := setUp.Text; text != ""; text = text[min(4, len(text)):] {
		data.Secret = append(data.Secret, text[:min(4, len(text))])
	}
	return h.pages.Render(c, page.Refusal(err), "admin/enrol", data)
}

func (h *Handler) saveEnrolment(c *fiber.Ctx, half merchant.Candidate) error {
	in, err := half.Enrol(c.UserContext(), c.FormValue("enrolment"), c.FormValue("code"))
	switch {
	case validate.KindOf(err) == validate.Conflict: // set up from another browser just now
		return page.To(c, factorPath)
	case page.Refused(err):
		return h.showEnrol(c, half, err)
	case err != nil:
		return err
	}
	gate.SetStaffSession(c, in.Cookie, in.MaxAge)
	if len(in.Codes) == 0 {
		return page.To(c, securityPath)
	}
	b := h.visitorBase(c, "recovery.title")
	return h.pages.Render(c, fiber.StatusOK, "admin/recovery", recoveryPage{Base: b, Codes: in.Codes,
		Next: ownPath(half.Destination()).String()})
}

// recoveryPage shows recovery codes once.
type recoveryPage struct {
	page.Base
	Codes []string
	Next  string
}
