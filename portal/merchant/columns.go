package merchant

import (
	"context"

	"postern/portal/customer"
	"postern/portal/staff"
)

// Columns returns the columns that the person chose for the list of customers, in their order.
func (s Staff) Columns() []string {
	if chosen := customer.KnownColumns(s.access.Columns); len(chosen) > 0 {
		return chosen
	}
	return customer.DefaultColumns()
}

// SetColumns stores the columns of the person's list of customers. Unknown ones are left out; none means the
// usual ones.
func (s Staff) SetColumns(ctx context.Context, names []string) error {
	return s.changeAccess(ctx, func(a *staff.Access) error {
		a.Columns = customer.KnownColumns(names)
		return nil
	})
}
