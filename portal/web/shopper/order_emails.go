package shopper

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/page"
)

const orderEmailsPath = profilePath + "/order-emails"

// orderEmails is the part of the profile where customers choose their emails about orders. It has no kinds in
// a shop that sends none.
type orderEmails struct {
	page.Base
	Form   page.Form
	Action string
	Kinds  []orderEmail
}

// orderEmail is one kind of email, with the name of its field.
type orderEmail struct{ Field, Label string }

func orderEmailsOf(b page.Base, s portal.Shopper) orderEmails {
	shown := orderEmails{Base: b, Action: orderEmailsPath}
	values, wanted := map[string]string{}, s.OrderEmails()
	for _, kind := range b.Shop.OrderEmails {
		values[emailField(kind)] = yes(wanted[kind])
		shown.Kinds = append(shown.Kinds, orderEmail{emailField(kind), b.T("profile.order_emails." + kind)})
	}
	shown.Form = b.Form(values, nil)
	return shown
}

func emailField(kind string) string { return "email_" + kind }

func (h *Handler) saveOrderEmails(c *fiber.Ctx, s portal.Shopper) error {
	wanted := map[string]bool{}
	for _, kind := range s.Shop().OrderEmails {
		wanted[kind] = c.FormValue(emailField(kind)) == "yes"
	}
	if err := s.ChooseOrderEmails(c.UserContext(), wanted); err != nil {
		return err
	}
	return done(c, profilePath, "order_emails.saved")
}
