package admin

import (
	"cmp"
	"html/template"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/bank"
	"postern/portal/merchant"
	"postern/portal/shop"
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
	To       string
	Passkey  *passkeyForm // nil without a passkey that works here
	App      bool
	Recovery bool
	Other    string // path of the page for the other kind of code
	// Elsewhere says that the person's passkeys no longer work, or "".
	Elsewhere string
}

func (h *Handler) factor(c *fiber.Ctx, half merchant.Candidate) error {
	if !half.HasFactor() {
		return page.To(c, page.WithQuery(enrolPath, "lang", c.Query("lang"), "to", destinationOf(c)))
	}
	return h.showFactor(c, half, nil)
}

func (h *Handler) showFactor(c *fiber.Ctx, half merchant.Candidate, err error) error {
	b, offer, to := h.visitorBase(c, "factor.title"), half.PasskeyOffer(), destinationOf(c)
	page.SetRetryAfter(c, err)
	data := factorPage{Base: b, Email: half.Member().Email, To: to, App: half.HasApp(),
		Recovery: c.FormValue("with") == "recovery", Elsewhere: elsewhere(b, offer),
		Form: b.Form(page.Values(c, "code"), err), Other: page.WithQuery(factorPath, "to", to, "with", "recovery")}
	if data.Recovery {
		data.Other = page.WithQuery(factorPath, "to", to)
	} else {
		data.Passkey = newPasskeyForm(b, offer, factorPath, halfPasskeyPath, to)
		data.Recovery = data.Passkey == nil && !data.App // nothing else is left
	}
	return h.pages.Render(c, page.Refusal(err), "admin/factor", data)
}

func (h *Handler) enterFactor(c *fiber.Ctx, half merchant.Candidate) error {
	in, err := h.proved(c, half)
	if page.Refused(err) {
		return h.showFactor(c, half, err)
	}
	if err != nil {
		return err
	}
	gate.SetStaffSession(c, in.Cookie, in.MaxAge)
	return page.SeeOther(c, wantedPath(c, half))
}

// proved takes the answer of a passkey or a code, whichever was sent.
func (h *Handler) proved(c *fiber.Ctx, half merchant.Candidate) (merchant.Proven, error) {
	if answer := c.FormValue("answer"); answer != "" {
		return half.EnterPasskey(c.UserContext(), answer)
	}
	return half.EnterCode(c.UserContext(), c.FormValue("code"))
}

// wantedPath returns the page to open after the second factor: the one that was last asked for.
func wantedPath(c *fiber.Ctx, half merchant.Candidate) shop.LocalPath {
	return ownPath(cmp.Or(destinationOf(c), half.Destination()))
}

// enrolPage shows what to add to an authenticator app, and takes its code and the inviter's.
type enrolPage struct {
	page.Base
	Form   page.Form
	Email  string
	Code   bank.Picture
	Link   template.URL // opens an app on the same device; the portal made it
	Key    string       // the secret as one text, to be copied
	Secret []string     // in groups of four characters
	To     string
	Why    string // there are no passkeys, or ""
}

func (h *Handler) enrol(c *fiber.Ctx, half merchant.Candidate) error {
	switch {
	case half.HasFactor():
		return page.To(c, page.WithQuery(factorPath, "to", destinationOf(c)))
	case c.Query("with") == "passkey":
		return h.showEnrolPasskey(c, half, nil)
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
	data := enrolPage{Base: b, Email: half.Member().Email, Code: picture, To: destinationOf(c),
		Link: template.URL(setUp.URL), Key: setUp.Text, //nolint:gosec // TOTPURL escapes what is in it
		Why:  why(b, half.PasskeyOffer()),
		Form: b.Form(page.Values(c, "code", "enrolment"), err).InOrder("code", "enrolment")}
	for text := setUp.Text; text != ""; text = text[min(4, len(text)):] {
		data.Secret = append(data.Secret, text[:min(4, len(text))])
	}
	return h.pages.Render(c, page.Refusal(err), "admin/enrol", data)
}

func (h *Handler) saveEnrolment(c *fiber.Ctx, half merchant.Candidate) error {
	if c.FormValue("with") == "passkey" {
		return h.enrolPasskey(c, half)
	}
	in, err := half.Enrol(c.UserContext(), c.FormValue("enrolment"), c.FormValue("code"))
	return h.enrolled(c, half, in, err, h.showEnrol)
}

// enrolled shows the recovery codes of somebody who has set up a first factor, or the form again.
func (h *Handler) enrolled(c *fiber.Ctx, half merchant.Candidate, in merchant.Proven, err error,
	again func(*fiber.Ctx, merchant.Candidate, error) error) error {
	switch {
	case validate.KeyOf(err) == "factor.exists": // set up from another browser just now
		return page.To(c, factorPath)
	case page.Refused(err):
		return again(c, half, err)
	case err != nil:
		return err
	}
	gate.SetStaffSession(c, in.Cookie, in.MaxAge)
	if len(in.Codes) == 0 {
		return page.To(c, securityPath)
	}
	b := h.visitorBase(c, "recovery.title")
	return h.pages.Render(c, fiber.StatusOK, "admin/recovery", recoveryPage{Base: b, Codes: in.Codes,
		Next: wantedPath(c, half).String()})
}

// recoveryPage shows recovery codes once.
type recoveryPage struct {
	page.Base
	Codes []string
	Next  string
}

// Together returns the codes one below the other, to copy them.
func (p recoveryPage) Together() string { return strings.Join(p.Codes, "\n") }
