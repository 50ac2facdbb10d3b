package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// Impersonation says that a member of staff acts as the customer. Nothing of it is kept with the customer: no
// session, no visit, no limit.
type Impersonation struct {
	Staff   string // the member's id
	Reason  string
	Write   bool // whether the member may change what is open to staff
	BeganAt time.Time
	Until   time.Time
	// Change changes the customer as an act of the member.
	Change func(ctx context.Context, alter func(*customer.Customer) error) (customer.Customer, error)
}

// ShopperFor returns a customer whom a member of staff acts for. It is a validate.SignIn error if the
// customer is gone, disabled or merged into another, or all sessions of the customer were ended since it
// began.
func (a *App) ShopperFor(ctx context.Context, shop shop.Shop, id string, by Impersonation) (Shopper, error) {
	c, err := a.customer(ctx, shop.ID, id)
	if errors.Is(err, storage.ErrNotFound) ||
		err == nil && (c.ID != id || !c.Admits(by.BeganAt, false) || !c.Erasure.Begun.IsZero()) {
		err = validate.NewError(validate.SignIn, "error.sign_in")
	}
	if err != nil {
		return Shopper{}, err
	}
	return Shopper{app: a, shop: shop, customer: c, by: &by}, nil
}

// Impersonation returns who acts for the customer, nil if the customer does.
func (s Shopper) Impersonation() *Impersonation { return s.by }

// errNotOpen is the answer to a member of staff where only the customer may act.
func errNotOpen() error { return validate.NewError(validate.Denied, "impersonation.closed") }

// requireOwn is an error unless it is the customer who acts. The use cases that staff never have begin with
// it, whichever routes are open.
func (s Shopper) requireOwn() error {
	if s.by != nil {
		return errNotOpen()
	}
	return nil
}

// changeBy is change for the member of staff who acts for the customer. It accepts only changes of what
// openToStaff lists, and of the versions that guard it; anything else in the customer's document stays.
func (s Shopper) changeBy(ctx context.Context,
	alter func(*customer.Customer) error) (customer.Customer, error) {
	if !s.by.Write {
		return customer.Customer{}, errNotOpen()
	}
	return s.by.Change(ctx, func(c *customer.Customer) error {
		before := c.Fields()
		kept, err := closedToStaff(*c)
		if err != nil {
			return err
		}
		if err := alter(c); err != nil {
			return err
		}
		after, err := closedToStaff(*c)
		if err != nil {
			return err
		}
		if !bytes.Equal(kept, after) {
			return errNotOpen()
		}
		for _, change := range audit.Changes(before, c.Fields()) {
			field, _, _ := strings.Cut(change.Field, ".")
			if !slices.Contains(openToStaff(), field) {
				return errNotOpen()
			}
		}
		return nil
	})
}

// openToStaff lists the fields, by the first part of their name, that staff may change as the customer.
func openToStaff() []string {
	return []string{"title", "first_name", "last_name", "birth_date", "phone", "language", "company", "addresses",
		"default_addresses"}
}

// closedToStaff returns everything in the customer's document but what openToStaff lists, for comparing it
// before and after a change. It is a text because a change may write into the lists that a copy shares.
func closedToStaff(c customer.Customer) ([]byte, error) {
	c.Title, c.FirstName, c.LastName, c.BirthDate, c.Phone, c.Language = "", "", "", "", "", ""
	c.ProfileVersion, c.Company, c.Addresses, c.Removed = "", customer.Company{}, nil, nil
	return json.Marshal(c)
}
