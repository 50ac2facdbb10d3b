package merchant

import (
	"context"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/staff"
	"postern/portal/validate"
)

// DisableCustomer closes an account because of a reason, which is required and which the customer can read.
// Every session, link and code ends at once, in every process; a link that the customer asks for afterwards
// opens only what the law gives everybody. Orders still arrive. It returns the id of the act, "" if the
// account was closed before.
func (s Staff) DisableCustomer(ctx context.Context, id, reason string) (act string, err error) {
	made, err := s.newAct(audit.CustomerDisabled, id, reason)
	if err == nil && made.Reason == "" {
		err = wrongField("reason", "customer.disable.reason_missing")
	}
	if err != nil {
		return "", err
	}
	disabled := false
	c, err := s.actOn(ctx, staff.PermissionEditCustomers, made, func(c *customer.Customer) error {
		disabled = c.Disabled.IsZero()
		c.EndAccess(made)
		return c.Disable(made.Reason, s.app.Now())
	})
	if err != nil || !disabled {
		return "", err
	}
	_, err = s.app.EndAccess(ctx, s.shop.ID, c, made.ID)
	return made.ID, err
}

// EnableCustomer opens an account again. Sessions and links that the customer got while it was closed end. If
// it is open, nothing changes.
func (s Staff) EnableCustomer(ctx context.Context, id, reason string) error {
	made, err := s.newAct(audit.CustomerEnabled, id, reason)
	if err == nil {
		_, err = s.actOn(ctx, staff.PermissionEditCustomers, made, (*customer.Customer).Enable)
	}
	return err
}

// SignOutCustomer ends every session, link and code of a customer at once, in every process, and returns the
// number of sessions that it ended. It cannot be undone.
func (s Staff) SignOutCustomer(ctx context.Context, id, reason string) (sessions int, err error) {
	made, err := s.newAct(audit.CustomerSignedOut, id, reason)
	if err != nil {
		return 0, err
	}
	c, err := s.record(ctx, staff.PermissionEditCustomers, made, func(c *customer.Customer) error {
		c.EndAccess(made)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return s.app.EndAccess(ctx, s.shop.ID, c, made.ID)
}

// MailSignIn emails a customer a sign-in link. It counts against the limits of the address, beyond which it
// is validate.TooMany. A disabled customer is a Conflict. It cannot be undone.
func (s Staff) MailSignIn(ctx context.Context, id, reason string) error {
	made, err := s.newAct(audit.CustomerLinkSent, id, reason)
	if err != nil {
		return err
	}
	c, err := s.ReadCustomer(ctx, id)
	if err == nil {
		err = mayGetLink(c)
	}
	if err == nil {
		err = s.app.CountSignInEmail(ctx, s.shop.ID, c.Email)
	}
	if err != nil {
		return err
	}
	_, err = s.record(ctx, staff.PermissionEditCustomers, made, func(c *customer.Customer) error {
		c.MailSignIn(made, customer.LinkByStaff)
		return mayGetLink(*c)
	})
	return err
}

func mayGetLink(c customer.Customer) error {
	if !c.Disabled.IsZero() {
		return validate.NewError(validate.Conflict, "customer.link.disabled")
	}
	return nil
}
