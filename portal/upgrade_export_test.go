package portal

import (
	"context"

	"postern/portal/job"
)

// LinkAsBefore writes the store as earlier versions did: the id leads to the customer of an email, who has
// the orders.
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
			months := []customerMonth{monthOf(s.Customer, s.PlacedAt, shop.Location()), monthOf(customer, s.PlacedAt, shop.Location())}
			s.Customer, s.FeedCustomer = customer, feedID
			return a.askCounts(ctx, shop, months...)
		}); err != nil {
			return err
		}
	}
	for done := 1; done > 0 && err == nil; {
		done, err = a.Worker().Once(ctx)
	}
	if err != nil {
		return err
	}
	_, err = a.customerDocs(shop.ID).Change(ctx, customer, func(c *Customer) error {
		c.FeedID, c.LinkedID = "", feedID
		return nil
	})
	if err != nil {
		return err
	}
	_, err = a.housekeepingDocs().Put(ctx, housekeepingKey, func(h *housekeeping, _ bool) error { // like a sweep of this version
		h.Work.Add(job.Request{Kind: kindUpgradeLinks, At: a.now(), Slow: true})
		return nil
	})
	return err
}
