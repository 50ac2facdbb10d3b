package shopper

import (
	"cmp"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	signInPath   = "/sign-in"
	codePath     = "/sign-in/code"
	againPath    = "/sign-in/again"
	continuePath = "/sign-in/continue"
)

func (h *Handler) signInRoutes() []gate.Route {
	return []gate.Route{
		gate.Get(gate.Public, signInPath, h.signIn),
		gate.Post(gate.Public, signInPath, h.ask),
		gate.Post(gate.Public, againPath, h.askOnceMore),
		gate.Get(gate.Public, codePath, h.code),
		gate.Post(gate.Public, codePath, page.InSteps(h.refusalStep, h.enterCode)),
		gate.Get(gate.Public, continuePath, h.continueTo),
		gate.Get(gate.Public, linkPath, h.lostLink),
		gate.Post(gate.Public, linkPath, h.redeem),
		gate.Post(gate.Public, linkAgainPath, h.askByLink),
		gate.Get(gate.Public, linkPath+"/*", h.link),
		gate.Get(gate.Public, revokePath, h.lostLink),
		gate.Post(gate.Public, revokePath, h.revoke),
		gate.Get(gate.Public, revokePath+"/*", h.showRevoke),
	}
}

// signInPage asks for the email address.
type signInPage struct {
	page.Base
	Form page.Form
	To   string // the shopper's destination
}

// signIn shows the address field. It sends a customer who is already signed in to their destination.
func (h *Handler) signIn(c *fiber.Ctx) error {
	if _, err := gate.Shopper(c); err == nil {
		return page.SeeOther(c, landingURL(gate.Shop(c), requestedURL(c)))
	} else if validate.KindOf(err) != validate.SignIn {
		return err
	}
	gate.EnsureBrowser(c)
	return h.showSignIn(c, fiber.StatusOK, nil)
}

func (h *Handler) showSignIn(c *fiber.Ctx, status int, err error) error {
	b := h.visitorBase(c, "sign_in.title")
	page.SetRetryAfter(c, err)
	values := page.Values(c, "email")
	if err == nil { // back from the page that waits for the email, to change the address
		values = map[string]string{"email": gate.Typed(c)}
	}
	return h.pages.Render(c, status, "shopper/sign-in", signInPage{
		Base: b, Form: b.Form(values, err), To: requestedURL(c),
	})
}

// ask requests the sign-in email. The answer is the same for every well-formed address.
func (h *Handler) ask(c *fiber.Ctx) error {
	gate.EnsureBrowser(c)
	lang := h.visitorBase(c, "sign_in.title").L.Lang()
	_, err := gate.Visitor(c).RequestLink(c.UserContext(), c.FormValue("email"),
		c.FormValue("to"), lang)
	if refused(err) {
		return h.showSignIn(c, refusal(err), err)
	}
	if err == nil {
		gate.SetTyped(c, strings.TrimSpace(c.FormValue("email")))
	}
	return h.wait(c, "", err)
}

// askOnceMore requests another email for the address that this browser entered before.
func (h *Handler) askOnceMore(c *fiber.Ctx) error {
	gate.EnsureBrowser(c)
	if gate.Pending(c) == "" {
		return seeOther(c, signInPath)
	}
	lang := h.visitorBase(c, "sign_in.title").L.Lang()
	_, err := gate.Visitor(c).RequestLink(c.UserContext(), gate.Pending(c), c.FormValue("to"), lang)
	if refused(err) {
		return h.showCode(c, err)
	}
	return h.wait(c, "email.resent", err)
}

// wait redirects to the page that takes the code.
func (h *Handler) wait(c *fiber.Ctx, confirmation string, err error) error {
	if err != nil {
		return err
	}
	return seeOther(c, withQuery(codePath, "to", c.FormValue("to"), "asked", "yes", "lang",
		c.FormValue("lang"), "done", confirmation))
}

// codePage shows the address and takes the code from the email.
type codePage struct {
	page.Base
	Form    page.Form
	Address string // as typed in this browser; masked if it is known from a link
	To      string
	Back    string // path of the address field, which leads on once the browser is signed in
}

func (h *Handler) code(c *fiber.Ctx) error { return h.showCode(c, nil) }

func (h *Handler) showCode(c *fiber.Ctx, err error) error {
	email, known := validate.CanonicalEmail(gate.Pending(c))
	if !known && c.Query("asked") != "" && !gate.HasBrowser(c) {
		return h.showSignIn(c, fiber.StatusUnprocessableEntity,
			&validate.Error{Kind: validate.Invalid, Key: "sign_in.no_cookies"})
	}
	if !known { // signIn also handles a customer who has signed in from another tab in the meantime
		return seeOther(c, withQuery(signInPath, "to", c.FormValue("to"), "lang", c.FormValue("lang")))
	}
	b := h.visitorBase(c, "sign_in.code.title")
	page.SetRetryAfter(c, err)
	return h.pages.Render(c, refusal(err), "shopper/code", codePage{
		Base: b, Form: b.Form(page.Values(c, "code"), err),
		Address: cmp.Or(gate.Typed(c), validate.MaskEmail(email)), To: c.FormValue("to"),
		Back: withQuery(signInPath, "to", c.FormValue("to"), "lang", b.AskedLang),
	})
}

func (h *Handler) enterCode(c *fiber.Ctx) error {
	in, err := gate.Visitor(c).EnterCode(c.UserContext(), gate.Pending(c), c.FormValue("code"))
	if refused(err) {
		return h.showCode(c, err)
	}
	return h.enter(c, in, err)
}

// enter starts the session and redirects to the customer's destination. If the customer's pages have another
// language than the one before, the next page says so and offers to go back.
func (h *Handler) enter(c *fiber.Ctx, in portal.SignedIn, err error) error {
	if err != nil {
		return err
	}
	before := h.pages.Language(c, gate.Shop(c), nil)
	gate.SetSession(c, in)
	path, asks, err := asksFirst(c, in.Destination)
	if err != nil {
		return err
	}
	if !asks {
		path = postSignInURL(gate.Shop(c), in.Destination)
	}
	shopper, err := gate.Shopper(c)
	if err != nil {
		return err
	}
	if h.ownLanguage(c, shopper) != before {
		path = path.With("done", "language").With("undo", before)
	}
	return page.SeeOther(c, path)
}

// ownLanguage returns the language of a customer's next page. The one that a visitor has chosen in the URL is
// left behind with the sign-in.
func (h *Handler) ownLanguage(c *fiber.Ctx, s portal.Shopper) string {
	customer := s.Customer()
	return h.pages.LanguageOf(c, gate.Shop(c), customer.Language)
}

// signOut ends the session. The browser's cookie stays: it grants no access and only tells a known browser
// from an unknown one.
func (h *Handler) signOut(c *fiber.Ctx) error {
	shopper, err := gate.Shopper(c)
	if err == nil {
		err = shopper.SignOut(c.UserContext())
	}
	if err != nil && validate.KindOf(err) != validate.SignIn {
		return err
	}
	gate.ClearSession(c)
	c.Set("Clear-Site-Data", `"storage"`)
	return done(c, signInPath, "signed_out")
}
