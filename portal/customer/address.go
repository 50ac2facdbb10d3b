package customer

import (
	"fmt"
	"slices"
	"time"

	"postern/portal/address"
	"postern/portal/validate"
	"postern/storage"
)

type SavedAddressWire struct {
	ID              string `json:"id,omitzero"`
	DefaultShipping bool   `json:"default_shipping"`
	DefaultBilling  bool   `json:"default_billing"`
	address.Address `json:",inline"`
}

// CheckDistinct refuses an id that two addresses share: the customer could never change the second one.
func CheckDistinct(f *validate.Validator, addresses []SavedAddress) {
	seen := map[string]bool{}
	for i, a := range addresses {
		if a.ID != "" && seen[a.ID] {
			f.Reject(fmt.Sprintf("/addresses/%d/id", i), "address.id_twice")
		}
		seen[a.ID] = true
	}
}

// LastChange is the time that a feed's content must not be older than: the last change by the feed, the
// customer or staff.
func (c Customer) LastChange() time.Time {
	return slices.MaxFunc([]time.Time{c.FedAt, c.ShopperAt, c.StaffAt}, time.Time.Compare)
}

// ReplaceAddresses replaces the saved addresses with a feed's. An address without an id gets the id of the
// same address at the same position, and an unchanged address keeps its version, so a document that is sent
// twice changes nothing.
func (c *Customer) ReplaceAddresses(sent []SavedAddress) {
	before := c.Addresses
	c.Addresses = nil
	for i, a := range sent {
		if a.ID == "" {
			a.ID = storage.NewID()
			named := func(other SavedAddress) bool { return other.ID == before[i].ID }
			if i < len(before) && before[i].Address == a.Address && !slices.ContainsFunc(sent, named) {
				a.ID = before[i].ID
			}
		}
		c.Addresses = append(c.Addresses, a)
		c.SettleDefaults(a)
	}
	for i, a := range c.Addresses {
		for _, old := range before {
			if a.Version = old.Version; a == old {
				c.Addresses[i] = old
			}
		}
	}
}

// SavedAddress is one of a customer's addresses. Version identifies the state that was shown: saving over a
// different one is a Conflict, so that two tabs cannot undo each other's changes.
type SavedAddress struct {
	ID              string          `bson:"id"`
	Address         address.Address `bson:"address"`
	DefaultShipping bool            `bson:"default_shipping,omitempty"`
	DefaultBilling  bool            `bson:"default_billing,omitempty"`
	Version         string          `bson:"version"`
}

// RemovedAddress is a deleted address that can be restored within undoWindow.
type RemovedAddress struct {
	SavedAddress `bson:",inline"`
	At           time.Time `bson:"at"`
}

const (
	MaxAddresses = 1000
	undoWindow   = 24 * time.Hour
)

// AddOnce adds an address unless the customer already has it, as after a form that was sent twice.
func (c *Customer) AddOnce(a *SavedAddress) error {
	at := slices.IndexFunc(c.Addresses, func(stored SavedAddress) bool { return stored.Address == a.Address })
	if at < 0 {
		return c.add(a)
	}
	same := c.Addresses[at]
	same.DefaultShipping = same.DefaultShipping || a.DefaultShipping
	same.DefaultBilling = same.DefaultBilling || a.DefaultBilling
	if same == c.Addresses[at] {
		*a = same
		return storage.ErrUnchanged
	}
	same.Version = a.Version
	*a, c.Addresses[at] = same, same
	c.SettleDefaults(same)
	return nil
}

func (c *Customer) add(a *SavedAddress) error {
	if len(c.Addresses) >= MaxAddresses {
		return &validate.Error{Kind: validate.Invalid, Key: "address.too_many",
			Fields: []validate.FieldError{{Key: "address.too_many",
				Args: map[string]string{"Most": fmt.Sprint(MaxAddresses)}}}}
	}
	a.ID = storage.NewID()
	if len(c.Addresses) == 0 {
		a.DefaultShipping, a.DefaultBilling = true, true
	}
	c.Addresses = append(c.Addresses, *a)
	c.SettleDefaults(*a)
	return nil
}

