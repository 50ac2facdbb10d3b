package shopper

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
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
	Cards []page.AddressCard
	Empty *page.Empty
}

func (h *Handler) addresses(c *fiber.Ctx, s portal.Shopper) error {
	saved, err := s.Addresses(c.UserContext())
	if err != nil {
		return err
	}
	data := addressesPage{Base: h.base(c, s, "addresses", "addresses.title")}
	if id := c.Query("undo"); data.Writes() && s.CanRestoreAddress(id) {
		data.OfferUndo(addressPath(id) + "/undo")
	}
	for _, a := range saved {
		data.Cards = append(data.Cards, data.AddressCard(h.app.AddressFormats(), a, addressPath(a.ID)))
	}
	if len(saved) == 0 {
		text := "addresses.none"
		if !data.Writes() {
			text = "customer.addresses.none"
		}
		empty := data.Base.Empty(data.T(text), "", "")
		data.Empty = &empty
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/addresses", data)
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
