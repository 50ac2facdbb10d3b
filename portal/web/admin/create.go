package admin

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/storage"
)

const newCustomerPath = customersPath + "/new"

// createRoutes come before those of one customer, whose path they match.
func (h *Handler) createRoutes() []gate.Route {
	return []gate.Route{
		get(staff.PermissionEditCustomers, newCustomerPath, h.newCustomer),
		post(staff.PermissionEditCustomers, newCustomerPath, h.createCustomer),
	}
}

// newCustomerPage is the form that creates a customer.
type newCustomerPage struct {
	editPage
	FormID string
	Taken  string // path of the customer who has the email
}

func (h *Handler) newCustomer(c *fiber.Ctx, s merchant.Staff) error {
	return h.showNewCustomer(c, s, storage.NewID(), map[string]string{}, nil)
}

func (h *Handler) createCustomer(c *fiber.Ctx, s merchant.Staff) error {
	n := merchant.NewCustomer{Form: c.FormValue("form"), Invite: c.FormValue("invite") == "yes",
		Reason: c.FormValue("reason"), Values: page.Values(c, append(merchant.EditFields(), "email")...)}
	id, err := s.CreateCustomer(c.UserContext(), n)
	switch {
	case page.Refused(err):
		typed := page.Values(c, append(merchant.EditFields(), "email", "invite", "reason")...)
		return h.showNewCustomer(c, s, n.Form, typed, err)
	case err != nil:
		return err
	}
	return done(c, customerPathOf(id), "customer.created")
}

func (h *Handler) showNewCustomer(c *fiber.Ctx, s merchant.Staff, id string, values map[string]string,
	refused error) error {
	page.SetRetryAfter(c, refused)
	data := newCustomerPage{FormID: id}
	data.editPage = h.editPageOf(h.base(c, s, "customers", "customer.new"), customersPath)
	for _, wrong := range validate.FieldErrors(refused) {
		if wrong.Key == merchant.KeyEmailTaken {
			data.Taken = customerPathOf(wrong.Args["Customer"])
		}
	}
	data.Form = data.Base.Form(values, refused).
		InOrder(append(append([]string{"email"}, merchant.EditFields()...), "reason")...)
	data.Form.Labels = data.labels()
	data.Form.Labels["email"] = data.T("staff.email")
	return h.pages.Render(c, page.Refusal(refused), "admin/customer-new", data)
}
