package merchant

import (
	"context"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/staff"
	"postern/portal/validate"
)

// Address returns one of a customer's addresses, or validate.NotFound.
func (s Staff) Address(ctx context.Context, id, addressID string) (customer.SavedAddress, error) {
	c, err := s.ReadCustomer(ctx, id)
	if err != nil {
		return customer.SavedAddress{}, err
	}
	at, err := c.Address(addressID)
	if err != nil {
		return customer.SavedAddress{}, err
	}
	return c.Addresses[at], nil
}

// SaveAddress adds an address (ID "") to a customer or changes one, with the rules and errors of
// portal.Shopper.SaveAddress. An error of the reason is at "reason". It returns the id of the act, "" if
// nothing changed.
func (s Staff) SaveAddress(ctx context.Context, id string, a customer.SavedAddress,
	reason string) (string, error) {
	a.Address = s.app.AddressFormats().Normalise(a.Address)
	if err := validate.InvalidFields(customer.AddressErrors("",
		s.app.AddressFormats().Validate(a.Address))); err != nil {
		return "", err
	}
	return s.actOnAddress(ctx, id, reason, func(c *customer.Customer) error {
		_, err := c.SaveAddress(a)
		return err
	})
}

// DeleteAddress removes one of a customer's addresses. If the version differs from the stored one, it is a
// Conflict.
func (s Staff) DeleteAddress(ctx context.Context, id, addressID, version string) (act string, err error) {
	return s.actOnAddress(ctx, id, "", func(c *customer.Customer) error {
		return c.DeleteAddress(addressID, version, s.app.Now())
	})
}

// SetDefaultAddress makes one of a customer's addresses the default for a use.
func (s Staff) SetDefaultAddress(ctx context.Context, id, addressID, use string) (act string, err error) {
	return s.actOnAddress(ctx, id, "", func(c *customer.Customer) error { return c.SetDefault(addressID, use) })
}

func (s Staff) actOnAddress(ctx context.Context, id, reason string,
	alter func(*customer.Customer) error) (string, error) {
	made, err := s.newAct(audit.CustomerChanged, id, reason)
	if err != nil {
		return "", err
	}
	return s.changed(ctx, staff.PermissionEditCustomers, made, alter)
}
