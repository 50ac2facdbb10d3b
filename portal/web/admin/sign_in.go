package admin

import (
	"cmp"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/credential"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	homePath      = gate.AdminPath
	signInPath    = "/admin/sign-in"
	codePath      = "/admin/sign-in/code"
	againPath     = "/admin/sign-in/again"
	linkPath      = "/admin/sign-in/link"
	linkAgainPath = "/admin/sign-in/link/again"
	signOutPath   = "/admin/sign-out"
	languagePath  = "/admin/language"
)

func (h *Handler) signInRoutes() []gate.Route {
	return []gate.Route{
		gate.Get(gate.Public, signInPath, h.signIn),
		gate.Post(gate.Public, signInPath, h.ask),
		gate.Post(gate.Public, againPath, h.askAgain),
		gate.Get(gate.Public, codePath, h.code),
		gate.Post(gate.Public, codePath, page.InSteps(h.refusalStep, h.enterCode)),
		gate.Get(gate.Public, linkPath, h.lostLink),
		gate.Post(gate.Public, linkPath, h.redeem),
		gate.Post(gate.Public, linkAgainPath, h.askByLink),
		gate.Get(gate.Public, linkPath+"/*", h.link),
		gate.Post(gate.Public, signOutPath, h.signOut),
	}
}

// signInPage asks for the email address.
type signInPage struct {
	page.Base
	Form page.Form
	To   string
}

// signIn shows the address field. Somebody who is signed in, or halfway, is led on.
func (h *Handler) signIn(c *fiber.Ctx) error {
	if _, err := gate.Staff(c); err == nil {
		return page.SeeOther(c, ownPath(c.Query("to")))
	} else if validate.KindOf(err) != validate.SignIn {
		return err
	}
	if _, err := gate.Candidate(c); err == nil && c.Query("done") == "" {
		return page.To(c, page.WithQuery(factorPath, "lang", c.Query("lang"), "to", destinationOf(c)))
	} else if err != nil && validate.KindOf(err) != validate.SignIn {
		return err
	}
	gate.EnsureBrowser(c)
	return h.showSignIn(c, nil)
}

func (h *Handler) showSignIn(c *fiber.Ctx, err error) error {
	b := h.visitorBase(c, "admin.sign_in.title")
	page.SetRetryAfter(c, err)
	values := page.Values(c, "email")
	if err == nil {
		values = map[string]string{"email": gate.Typed(c)}
	}
	return h.pages.Render(c, page.Refusal(err), "admin/sign-in", signInPage{Base: b, Form: b.Form(values, err),
		To: destinationOf(c)})
}

// ask requests the sign-in email. The answer is the same for every well-formed address.
func (h *Handler) ask(c *fiber.Ctx) error {
	gate.EnsureBrowser(c)
	lang := h.visitorBase(c, "admin.sign_in.title").L.Lang()
	_, err := gate.Visitor(c).RequestStaffLink(c.UserContext(), c.FormValue("email"), destinationOf(c), lang)
	if page.Refused(err) {
		return h.showSignIn(c, err)
	}
	if err == nil {
		gate.SetTyped(c, strings.TrimSpace(c.FormValue("email")))
	}
	return h.wait(c, "", err)
}

func (h *Handler) askAgain(c *fiber.Ctx) error {
	gate.EnsureBrowser(c)
	if gate.Pending(c) == "" {
		return page.To(c, signInPath)
	}
	lang := h.visitorBase(c, "admin.sign_in.title").L.Lang()
	_, err := gate.Visitor(c).RequestStaffLink(c.UserContext(), gate.Pending(c), destinationOf(c), lang)
	if page.Refused(err) {
		return h.showCode(c, err)
	}
	return h.wait(c, "email.resent", err)
}

func (h *Handler) wait(c *fiber.Ctx, confirmation string, err error) error {
	if err != nil {
		return err
	}
	return page.To(c, page.WithQuery(codePath, "asked", "yes", "lang", c.FormValue("lang"), "to",
		destinationOf(c),
		"done", confirmation))
}

// destinationOf returns the page of staff that the request names to be opened after the sign-in, or "".
func destinationOf(c *fiber.Ctx) string {
	to := ownPath(c.FormValue("to")).String()
	if to == homePath || strings.HasPrefix(to, signInPath) {
		return ""
	}
	return to
}

// codePage shows the address and takes the code from the email.
type codePage struct {
	page.Base
	Form    page.Form
	Address string
	Back    string
	To      string
}

func (h *Handler) code(c *fiber.Ctx) error { return h.showCode(c, nil) }