// SettleDefaults ensures that each use has at most one default: a replaces the previous defaults for the
// uses that it is marked for.
func (c *Customer) SettleDefaults(a SavedAddress) {
	for i := range c.Addresses {
		if c.Addresses[i].ID == a.ID {
			continue
		}
		c.Addresses[i].DefaultShipping = c.Addresses[i].DefaultShipping && !a.DefaultShipping
		c.Addresses[i].DefaultBilling = c.Addresses[i].DefaultBilling && !a.DefaultBilling
	}
}

func (c *Customer) Address(id string) (int, error) {
	at := slices.IndexFunc(c.Addresses, func(a SavedAddress) bool { return a.ID == id })
	if at < 0 {
		return at, validate.NewError(validate.NotFound, "address.gone")
	}
	return at, nil
}

// Deleted reports whether a duplicate of this request has already deleted the address in that version.
func (c *Customer) Deleted(id, version string) bool {
	return slices.ContainsFunc(c.Removed,
		func(a RemovedAddress) bool { return a.ID == id && a.Version == version })
}

// RemovedAddress returns the index of a deleted address that can be restored, or -1.
func (c *Customer) RemovedAddress(id string, now time.Time) int {
	return slices.IndexFunc(c.Removed,
		func(r RemovedAddress) bool { return r.ID == id && now.Before(r.until()) })
}

// until returns the first moment when a deleted address can no longer be restored.
func (r RemovedAddress) until() time.Time { return r.At.Add(undoWindow) }

// forgetRemoved drops the deleted addresses that can no longer be restored.
func (c *Customer) forgetRemoved(now time.Time) {
	c.Removed = slices.DeleteFunc(c.Removed, func(r RemovedAddress) bool { return !now.Before(r.until()) })
}

// The uses that an address can be the default for.
const (
	UseShipping = "shipping"
	UseBilling  = "billing"
)

// AddressErrors converts the errors of an address to errors of fields with the given prefix.
func AddressErrors(prefix string, found []address.FieldError) []validate.FieldError {
	var list []validate.FieldError
	for _, wrong := range found {
		list = append(list, validate.FieldError{Field: prefix + string(wrong.Field),
			Key: "address." + string(wrong.Reason)})
	}
	return list
}

// SaveAddress adds an address (ID "") or changes one, and returns it as saved. If the version differs from
// the stored one, it is a Conflict. An address that the customer already has is not added again.
func (c *Customer) SaveAddress(a SavedAddress) (saved SavedAddress, err error) {
	saved = a
	saved.Version = storage.NewID()
	if a.ID == "" {
		err = c.AddOnce(&saved)
		return saved, err
	}
	at, err := c.Address(a.ID)
	if err != nil {
		return saved, err
	}
	if stored := c.Addresses[at]; stored.Version != a.Version {
		if a.Version = stored.Version; a == stored { // a form sent twice is saved once
			return stored, storage.ErrUnchanged
		}
		return saved, validate.NewError(validate.Conflict, "address.changed")
	}
	c.Addresses[at] = saved
	c.SettleDefaults(saved)
	return saved, nil
}

// DeleteAddress removes an address, which can be restored for a while. If the version differs from the stored
// one, it is a Conflict.
func (c *Customer) DeleteAddress(id, version string, now time.Time) error {
	at, err := c.Address(id)
	switch {
	case err != nil && c.Deleted(id, version):
		return storage.ErrUnchanged
	case err != nil:
		return err
	case c.Addresses[at].Version != version:
		return validate.NewError(validate.Conflict, "address.changed")
	}
	c.Removed = append(c.Removed, RemovedAddress{SavedAddress: c.Addresses[at], At: now})
	c.Addresses = slices.Delete(c.Addresses, at, at+1)
	return nil
}

// SetDefault makes an address the default for a use.
func (c *Customer) SetDefault(id, use string) error {
	if use != UseShipping && use != UseBilling {
		return validate.InvalidFields([]validate.FieldError{{Field: "use", Key: "address.use"}})
	}
	at, err := c.Address(id)
	if err != nil {
		return err
	}
	a := &c.Addresses[at]
	if use == UseShipping && a.DefaultShipping || use == UseBilling && a.DefaultBilling {
		return storage.ErrUnchanged
	}
	a.DefaultShipping = a.DefaultShipping || use == UseShipping
	a.DefaultBilling = a.DefaultBilling || use == UseBilling
	a.Version = storage.NewID()
	c.SettleDefaults(*a)
	return nil
}
