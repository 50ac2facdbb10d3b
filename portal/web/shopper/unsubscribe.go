package shopper

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/customer"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// unsubscribePage opens from the unsubscribe link in the shop's emails.
type unsubscribePage struct {
	page.Base
	Token    string
	Sentence string
	Done     bool
	SignIn   string
}

// unsubscribe shows the button. Opening the page has no effect.
func (h *Handler) unsubscribe(c *fiber.Ctx) error {
	purpose, err := gate.Visitor(c).Unsubscription(c.Params("token"))
	if err != nil {
		return err
	}
	return h.showUnsubscribe(c, purpose, false)
}

// oneClick withdraws the consent, for the button and for email programs (RFC 8058). It answers with a page
// because email programs do not follow redirects.
func (h *Handler) oneClick(c *fiber.Ctx) error {
	purpose, err := gate.Visitor(c).Unsubscribe(c.UserContext(), c.Params("token"))
	if err != nil {
		return err
	}
	return h.showUnsubscribe(c, purpose, true)
}

func (h *Handler) showUnsubscribe(c *fiber.Ctx, purpose customer.Purpose, done bool) error {
	title, sentence := "unsubscribe.title", "unsubscribe.ask."
	if done {
		title, sentence = "unsubscribe.done.title", "unsubscribe.done."
	}
	b := h.visitorBase(c, title)
	return h.pages.Render(c, fiber.StatusOK, "shopper/unsubscribe", unsubscribePage{
		Base: b, Token: c.Params("token"), Done: done,
		Sentence: b.T(sentence+string(purpose), "Shop", b.Shop.Name),
		SignIn:   withQuery(signInPath, "to", privacyPath, "lang", b.AskedLang),
	})
}
