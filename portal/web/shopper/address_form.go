package shopper

import (
	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// addressPage is the form of one address.
type addressPage struct {
	page.Base
	page.AddressForm
}

// conflictPage shows both versions of an address that was changed in two windows.
type conflictPage struct {
	page.Base
	page.AddressConflict
}

func (h *Handler) newAddress(c *fiber.Ctx, s portal.Shopper) error {
	saved := customer.SavedAddress{Address: address.Address{
		FirstName: s.Customer().FirstName, LastName: s.Customer().LastName, Country: h.likelyCountry(c, s),
	}}
	if country := c.Query("country"); country != "" {
		saved.Address.Country = country
	}
	return h.showAddress(c, s, saved, fiber.StatusOK, nil)
}

func (h *Handler) editAddress(c *fiber.Ctx, s portal.Shopper) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	saved, err := s.Address(c.UserContext(), id)
	if err != nil {
		return err
	}
	if country := c.Query("country"); country != "" && country != saved.Address.Country {
		saved.Address = page.MovedAddress(h.app.AddressFormats(), saved.Address, country)
	}
	return h.showAddress(c, s, saved, fiber.StatusOK, nil)
}

// saveAddress saves a new address or a changed one, or shows the form of another country. The path of a new
// address has no ID.
func (h *Handler) saveAddress(c *fiber.Ctx, s portal.Shopper) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	typed := page.TypedAddress(c, id)
	if c.FormValue("action") == page.ActionCountry {
		typed.Address = page.MovedAddress(h.app.AddressFormats(), typed.Address, typed.Address.Country)
		return h.showAddress(c, s, typed, fiber.StatusOK, nil)
	}
	_, err = s.SaveAddress(c.UserContext(), typed)
	switch validate.KindOf(err) {
	case validate.Invalid, validate.TooMany:
		return h.showAddress(c, s, typed, refusal(err), err)
	case validate.Conflict:
		return h.showConflict(c, s, typed)
	case validate.NotFound: // deleted in another window: offer to add the typed address again
		typed.ID, typed.Version = "", ""
		return h.showAddress(c, s, typed, fiber.StatusConflict, err)
	}
	if err != nil {
		return err
	}
	if typed.ID == "" {
		return done(c, addressesPath, "address.added")
	}
	return done(c, addressesPath, "address.saved")
}

// likelyCountry returns the country of the customer's first saved address, otherwise the region of the
// browser's language, or "".
func (h *Handler) likelyCountry(c *fiber.Ctx, s portal.Shopper) string {
	if saved := s.Customer().Addresses; len(saved) > 0 {
		return saved[0].Address.Country
	}
	tags, _, err := language.ParseAcceptLanguage(c.Get(fiber.HeaderAcceptLanguage))
	if err != nil || len(tags) == 0 {
		return ""
	}
	if region, sure := tags[0].Region(); sure >= language.High && h.app.AddressFormats().Form(region.String()) != nil {
		return region.String()
	}
	return ""
}

func (h *Handler) showAddress(c *fiber.Ctx, s portal.Shopper, a customer.SavedAddress, status int,
	err error) error {
	title, action := "address.edit.title", addressPath(a.ID)
	if a.ID == "" {
		title, action = "address.new.title", addressesPath+"/new"
	}
	data := addressPage{Base: h.base(c, s, "addresses", title)}
	form, wrong := data.Base.AddressForm(h.app.AddressFormats(), a, err)
	if wrong != nil {
		return wrong
	}
	form.Action, form.Back = action, addressesPath
	form.FocusAfterCountry(c)
	data.AddressForm = form
	return h.pages.Render(c, status, "shopper/address", data)
}

// showConflict shows the typed address beside the one that another window has saved since.
func (h *Handler) showConflict(c *fiber.Ctx, s portal.Shopper, typed customer.SavedAddress) error {
	stored, err := s.Address(c.UserContext(), typed.ID)
	if err != nil {
		return err
	}
	data := conflictPage{Base: h.base(c, s, "addresses", "address.conflict.title")}
	data.AddressConflict = data.Base.AddressConflict(h.app.AddressFormats(), typed, stored,
		addressPath(typed.ID))
	data.Discard = addressesPath
	return h.pages.Render(c, fiber.StatusConflict, "shopper/address-conflict", data)
}
