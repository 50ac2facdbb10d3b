package portal

import (
	"context"

	"postern/portal/customer"
)

// Alter changes the customer's document as every use case does.
func (s Shopper) Alter(ctx context.Context, alter func(*customer.Customer) error) error {
	_, err := s.change(ctx, alter)
	return err
}
