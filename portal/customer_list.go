package portal

import (
	"context"
	"time"

	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/storage"
)

const (
	// kindRelist rewrites the customers whose list fields are of another form than the shop's.
	kindRelist = "relist_customers"
	// visitInterval is how often a customer's last visit is written: at most once in that time.
	visitInterval = time.Hour
)

// listForm is how the list fields of the shop's customers are made.
func listForm(s shop.Shop) string { return customer.ListForm(s.Language, s.Currency) }

// begin schedules what an earlier version of the program left to do: the lists of customers.
func (w Worker) begin(ctx context.Context) error {
	if err := w.app.beginHousekeeping(ctx); err != nil {
		return err
	}
	shops, err := w.app.Shops(ctx)
	if err != nil {
		return err
	}
	for _, s := range shops {
		if s.ListForm == listForm(s) {
			continue
		}
		_, err := w.app.shopDocs().Change(ctx, s.ID, func(stored *shop.Shop) error {
			if stored.ListForm == listForm(*stored) ||
				!stored.Work.Ensure(job.Request{Kind: kindRelist, At: w.app.now(), Slow: true}, time.Time{}) {
				return storage.ErrUnchanged
			}
			return nil
		})
		if ifFound(err) != nil {
			return err
		}
	}
	return nil
}

// noteVisit records that a customer was here. A visit that another request has just recorded is not written
// again.
func (a *App) noteVisit(ctx context.Context, shop, id string) error {
	_, err := a.changeCustomer(ctx, shop, id, func(c *customer.Customer) error {
		now := a.now()
		if c.List == nil || now.Sub(c.List.VisitedAt) < visitInterval {
			return storage.ErrUnchanged
		}
		c.List.VisitedAt = now
		return nil
	})
	return ifFound(err)
}

// listTotals writes what the customer's orders add up to into the customer, who is listed by it. The counts
// are read after the customer, so that of two counts at the same time the later one stays.
func (w Worker) listTotals(ctx context.Context, shop shop.Shop, id string) error {
	read, err := w.app.customerDocs(shop.ID).Read(ctx, id)
	if err != nil {
		return err
	}
	return w.listTotalsAfter(ctx, shop, id, read, nil)
}

// listTotalsAfter is listTotals for a caller that has read the customer, and after it the counts, nil to read
// them.
func (w Worker) listTotalsAfter(ctx context.Context, shop shop.Shop, id string,
	read storage.Read[customer.Customer], counted *order.Counts) error {
	_, err := w.app.customerDocs(shop.ID).PutAfter(ctx, id, read, customer.Changing(w.app.now,
		func(c *customer.Customer) error {
			if counted == nil {
				kept, err := w.app.orderCounts(ctx, shop.ID, id)
				if err != nil {
					return err
				}
				counted = &kept
			}
			totals := totalsOf(*counted, shop)
			counted = nil // after a conflict, they are older than the customer
			if !c.Add(totals) {
				return storage.ErrUnchanged
			}
			return nil
		}))
	return ifFound(err)
}

// totals returns what a customer's orders add up to in the shop's currency.
func (a *App) totals(ctx context.Context, shop shop.Shop, id string) (customer.Totals, error) {
	kept, err := a.orderCounts(ctx, shop.ID, id)
	return totalsOf(kept, shop), err
}

func totalsOf(kept order.Counts, shop shop.Shop) customer.Totals {
	sum := kept.Sum()
	t := customer.Totals{Orders: sum.Orders, Spent: sum.Spent[shop.Currency], Currency: shop.Currency,
		Last: sum.Last}
	for currency := range sum.Spent {
		t.Other = t.Other || currency != shop.Currency
	}
	return t
}

// relist rewrites the list fields of the shop's customers where they are of another form: those of an earlier
// version, and all after a change of the shop's language or currency. Whoever has the right form already,
// such as after a crash, is only looked at.
func (w Worker) relist(ctx context.Context, t job.Task[shop.Shop]) (job.Finish[shop.Shop], error) {
	if _, err := w.recountInTimeZone(ctx, t); err != nil { // also forgets the shops that were read before
		return nil, err
	}
	s, err := w.app.shop(ctx, t.Key)
	if err != nil {
		return nil, err
	}
	form := listForm(s)
	query := storage.Query{Index: customer.ByChanged, Limit: readBatch}
	for {
		page, err := storage.Find[struct {
			Form string `bson:"list_form"`
		}](ctx, w.app.customerDocs(s.ID), query)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, hit := range page.Hits {
			if hit.Head.Form != form {
				ids = append(ids, hit.Key)
			}
		}
		if err := eachAtOnce(ctx, ids, func(ctx context.Context, id string) error {
			return w.relistCustomer(ctx, s, id)
		}); err != nil {
			return nil, err
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			break
		}
	}
	return func(stored *shop.Shop) {
		if listForm(*stored) == form { // otherwise, the change since has requested another rewrite
			stored.ListForm = form
		}
	}, nil
}

func (w Worker) relistCustomer(ctx context.Context, s shop.Shop, id string) error {
	visited, err := w.lastVisit(ctx, s, id)
	if err != nil {
		return err
	}
	_, err = w.app.changeCustomer(ctx, s.ID, id, func(c *customer.Customer) error {
		totals, err := w.app.totals(ctx, s, id)
		if err != nil {
			return err
		}
		c.ListForm = listForm(s)
		if c.List == nil {
			c.List = &customer.Listed{VisitedAt: visited}
		}
		c.Add(totals)
		return nil
	})
	return ifFound(err)
}

// lastVisit returns the last use of a session, for a customer from before visits were recorded.
func (w Worker) lastVisit(ctx context.Context, s shop.Shop, id string) (last time.Time, err error) {
	c, err := w.app.customer(ctx, s.ID, id)
	if err != nil || c.List != nil {
		return last, ifFound(err)
	}
	for _, email := range c.EmailsHeld() {
		doc, _, err := w.app.credentialDocs(s.ID).Get(ctx, w.app.credentialsID(s.ID, email))
		if ifFound(err) != nil {
			return last, err
		}
		for _, session := range doc.Sessions {
			if doc.Customer == id && session.SeenAt.After(last) {
				last = session.SeenAt
			}
		}
	}
	return last, nil
}
