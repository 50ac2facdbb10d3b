package shopper

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/credential"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	linkPath      = "/sign-in/link"
	linkAgainPath = "/sign-in/link/again"
)

// linkPage opens from an emailed sign-in link. Opening it does not spend the link, because mail scanners
// open links too.
type linkPage struct {
	page.Base
	Token   string
	Masked  string
	Auto    bool   // the script may press the button
	Confirm bool   // it confirms that both accounts that were merged belong to the address
	Other   string // email of another customer who is signed in here
	Mine    string // destination for the link's owner, who is already signed in
	Until   time.Time
	Error   string // why the button failed
}

// endedPage is the page of a link that no longer works.
type endedPage struct {
	page.Base
	Token    string
	Sentence string
	Form     page.Form // with the address field, for a damaged link
	Damaged  bool
	To       string
}

func (h *Handler) link(c *fiber.Ctx) error {
	gate.EnsureBrowser(c)
	return h.showLink(c, c.Params("*"), "")
}

// showLink shows the page of a link. If the link has ended and its owner is signed in, showLink redirects
// to the link's destination.
func (h *Handler) showLink(c *fiber.Ctx, token, message string) error {
	found, err := gate.Visitor(c).Link(c.UserContext(), token)
	if err != nil {
		return err
	}
	shopper, err := gate.Shopper(c)
	present := err == nil
	if !present && validate.KindOf(err) != validate.SignIn {
		return err
	}
	owns := false
	if present {
		if owns, err = shopper.OwnsLink(c.UserContext(), token); err != nil {
			return err
		}
	}
	if found.State != credential.LinkLive {
		if owns {
			to := postSignInURL(gate.Shop(c), found.Destination)
			if found.State == credential.LinkUsed {
				to = to.With("done", "link_used")
			}
			return page.SeeOther(c, to)
		}
		return h.showEnded(c, token, found)
	}
	return h.showLive(c, linkPage{Token: token, Masked: found.Masked, Auto: found.Auto && !present,
		Confirm: found.Confirm, Until: found.At, Error: message},
		found.Destination, shopper, owns)
}

func (h *Handler) showLive(c *fiber.Ctx, data linkPage, destination string, s portal.Shopper,
	owns bool) error {
	data.Base = h.visitorBase(c, "link.title")
	status := fiber.StatusOK
	if data.Error != "" {
		status, data.Error = fiber.StatusUnprocessableEntity, data.T(data.Error)
	}
	switch email := s.Customer().Email; {
	case owns:
		data.Mine = postSignInURL(gate.Shop(c), destination).String()
	case email != "":
		data.Other = email
	}
	return h.pages.Render(c, status, "shopper/link", data)
}

// showEnded shows how a link ended. Only the holder of a real token learns which reason applies.
func (h *Handler) showEnded(c *fiber.Ctx, token string, found credential.LinkPage) error {
	b := h.visitorBase(c, "link."+string(found.State)+".title")
	status := fiber.StatusGone
	damaged := found.State == credential.LinkDamaged
	if damaged {
		status = fiber.StatusNotFound
	}
	return h.pages.Render(c, status, "shopper/link-ended", endedPage{
		Base: b, Token: token, Damaged: damaged, Form: b.Form(nil, nil),
		Sentence: b.T("link."+string(found.State), "When", found.At, "Email", found.Masked),
	})
}

// redeem spends the link. For an ended link it shows the reason. In a browser without our cookie the link
// stays valid.
func (h *Handler) redeem(c *fiber.Ctx) error {
	token := c.FormValue("token")
	before, absent := gate.Shopper(c)
	in, err := gate.Visitor(c).Redeem(c.UserContext(), token)
	switch {
	case validate.KindOf(err) == validate.Gone:
		gate.EnsureBrowser(c)
		return h.showLink(c, token, "")
	case validate.KindOf(err) == validate.Invalid:
		gate.EnsureBrowser(c)
		return h.showLink(c, token, "error.cookies")
	}
	if err == nil && absent == nil {
		err = leave(c, before, token)
	}
	return h.enter(c, in, err)
}

// leave ends the session of another customer who was signed in here. It keeps the owner's session, which
// the same link may have started a moment ago.
func leave(c *fiber.Ctx, before portal.Shopper, token string) error {
	owns, err := before.OwnsLink(c.UserContext(), token)
	if err != nil || owns {
		return err
	}
	return before.SignOut(c.UserContext())
}

// lostLink handles the URL that the script leaves in the address bar, which has no token so that none stays
// in the history.
func (h *Handler) lostLink(c *fiber.Ctx) error {
	return seeOther(c, withQuery(signInPath, "lang", c.Query("lang")))
}

// askByLink uses an ended link to request a new one for the same email.
func (h *Handler) askByLink(c *fiber.Ctx) error {
	gate.EnsureBrowser(c)
	lang := h.visitorBase(c, "link.title").L.Lang()
	pending, err := gate.Visitor(c).RequestAnotherLink(c.UserContext(), c.FormValue("token"), lang)
	if validate.KindOf(err) == validate.Gone {
		return seeOther(c, withQuery(signInPath, "lang", c.FormValue("lang")))
	}
	if err == nil {
		gate.SetUnseen(c, pending.Email)
	}
	return h.wait(c, "", err)
}
