package portal

import (
	"context"
	"slices"

	"postern/portal/customer"
	"postern/portal/validate"
	"postern/storage"
)

// Addresses lists the customer's addresses in the order they were added.
func (s Shopper) Addresses(ctx context.Context) ([]customer.SavedAddress, error) {
	customer, err := s.current(ctx)
	return customer.Addresses, err
}

// Address returns one of the customer's addresses, or validate.NotFound.
func (s Shopper) Address(ctx context.Context, id string) (customer.SavedAddress, error) {
	c, err := s.current(ctx)
	if err != nil {
		return customer.SavedAddress{}, err
	}
	at, err := c.Address(id)
	if err != nil {
		return customer.SavedAddress{}, err
	}
	return c.Addresses[at], nil
}

func (s Shopper) current(ctx context.Context) (customer.Customer, error) {
	customer, err := s.app.customer(ctx, s.shop.ID, s.customer.ID)
	return customer, validate.NotFoundIfMissing(err)
}

// SaveAddress adds an address (ID "") or changes one. Field errors are at the names of the address's fields,
// with the key "address." plus the reason. If Version differs from the stored one, it is a Conflict. The
// first address becomes the default for both uses. An address that the customer already has is not added
// again: SaveAddress returns it, with the requested defaults set.
func (s Shopper) SaveAddress(ctx context.Context, a customer.SavedAddress) (customer.SavedAddress, error) {
	a.Address = s.app.formats.Normalise(a.Address)
	if err := validate.InvalidFields(customer.AddressErrors("",
		s.app.formats.Validate(a.Address))); err != nil {
		return a, err
	}
	saved := a
	err := s.changeAndTell(ctx, ChangedAddress, func(c *customer.Customer) (err error) {
		saved, err = c.SaveAddress(a)
		return err
	})
	return saved, err
}

// DeleteAddress removes an address; UndoDeleteAddress can restore it within a day. If version differs from
// the stored one, it is a Conflict.
func (s Shopper) DeleteAddress(ctx context.Context, id, version string) error {
	return s.changeAndTell(ctx, ChangedAddress, func(c *customer.Customer) error {
		return c.DeleteAddress(id, version, s.app.now())
	})
}

// UndoDeleteAddress restores a deleted address, without replacing a default that has been set since. It is
// safe to repeat; after customer.undoWindow it is Gone.
func (s Shopper) UndoDeleteAddress(ctx context.Context, id string) error {
	return s.changeAndTell(ctx, ChangedAddress, func(c *customer.Customer) error {
		if _, err := c.Address(id); err == nil {
			return storage.ErrUnchanged
		}
		at := c.RemovedAddress(id, s.app.now())
		if at < 0 {
			return validate.NewError(validate.Gone, "address.undo_late")
		}
		back := c.Removed[at].SavedAddress
		back.DefaultShipping = back.DefaultShipping && !slices.ContainsFunc(c.Addresses,
			func(a customer.SavedAddress) bool { return a.DefaultShipping })
		back.DefaultBilling = back.DefaultBilling && !slices.ContainsFunc(c.Addresses,
			func(a customer.SavedAddress) bool { return a.DefaultBilling })
		c.Removed = slices.Delete(c.Removed, at, at+1)
		c.Addresses = append(c.Addresses, back)
		return nil
	})
}

// CanRestoreAddress reports whether id is a deleted address that can be restored, as this request found the
// customer.
func (s Shopper) CanRestoreAddress(id string) bool {
	return s.customer.RemovedAddress(id, s.app.now()) >= 0
}

// SetDefaultAddress makes an address the default for a use.
func (s Shopper) SetDefaultAddress(ctx context.Context, id, use string) error {
	return s.changeAndTell(ctx, ChangedAddress, func(c *customer.Customer) error {
		return c.SetDefault(id, use)
	})
}
