package merchant

import (
	"context"
	"errors"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// EmailForm changes the email of a customer. Stored is the one that the form was made from.
type EmailForm struct {
	Customer, Email, Stored, Reason string
}

// KeyEmailHeld is the key of the error at "email" if the address belongs to another customer, whose id is the
// argument "Customer": the two can be merged.
const KeyEmailHeld = "customer.email.held"

// ChangeEmail changes a customer's email. Everything that lets somebody in by the old one ends. Both
// addresses are told, and if anybody had signed in by the old one, its email can undo the change for 14 days. Staff
// cannot undo it, but change it once more. Field errors are at "email" and "reason"; an email that somebody
// else has changed since is a Conflict. Repeating it changes nothing. It requires a fresh second factor and a
// reason: whoever has the new address can sign in. With other accounts merged into the customer's, it requires
// the permission to merge.
func (s Staff) ChangeEmail(ctx context.Context, form EmailForm) error {
	if err := s.requireFresh(); err != nil {
		return err
	}
	made, err := s.newAct(audit.CustomerEmailChanged, form.Customer, form.Reason)
	if err != nil {
		return err
	}
	f := &validate.Validator{}
	wanted := f.Email("email", form.Email)
	if made.Reason == "" {
		f.Reject("reason", "customer.disable.reason_missing")
	}
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return err
	}
	if err := s.requireStill(ctx, staff.PermissionEditCustomers); err != nil {
		return err
	}
	c, err := s.ReadCustomer(ctx, form.Customer)
	switch {
	case err != nil:
		return err
	case len(c.Merged) > 0 && !s.May(staff.PermissionMerge):
		return denied()
	case c.Email == wanted:
		return wrongField("email", "email.same")
	case c.HasAddress(wanted):
		return wrongField("email", "customer.email.own")
	case c.Email != form.Stored:
		return validate.NewError(validate.Conflict, "email.changed")
	}
	told, err := s.reserveEmail(ctx, c, wanted)
	if err != nil {
		return err
	}
	_, err = s.actOn(ctx, staff.PermissionEditCustomers, made, func(c *customer.Customer) error {
		if c.Email != form.Stored {
			return validate.NewError(validate.Conflict, "email.changed")
		}
		if c.FedEmail == "" {
			c.FedEmail = c.Email // the shop's own records have it, if any
		}
		c.PageLang = ""
		c.TellNewEmail(wanted, made.At)
		c.TellOldEmails(c.Email, told, made.At)
		return c.Move(wanted, told, s.app.Now())
	})
	if err != nil {
		return err
	}
	return s.app.LeaveEmail(ctx, s.shop, c.ID, form.Stored)
}

// reserveEmail reserves an address for a customer, and reports whether anybody has signed in by the present
// one.
func (s Staff) reserveEmail(ctx context.Context, c customer.Customer, email string) (told bool, err error) {
	told, holder, err := s.app.ReserveEmail(ctx, s.shop, c, email)
	if err != nil || holder == c.ID {
		return told, err
	}
	if held, err := customer.Follow(ctx, s.customers(), holder); err == nil {
		holder = held.ID
	} else if !errors.Is(err, storage.ErrNotFound) {
		return false, err
	}
	return false, validate.InvalidFields([]validate.FieldError{{Field: "email", Key: KeyEmailHeld,
		Args: map[string]string{"Customer": holder}}})
}
