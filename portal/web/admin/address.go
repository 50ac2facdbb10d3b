package admin

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

func (h *Handler) addressRoutes() []gate.Route {
	const path, one = customerPath + "/addresses", customerPath + "/addresses/:address"
	return []gate.Route{
		get(staff.PermissionEditCustomers, path+"/new", h.newAddress),
		post(staff.PermissionEditCustomers, path+"/new", h.saveAddress),
		get(staff.PermissionEditCustomers, one, h.editAddress),
		post(staff.PermissionEditCustomers, one, h.saveAddress),
		post(staff.PermissionEditCustomers, one+"/delete", h.deleteAddress),
		post(staff.PermissionEditCustomers, one+"/default", h.setDefault),
	}
}

func addressPath(id, addressID string) string {
	return customerPathOf(id) + "/addresses/" + url.PathEscape(addressID)
}

// addressPage is the form of one of a customer's addresses.
type addressPage struct {
	page.Base
	page.AddressForm
	Name string // of the customer
}

// addressConflict shows both versions of an address that somebody else has changed.
type addressConflict struct {
	page.Base
	page.AddressConflict
}

// ofAddress returns the ids of the customer and of the address in the path, which a new address does not
// have.
func ofAddress(c *fiber.Ctx) (id, addressID string, err error) {
	if id, err = gate.Param(c, "id"); err == nil {
		addressID, err = gate.Param(c, "address")
	}
	return id, addressID, err
}

func (h *Handler) newAddress(c *fiber.Ctx, s merchant.Staff) error {
	id, _, err := ofAddress(c)
	if err != nil {
		return err
	}
	of, err := s.ReadCustomer(c.UserContext(), id)
	if err != nil {
		return err
	}
	country := of.Country()
	if chosen := c.Query("country"); chosen != "" {
		country = chosen
	}
	return h.showAddress(c, s, customer.SavedAddress{Address: address.Address{FirstName: of.FirstName,
		LastName: of.LastName, Country: country}}, nil)
}

func (h *Handler) editAddress(c *fiber.Ctx, s merchant.Staff) error {
	id, addressID, err := ofAddress(c)
	if err != nil {
		return err
	}
	saved, err := s.Address(c.UserContext(), id, addressID)
	if err != nil {
		return err
	}
	if country := c.Query("country"); country != "" && country != saved.Address.Country {
		saved.Address = page.MovedAddress(h.app.AddressFormats(), saved.Address, country)
	}
	return h.showAddress(c, s, saved, nil)
}

// saveAddress saves a new address or a changed one, or shows the form of another country.
func (h *Handler) saveAddress(c *fiber.Ctx, s merchant.Staff) error {
	id, addressID, err := ofAddress(c)
	if err != nil {
		return err
	}
	typed := page.TypedAddress(c, addressID)
	if c.FormValue("action") == page.ActionCountry {
		typed.Address = page.MovedAddress(h.app.AddressFormats(), typed.Address, typed.Address.Country)
		return h.showAddress(c, s, typed, nil)
	}
	act, err := s.SaveAddress(c.UserContext(), id, typed, c.FormValue("reason"))
	switch {
	case validate.KindOf(err) == validate.Conflict:
		return h.showAddressConflict(c, s, typed)
	case page.Refused(err):
		return h.showAddress(c, s, typed, err)
	}
	return h.afterAddress(c, s, act, err)
}

func (h *Handler) deleteAddress(c *fiber.Ctx, s merchant.Staff) error {
	id, addressID, err := ofAddress(c)
	act := ""
	if err == nil {
		act, err = s.DeleteAddress(c.UserContext(), id, addressID, c.FormValue("version"))
	}
	return h.afterAddress(c, s, act, err)
}

func (h *Handler) setDefault(c *fiber.Ctx, s merchant.Staff) error {
	id, addressID, err := ofAddress(c)
	act := ""
	if err == nil {
		act, err = s.SetDefaultAddress(c.UserContext(), id, addressID, c.FormValue("use"))
	}
	return h.afterAddress(c, s, act, err)
}

// afterAddress confirms an act on an address with its undo, or shows the customer's page with the refusal.
func (h *Handler) afterAddress(c *fiber.Ctx, s merchant.Staff, act string, err error) error {
	id, bad := gate.Param(c, "id")
	switch {
	case bad != nil:
		return bad
	case page.Refused(err):
		return h.showCustomer(c, s, id, typedForm{err: err})
	case err != nil:
		return err
	case act == "":
		return done(c, customerPathOf(id), "customer.unchanged")
	}
	return page.To(c, page.WithQuery(customerPathOf(id), "done", "customer.saved", "undo", act))
}

func (h *Handler) showAddress(c *fiber.Ctx, s merchant.Staff, a customer.SavedAddress, refused error) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	of, err := s.ReadCustomer(c.UserContext(), id)
	if err != nil {
		return err
	}
	title, action := "address.edit.title", addressPath(id, a.ID)
	if a.ID == "" {
		title, action = "address.new.title", addressPath(id, "new")
	}
	data := addressPage{Base: h.base(c, s, "customers", title), Name: nameOf(of)}
	form, err := data.Base.AddressForm(h.app.AddressFormats(), a, refused)
	if err != nil {
		return err
	}
	form.Action, form.Back = action, customerPathOf(id)
	form.FocusAfterCountry(c)
	form.Inputs.Values["reason"] = c.FormValue("reason")
	reason, err := form.Inputs.Field("reason", data.T("customer.reason"), "maxlength", "5000", "optional", "yes",
		"hint", data.T("customer.reason.hint"))
	if err != nil {
		return err
	}
	form.Reason = &reason
	data.AddressForm = form
	return h.pages.Render(c, page.Refusal(refused), "admin/customer-address", data)
}

func (h *Handler) showAddressConflict(c *fiber.Ctx, s merchant.Staff, typed customer.SavedAddress) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	stored, err := s.Address(c.UserContext(), id, typed.ID)
	if err != nil {
		return err
	}
	data := addressConflict{Base: h.base(c, s, "customers", "address.conflict.title")}
	data.AddressConflict = data.Base.AddressConflict(h.app.AddressFormats(), typed, stored, addressPath(id,
		typed.ID))
	data.Discard = customerPathOf(id)
	return h.pages.Render(c, fiber.StatusConflict, "admin/customer-address-conflict", data)
}