func (h *Handler) showCode(c *fiber.Ctx, err error) error {
	email, known := validate.CanonicalEmail(gate.Pending(c))
	if !known && c.Query("asked") != "" && !gate.HasBrowser(c) {
		return h.showSignIn(c, &validate.Error{Kind: validate.Invalid, Key: "sign_in.no_cookies"})
	}
	if !known {
		return page.To(c, page.WithQuery(signInPath, "lang", c.FormValue("lang"), "to", destinationOf(c)))
	}
	b := h.visitorBase(c, "sign_in.code.title")
	page.SetRetryAfter(c, err)
	return h.pages.Render(c, page.Refusal(err), "admin/code", codePage{
		Base: b, Form: b.Form(page.Values(c, "code"), err), Address: cmp.Or(gate.Typed(c),
			validate.MaskEmail(email)),
		Back: page.WithQuery(signInPath, "lang", b.AskedLang, "to", destinationOf(c)), To: destinationOf(c),
	})
}

func (h *Handler) enterCode(c *fiber.Ctx) error {
	cookie, err := gate.Visitor(c).EnterStaffCode(c.UserContext(), gate.Pending(c), c.FormValue("code"))
	if page.Refused(err) {
		return h.showCode(c, err)
	}
	return h.goOn(c, cookie, err)
}

// goOn leads from the link or the code to the second factor.
func (h *Handler) goOn(c *fiber.Ctx, cookie string, err error) error {
	if err != nil {
		return err
	}
	gate.SetStaffSession(c, cookie, staff.HalfLife)
	return page.To(c, page.WithQuery(factorPath, "lang", c.FormValue("lang")))
}

// linkView is the page of a link that still works.
type linkView struct {
	page.Base
	Token, Masked, Error string
	Auto                 bool
}

// endedPage says how a link ended.
type endedPage struct {
	page.Base
	Form     page.Form
	Token    string
	Sentence string
	Damaged  bool
}

func (h *Handler) link(c *fiber.Ctx) error {
	token, err := gate.Param(c, "*1")
	if err != nil {
		return err
	}
	gate.EnsureBrowser(c)
	return h.showLink(c, token, "")
}

func (h *Handler) showLink(c *fiber.Ctx, token, key string) error {
	found, err := gate.Visitor(c).StaffLink(c.UserContext(), token)
	if err != nil {
		return err
	}
	if found.State != credential.LinkLive {
		return h.showEnded(c, token, found)
	}
	b := h.visitorBase(c, "link.title")
	data := linkView{Base: b, Token: token, Masked: found.Masked, Auto: found.Auto}
	status := fiber.StatusOK
	if key != "" {
		data.Error, status = b.T(key), fiber.StatusUnprocessableEntity
	}
	return h.pages.Render(c, status, "admin/link", data)
}

func (h *Handler) showEnded(c *fiber.Ctx, token string, found credential.LinkPage) error {
	b := h.visitorBase(c, "link."+string(found.State)+".title")
	status := fiber.StatusGone
	damaged := found.State == credential.LinkDamaged
	if damaged {
		status = fiber.StatusNotFound
	}
	return h.pages.Render(c, status, "admin/link-ended", endedPage{
		Base: b, Token: token, Damaged: damaged, Form: b.Form(nil, nil),
		Sentence: b.T("link."+string(found.State), "When", found.At, "Email", found.Masked),
	})
}

// redeem spends the link. For an ended link it shows the reason.
func (h *Handler) redeem(c *fiber.Ctx) error {
	token := c.FormValue("token")
	cookie, err := gate.Visitor(c).RedeemStaff(c.UserContext(), token)
	switch validate.KindOf(err) {
	case validate.Gone:
		gate.EnsureBrowser(c)
		return h.showLink(c, token, "")
	case validate.Invalid:
		gate.EnsureBrowser(c)
		return h.showLink(c, token, "error.cookies")
	}
	return h.goOn(c, cookie, err)
}

// lostLink handles the URL that the script leaves in the address bar, without the token.
func (h *Handler) lostLink(c *fiber.Ctx) error {
	return page.To(c, page.WithQuery(signInPath, "lang", c.Query("lang")))
}

// askByLink uses an ended link to request a new one for the same email.
func (h *Handler) askByLink(c *fiber.Ctx) error {
	gate.EnsureBrowser(c)
	lang := h.visitorBase(c, "link.title").L.Lang()
	pending, err := gate.Visitor(c).RequestAnotherStaffLink(c.UserContext(), c.FormValue("token"), lang)
	if validate.KindOf(err) == validate.Gone {
		return page.To(c, page.WithQuery(signInPath, "lang", c.FormValue("lang")))
	}
	if err == nil {
		gate.SetUnseen(c, pending.Email)
	}
	return h.wait(c, "", err)
}

// signOut ends the session, also one that has not proved the second factor.
func (h *Handler) signOut(c *fiber.Ctx) error {
	s, err := gate.Staff(c)
	if err == nil {
		err = s.SignOut(c.UserContext())
	} else if half, failed := gate.Candidate(c); failed == nil {
		err = half.SignOut(c.UserContext())
	}
	if err != nil && validate.KindOf(err) != validate.SignIn {
		return err
	}
	gate.ClearStaffSession(c)
	c.Set("Clear-Site-Data", `"storage"`)
	return done(c, signInPath, "signed_out")
}
