package admin

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

func (h *Handler) customerEmailRoutes() []gate.Route {
	const path = customerPath + "/email"
	return []gate.Route{
		getFresh(staff.PermissionEditCustomers, path, h.customerEmail),
		postFresh(staff.PermissionEditCustomers, path, h.changeEmail),
	}
}

// customerEmailPage changes a customer's email.
type customerEmailPage struct {
	page.Base
	Form         page.Form
	Path, Action string
	Name         string // of the customer
	Stored       string // the email that the form was made from
	Merge        string // path to a merge with the customer who has the email, "" for none
	Holder       string // path of that customer
}

func (h *Handler) customerEmail(c *fiber.Ctx, s merchant.Staff) error {
	return h.showCustomerEmail(c, s, nil)
}

func (h *Handler) changeEmail(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	err = s.ChangeEmail(c.UserContext(), merchant.EmailForm{Customer: id, Email: c.FormValue("email"),
		Stored: c.FormValue("stored"), Reason: c.FormValue("reason")})
	switch {
	case page.Refused(err):
		return h.showCustomerEmail(c, s, err)
	case err != nil:
		return err
	}
	return done(c, customerPathOf(id), "customer.email")
}

func (h *Handler) showCustomerEmail(c *fiber.Ctx, s merchant.Staff, refused error) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	found, err := s.ReadCustomer(c.UserContext(), id)
	if err != nil {
		return err
	}
	data := customerEmailPage{Base: h.base(c, s, "customers", "customer.email.title"), Path: customerPathOf(found.ID),
		Name: nameOf(found), Stored: found.Email}
	data.Action = data.Path + "/email"
	data.Form = data.Base.Form(page.Values(c, "email", "reason"), refused)
	data.Form.Labels = map[string]string{"email": data.T("customer.email.new"),
		"reason": data.T("customer.reason")}
	for _, wrong := range validate.FieldErrors(refused) {
		if wrong.Key == merchant.KeyEmailHeld {
			data.Holder = customerPathOf(wrong.Args["Customer"])
			if s.May(staff.PermissionMerge) {
				data.Merge = page.WithQuery(data.Path+"/merge", "with", wrong.Args["Customer"])
			}
		}
	}
	return h.pages.Render(c, page.Refusal(refused), "admin/customer-email", data)
}
