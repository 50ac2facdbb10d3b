package portal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postern/portal/address"
	"postern/storage"
)

// SavedAddress is one of a customer's addresses. Version identifies the state that was shown: saving over a
// different one is a Conflict, so that two tabs cannot undo each other's changes.
type SavedAddress struct {
	ID              string          `bson:"id"`
	Address         address.Address `bson:"address"`
	DefaultShipping bool            `bson:"default_shipping,omitempty"`
	DefaultBilling  bool            `bson:"default_billing,omitempty"`
	Version         string          `bson:"version"`
}

// removedAddress is a deleted address that can be restored within undoWindow.
type removedAddress struct {
	SavedAddress `bson:",inline"`
	At           time.Time `bson:"at"`
}

const (
	maxAddresses = 1000
	undoWindow   = 24 * time.Hour
)

// Addresses lists the customer's addresses in the order they were added.
func (s Shopper) Addresses(ctx context.Context) ([]SavedAddress, error) {
	customer, err := s.current(ctx)
	return customer.Addresses, err
}

// Address returns one of the customer's addresses, or NotFound.
func (s Shopper) Address(ctx context.Context, id string) (SavedAddress, error) {
	customer, err := s.current(ctx)
	if err != nil {
		return SavedAddress{}, err
	}
	at, err := customer.address(id)
	if err != nil {
		return SavedAddress{}, err
	}
	return customer.Addresses[at], nil
}

func (s Shopper) current(ctx context.Context) (Customer, error) {
	customer, err := s.app.customer(ctx, s.shop.ID, s.customer.ID)
	return customer, missing(err)
}

// SaveAddress adds an address (ID "") or changes one. Faults are at the names of the address's fields, with
// the key "address." plus the reason. If Version differs from the stored one, it is a Conflict. The first
// address becomes the default for both uses. An address that the customer already has is not added again:
// SaveAddress returns it, with the requested defaults set.
func (s Shopper) SaveAddress(ctx context.Context, a SavedAddress) (SavedAddress, error) {
	a.Address = s.app.atlas.Normalise(a.Address)
	if err := invalid(addressFaults("", s.app.atlas.Validate(a.Address))); err != nil {
		return a, err
	}
	saved := a
	err := s.changeAndTell(ctx, newsAddress, func(c *Customer) error {
		saved = a // the change may be retried
		saved.Version = storage.NewID()
		if a.ID == "" {
			return c.addOnce(&saved)
		}
		at, err := c.address(a.ID)
		if err != nil {
			return err
		}
		if stored := c.Addresses[at]; stored.Version != a.Version {
			twin := a
			if twin.Version = stored.Version; twin == stored {
				saved = twin // a form sent twice is saved once
				return storage.ErrUnchanged
			}
			return failure(Conflict, "address.changed")
		}
		c.Addresses[at] = saved
		c.settleDefaults(saved)
		return nil
	})
	return saved, err
}

// addOnce adds an address unless the customer already has it, as after a form that was sent twice.
func (c *Customer) addOnce(a *SavedAddress) error {
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
	c.settleDefaults(same)
	return nil
}

func (c *Customer) add(a *SavedAddress) error {
	if len(c.Addresses) >= maxAddresses {
		return &Error{Kind: Invalid, Key: "address.too_many", Faults: []Fault{{Key: "address.too_many", Args: map[string]string{"Most": fmt.Sprint(maxAddresses)}}}}
	}
	a.ID = storage.NewID()
	if len(c.Addresses) == 0 {
		a.DefaultShipping, a.DefaultBilling = true, true
	}
	c.Addresses = append(c.Addresses, *a)
	c.settleDefaults(*a)
	return nil
}

// settleDefaults ensures that each use has at most one default: a replaces the previous defaults for the
// uses that it is marked for.
func (c *Customer) settleDefaults(a SavedAddress) {
	for i := range c.Addresses {
		if c.Addresses[i].ID == a.ID {
			continue
		}
		c.Addresses[i].DefaultShipping = c.Addresses[i].DefaultShipping && !a.DefaultShipping
		c.Addresses[i].DefaultBilling = c.Addresses[i].DefaultBilling && !a.DefaultBilling
	}
}

