package merchant

import (
	"context"

	"postern/portal/audit"
	"postern/portal/inquiry"
	"postern/portal/staff"
)

// Answer writes to a customer about one of their orders, as the shop; the customer gets an email. Field
// errors are at "text". A form sent twice sends one message. An order that is not the customer's is a
// Conflict.
func (s Staff) Answer(ctx context.Context, customer, form string, in inquiry.Inquiry) error {
	if err := s.requireStill(ctx, staff.PermissionEditCustomers); err != nil {
		return err
	}
	act, err := s.newAct(audit.MessageSent, customer, "")
	if err != nil {
		return err
	}
	in.Customer = customer
	return s.app.Desk(s.shop).Answer(ctx, in, s.member.ID+" "+form, act)
}

// DecideRequest decides on a customer's request to cancel an order or to return goods; the customer gets an
// email. Field errors are at "state" and "text". An unknown request is validate.NotFound, one that was
// decided otherwise a Conflict.
func (s Staff) DecideRequest(ctx context.Context, customer, request string, made inquiry.Decision) error {
	if err := s.requireStill(ctx, staff.PermissionEditCustomers); err != nil {
		return err
	}
	act, err := s.newAct(audit.RequestDecided, customer, "")
	if err == nil {
		_, err = s.ReadCustomer(ctx, customer) // none whose erasure has begun
	}
	if err != nil {
		return err
	}
	return s.app.Desk(s.shop).Decide(ctx, request, made, act)
}
