package shopper

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const addressesPath = "/addresses"

func (h *Handler) addressRoutes() []gate.Route {
	return []gate.Route{
		gate.Get(gate.Customer, addressesPath, signedIn(h.addresses)),
		gate.Get(gate.Customer, addressesPath+"/new", signedIn(h.newAddress)),
		gate.Post(gate.Customer, addressesPath+"/new", signedIn(h.saveAddress)),
		gate.Get(gate.Customer, addressesPath+"/:id", signedIn(h.editAddress)),
		gate.Post(gate.Customer, addressesPath+"/:id", signedIn(h.saveAddress)),
		gate.Post(gate.Customer, addressesPath+"/:id/delete", signedIn(h.deleteAddress)),
		gate.Post(gate.Customer, addressesPath+"/:id/undo", signedIn(h.undoDeleteAddress)),
		gate.Post(gate.Customer, addressesPath+"/:id/default", signedIn(h.setDefault)),
	}
}

// addressesPage shows the saved addresses as cards.
type addressesPage struct {
	page.Base
	Cards []addressCard
	Empty *page.Empty
}

// addressCard shows one address and the actions on it.
type addressCard struct {
	Path, Version, Name string
	Lines               []string // below the name
	Phone               string
	Shipping, Billing   bool // default for shipping, for billing
}

func (h *Handler) addresses(c *fiber.Ctx, s portal.Shopper) error {
	saved, err := s.Addresses(c.UserContext())
	if err != nil {
		return err
	}
	data := addressesPage{Base: h.base(c, s, "addresses", "addresses.title")}
	if id := c.Query("undo"); s.CanRestoreAddress(id) {
		data.OfferUndo(addressPath(id) + "/undo")
	}
	for _, a := range saved {
		data.Cards = append(data.Cards, h.card(a, data.L.Lang()))
	}
	if len(saved) == 0 {
		empty := data.Base.Empty(data.T("addresses.none"), "", "")
		data.Empty = &empty
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/addresses", data)
}

func (h *Handler) card(a customer.SavedAddress, lang string) addressCard {
	card := addressCard{
		Path: addressPath(a.ID), Version: a.Version, Shipping: a.DefaultShipping, Billing: a.DefaultBilling,
		Phone: address.FormatPhone(a.Address.Phone, a.Address.Country),
	}
	if lines := h.app.AddressFormats().Lines(a.Address, lang); len(lines) > 0 {
		card.Name, card.Lines = lines[0], lines[1:]
	}
	return card
}

func addressPath(id string) string { return addressesPath + "/" + url.PathEscape(id) }

func (h *Handler) deleteAddress(c *fiber.Ctx, s portal.Shopper) error {
	id, err := gate.Param(c, "id")
	if err == nil {
		err = s.DeleteAddress(c.UserContext(), id, c.FormValue("version"))
	}
	if err != nil {
		return err
	}
	return seeOther(c, withQuery(addressesPath, "done", "address.deleted", "undo", id))
}

func (h *Handler) undoDeleteAddress(c *fiber.Ctx, s portal.Shopper) error {
	id, err := gate.Param(c, "id")
	if err == nil {
		err = s.UndoDeleteAddress(c.UserContext(), id)
	}
	if err != nil {
		return err
	}
	return done(c, addressesPath, "address.restored")
}

func (h *Handler) setDefault(c *fiber.Ctx, s portal.Shopper) error {
	id, err := gate.Param(c, "id")
	use := c.FormValue("use")
	if err == nil {
		err = s.SetDefaultAddress(c.UserContext(), id, use)
	}
	if err != nil {
		return err
	}
	return done(c, addressesPath, "address.default_"+use)
}