func (c *Customer) address(id string) (int, error) {
	at := slices.IndexFunc(c.Addresses, func(a SavedAddress) bool { return a.ID == id })
	if at < 0 {
		return at, failure(NotFound, "address.gone")
	}
	return at, nil
}

// DeleteAddress removes an address; UndoDeleteAddress can restore it within a day. If version differs from
// the stored one, it is a Conflict.
func (s Shopper) DeleteAddress(ctx context.Context, id, version string) error {
	return s.changeAndTell(ctx, newsAddress, func(c *Customer) error {
		at, err := c.address(id)
		if err != nil && c.deleted(id, version) {
			return storage.ErrUnchanged
		}
		if err != nil {
			return err
		}
		if c.Addresses[at].Version != version {
			return failure(Conflict, "address.changed")
		}
		c.Removed = append(c.Removed, removedAddress{SavedAddress: c.Addresses[at], At: s.app.now()})
		c.Addresses = slices.Delete(c.Addresses, at, at+1)
		return nil
	})
}

// deleted reports whether a duplicate of this request has already deleted the address in that version.
func (c *Customer) deleted(id, version string) bool {
	return slices.ContainsFunc(c.Removed, func(a removedAddress) bool { return a.ID == id && a.Version == version })
}

// UndoDeleteAddress restores a deleted address, without replacing a default that has been set since. It is
// safe to repeat; after undoWindow it is Gone.
func (s Shopper) UndoDeleteAddress(ctx context.Context, id string) error {
	return s.changeAndTell(ctx, newsAddress, func(c *Customer) error {
		if _, err := c.address(id); err == nil {
			return storage.ErrUnchanged
		}
		at := c.removed(id, s.app.now())
		if at < 0 {
			return failure(Gone, "address.undo_late")
		}
		back := c.Removed[at].SavedAddress
		back.DefaultShipping = back.DefaultShipping && !slices.ContainsFunc(c.Addresses, func(a SavedAddress) bool { return a.DefaultShipping })
		back.DefaultBilling = back.DefaultBilling && !slices.ContainsFunc(c.Addresses, func(a SavedAddress) bool { return a.DefaultBilling })
		c.Removed = slices.Delete(c.Removed, at, at+1)
		c.Addresses = append(c.Addresses, back)
		return nil
	})
}

// DeletedAddress reports whether id is a deleted address that can be restored, as this request found the
// customer.
func (s Shopper) DeletedAddress(id string) bool { return s.customer.removed(id, s.app.now()) >= 0 }

// removed returns the index of a deleted address that can be restored, or -1.
func (c *Customer) removed(id string, now time.Time) int {
	return slices.IndexFunc(c.Removed, func(r removedAddress) bool { return r.ID == id && now.Before(r.until()) })
}

// until returns the first moment when a deleted address can no longer be restored.
func (r removedAddress) until() time.Time { return r.At.Add(undoWindow) }

// forgetRemoved drops the deleted addresses that can no longer be restored.
func (c *Customer) forgetRemoved(now time.Time) {
	c.Removed = slices.DeleteFunc(c.Removed, func(r removedAddress) bool { return !now.Before(r.until()) })
}

// The uses that an address can be the default for.
const (
	UseShipping = "shipping"
	UseBilling  = "billing"
)

// SetDefault makes an address the default for a use.
func (s Shopper) SetDefault(ctx context.Context, id, use string) error {
	if use != UseShipping && use != UseBilling {
		return invalid([]Fault{{Field: "use", Key: "address.use"}})
	}
	return s.changeAndTell(ctx, newsAddress, func(c *Customer) error {
		at, err := c.address(id)
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
		c.settleDefaults(*a)
		return nil
	})
}

// addressFaults converts the atlas's faults to faults at fields with the given prefix.
func addressFaults(prefix string, found []address.Fault) []Fault {
	var faults []Fault
	for _, fault := range found {
		faults = append(faults, Fault{Field: prefix + string(fault.Field), Key: "address." + string(fault.Reason)})
	}
	return faults
}
