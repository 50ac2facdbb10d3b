package portal

import "context"

// LinkAsBefore leaves the store as earlier versions did: the id leads to the customer of an email, who has the orders.
func (a *App) LinkAsBefore(ctx context.Context, shop Shop, email, feedID string, orders ...string) error {
	customer, err := a.customerOfEmail(ctx, shop, email)
	if err != nil {
		return err
	}
	if _, err := a.handleDocs(shop.ID).Put(ctx, feedHandle(feedID), func(h *handle, _ bool) error {
		*h = handle{Customer: customer}
		return nil
	}); err != nil {
		return err
	}
	for _, number := range orders {
		if _, err := a.orderDocs(shop.ID).Change(ctx, number, func(s *storedOrder) error {
			s.askCount(countJob(s.Customer, s.PlacedAt, shop.Location()))
			s.askCount(countJob(customer, s.PlacedAt, shop.Location()))
			s.Customer, s.FeedCustomer = customer, feedID
			return nil
		}); err != nil {
			return err
		}
	}
	a.upgraded.Clear() // as at the start of a later version
	for done := 1; done > 0 && err == nil; {
		done, err = a.Worker().countJobs(ctx, shop)
	}
	if err != nil {
		return err
	}
	_, err = a.customerDocs(shop.ID).Change(ctx, customer, func(c *Customer) error {
		c.FeedID, c.LinkedID = "", feedID
		return nil
	})
	return err
}
