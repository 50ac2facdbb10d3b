package admin

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

func (h *Handler) consentRoutes() []gate.Route {
	const path = customerPath + "/consents/:purpose"
	return []gate.Route{
		get(staff.PermissionEditCustomers, path, h.consent),
		post(staff.PermissionEditCustomers, path, h.recordConsent),
	}
}

func consentPath(id string, purpose customer.Purpose) string {
	return customerPathOf(id) + "/consents/" + string(purpose)
}

// consentPage records what a customer said about emails.
type consentPage struct {
	page.Base
	Form         page.Form
	Path, Action string
	Name         string // of the customer
	Now          string // the present state in words
	Stored       string // the state that the form was made from
	Choices      []page.Option
}

func (h *Handler) consent(c *fiber.Ctx, s merchant.Staff) error {
	return h.showConsent(c, s, map[string]string{}, nil)
}

func (h *Handler) recordConsent(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	act, err := s.RecordConsent(c.UserContext(), merchant.ConsentSaid{Customer: id,
		Purpose: customer.Purpose(c.Params("purpose")), Status: c.FormValue("status"), Note: c.FormValue("note"),
		At: c.FormValue("at"), Stored: c.FormValue("stored"), Reason: c.FormValue("reason")})
	switch {
	case page.Refused(err):
		return h.showConsent(c, s, page.Values(c, "status", "note", "at", "reason"), err)
	case err != nil:
		return err
	case act == "":
		return done(c, customerPathOf(id), "customer.unchanged")
	}
	return page.To(c, page.WithQuery(customerPathOf(id), "done", "customer.saved", "undo", act))
}

func (h *Handler) showConsent(c *fiber.Ctx, s merchant.Staff, values map[string]string, refused error) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	found, err := s.ReadCustomer(c.UserContext(), id)
	if err != nil {
		return err
	}
	purpose := customer.Purpose(c.Params("purpose"))
	b := h.base(c, s, "customers", "")
	if !b.L.Has("consent.name." + string(purpose)) {
		return validate.NewError(validate.NotFound, "")
	}
	b.Title = b.T("customer.consent.record", "What", b.T("consent.name."+string(purpose)))
	said := found.Consent(purpose)
	data := consentPage{Base: b, Path: customerPathOf(id), Action: consentPath(id, purpose), Name: nameOf(found),
		Now: b.T("consent.state."+string(said.Status), "When", said.At), Stored: merchant.ConsentState(found,
			purpose)}
	if refused != nil && validate.KindOf(refused) != validate.Conflict {
		data.Stored = c.FormValue("stored")
	}
	data.Choices = []page.Option{{Label: b.T("customer.consent.choose")}}
	for _, status := range []customer.ConsentStatus{customer.ConsentGiven, customer.ConsentWithdrawn} {
		data.Choices = append(data.Choices, page.Option{Value: string(status),
			Label: b.T("customer.consent." + string(status))})
	}
	data.Form = b.Form(values, refused).InOrder("status", "note", "at", "reason")
	data.Form.Labels = map[string]string{"status": b.T("customer.consent.status"),
		"note": b.T("customer.consent.note"),
		"at":   b.T("customer.consent.at"), "reason": b.T("customer.reason")}
	return h.pages.Render(c, page.Refusal(refused), "admin/customer-consent", data)
}
