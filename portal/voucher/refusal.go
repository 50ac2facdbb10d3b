package voucher

import (
	"postern/portal/validate"
)

// Refusal returns why a step may not take a use of the voucher, apart from what the same customer has used,
// or nil.
func (v Voucher) Refusal(s Step) error {
	left, limited := v.Left()
	switch {
	case v.IsDeleted():
		return validate.NewError(validate.NotFound, "voucher.not_found")
	case !v.From.IsZero() && s.At.Before(v.From):
		return validate.NewError(validate.Conflict, "voucher.early")
	case !v.Until.IsZero() && !s.At.Before(v.Until):
		return validate.NewError(validate.Conflict, "voucher.expired")
	case !v.IsFor(s.Holders):
		return validate.NewError(validate.Conflict, "voucher.other_customer")
	case limited && left == 0:
		return validate.NewError(validate.Conflict, "voucher.used_up")
	case v.PerCustomer > 0 && len(s.Holders) == 0:
		return validate.InvalidFields([]validate.FieldError{{Field: "/customer_id", Key: "voucher.who"}})
	}
	return nil
}
