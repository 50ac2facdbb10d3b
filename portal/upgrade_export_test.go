package portal

import (
	"context"

	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
)

// LinkAsBefore writes the store as earlier versions did: the id leads to the customer of an email, who has
// the orders.
func (a *App) LinkAsBefore(ctx context.Context, shop shop.Shop, email, feedID string,
	orders ...string) error {
	to, _, err := a.customerOfEmail(ctx, shop, email, "")
	if err != nil {
		return err
	}
	who := to.ID
	if _, err := a.identifierDocs(shop.ID).Put(ctx, identifier.FeedKey(feedID),
		func(h *identifier.Identifier, _ bool) error {
			*h = identifier.Identifier{Customer: who}
			return nil
		}); err != nil {
		return err
	}
	for _, number := range orders {
		if _, err := a.orderDocs(shop.ID).Change(ctx, number, func(s *order.Stored) error {
			months := []order.CustomerMonth{order.MonthOf(s.Customer, s.PlacedAt, shop.Location()),
				order.MonthOf(who, s.PlacedAt, shop.Location())}
			s.Customer, s.FeedCustomer = who, feedID
			return a.requestCounts(ctx, shop, months...)
		}); err != nil {
			return err
		}
	}
	for done := 1; done > 0 && err == nil; {
		done, err = a.Worker().RunOnce(ctx)
	}
	if err != nil {
		return err
	}
	_, err = a.customerDocs(shop.ID).Change(ctx, who, func(c *customer.Customer) error {
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
