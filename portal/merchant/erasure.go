package merchant

import (
	"context"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/staff"
)

// EraseCustomer schedules the erasure of an account as its customer can, and has the customer told. It
// requires a fresh second factor. It returns the id of the act, which can be undone until the date of the
// erasure, "" if one is pending already.
func (s Staff) EraseCustomer(ctx context.Context, id, reason string) (act string, err error) {
	if !s.May(staff.PermissionErase) {
		return "", denied()
	}
	if err := s.requireFresh(); err != nil {
		return "", err
	}
	made, err := s.newAct(audit.CustomerErasureRequested, id, reason)
	if err != nil {
		return "", err
	}
	return s.changed(ctx, staff.PermissionErase, made, func(c *customer.Customer) error {
		return c.RequestErasure(s.app.Now())
	})
}

// CancelErasure cancels an erasure that has not begun, whoever asked for it, and has the customer told. The
// reason is required. If there is none, nothing changes.
func (s Staff) CancelErasure(ctx context.Context, id, reason string) error {
	made, err := s.newAct(audit.CustomerErasureCancelled, id, reason)
	if err == nil && made.Reason == "" {
		err = wrongField("reason", "customer.disable.reason_missing")
	}
	if err == nil {
		_, err = s.changed(ctx, staff.PermissionErase, made, func(c *customer.Customer) error {
			if err := c.CancelErasure(); err != nil {
				return err
			}
			c.NotifyOfChange(portal.ChangedErasure, s.app.Now())
			return nil
		})
	}
	return err
}
