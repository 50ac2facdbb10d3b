package portal

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// Earlier versions linked the customer id of an order to the first customer who ordered by it, and gave
// that customer all orders by it. Since feeds send one id for all their guests, orders of strangers came
// into one account. The upgrade decides on each such link: it survives as introduced if its id is not for
// nobody and all its orders carry an email that the customer has or had. Otherwise it is removed, and its
// orders go to the customers of their own emails.

// upgrade is how far the upgrade of a shop's links has come. What is left stands in the index of the
// customers; a customer whose link is being removed says so, and the upgrade goes on there after a crash.
type upgrade struct {
	DoneAt   time.Time `bson:"done_at,omitempty"`
	Kept     int64     `bson:"kept,omitempty"`     // links
	Removed  int64     `bson:"removed,omitempty"`  // links
	Moved    int64     `bson:"moved,omitempty"`    // orders
	Sessions int64     `bson:"sessions,omitempty"` // ended
}

const upgradeOfLinks = "introduced-ids"

func upgradeCollection() storage.Collection { return storage.Collection{Name: "upgrades"} }

func (a *App) upgradeDocs(shop string) storage.Docs[upgrade] {
	return storage.Open[upgrade](a.engine, shop, upgradeCollection())
}

// errUndecided says that the upgrade has still to decide on a customer's link.
var errUndecided = failure(Unavailable, "customer.upgrading")

// linkUndecided is errUndecided while the upgrade has still to decide whether a customer has this id.
func (a *App) linkUndecided(ctx context.Context, shop, customer, feedID string) error {
	c, _, err := a.customerDocs(shop).Get(ctx, customer)
	if err == nil && c.LinkedID == feedID {
		return errUndecided
	}
	return ifFound(err)
}

// linksToUpgrade are customers whose links are to be decided on.
func (w Worker) linksToUpgrade(ctx context.Context, limit int) ([]storage.Hit[struct{}], error) {
	page, err := storage.FindAllShops[struct{}](ctx, w.app.engine, customerCollection(), storage.Query{Index: customersByLink, Limit: limit})
	return page.Hits, err
}

// upgradeLinks decides on all links of all shops. Each that is decided on leaves the index, so that it goes
// on there after a crash.
func (w Worker) upgradeLinks(ctx context.Context, _ job.Task[housekeeping]) (job.Finish[housekeeping], error) {
	for {
		links, err := w.linksToUpgrade(ctx, readBatch)
		if err != nil {
			return nil, err
		}
		for _, link := range links {
			shop, err := w.app.shop(ctx, link.Shop)
			if err == nil {
				err = w.upgradeLink(ctx, shop, link.Key)
			}
			if err != nil {
				return nil, err
			}
		}
		if len(links) == 0 {
			return nil, w.endUpgrade(ctx)
		}
	}
}

// endUpgrade notes and logs the end of the upgrade in each shop that had links.
func (w Worker) endUpgrade(ctx context.Context) error {
	shops, err := w.app.Shops(ctx)
	for _, shop := range shops {
		ended := false
		state, failed := w.app.upgradeDocs(shop.ID).Change(ctx, upgradeOfLinks, func(u *upgrade) error {
			if ended = u.DoneAt.IsZero(); !ended {
				return storage.ErrUnchanged
			}
			u.DoneAt = w.app.now()
			return nil
		})
		if err = errors.Join(err, ifFound(failed)); failed == nil && ended {
			w.app.log.InfoContext(ctx, "upgrade of customer links is complete", "shop", shop.ID, "links_kept", state.Kept,
				"links_removed", state.Removed, "orders_moved", state.Moved, "sessions_ended", state.Sessions)
		}
	}
	return err
}

// upgradeLink decides on the link of one customer and does what follows. Each step may be done again.
func (w Worker) upgradeLink(ctx context.Context, shop Shop, customer string) error {
	c, _, err := w.app.customerDocs(shop.ID).Get(ctx, customer)
	if err != nil || c.LinkedID == "" {
		return ifFound(err)
	}
	link := &legacyLink{w: w, shop: shop, customer: c}
	h, _, err := w.app.handleDocs(shop.ID).Get(ctx, feedHandle(c.LinkedID))
	if ifFound(err) != nil {
		return err
	}
	if h.Introduced || h.Customer != customer {
		return link.end(ctx, upgrade{}) // removed before a crash
	}
	if err := link.inspect(ctx); err != nil {
		return err
	}
	if !c.LinkShared && !link.shared && !isForNobody(c.LinkedID) && (c.FeedID == "" || c.FeedID == c.LinkedID) {
		return link.keep(ctx)
	}
	return link.remove(ctx)
}

// legacyLink is the link of a customer to an id of the shop's system, made by an earlier version.
type legacyLink struct {
	w        Worker
	shop     Shop
	customer Customer
	own      map[string]bool // emails that the customer has or had
	shared   bool            // an order by the id carries another email
}

// inspect finds the emails that are the customer's own, and whether the id brought orders by another one.
// Of emails given up long ago nothing is kept but orders: those by no id or another id came here by their
// email. So did the orders by this id if they all have one email and no PUT of the customer can have made
// the link.
func (l *legacyLink) inspect(ctx context.Context) error {
	l.own = map[string]bool{l.customer.FedEmail: true}
	for _, email := range l.customer.addresses() {
		l.own[email] = true
	}
	linked := map[string]bool{} // emails of the orders by the id
	err := l.eachOrder(ctx, func(_ context.Context, orders []storedOrder) error {
		for _, o := range orders {
			if o.FeedCustomer == l.customer.LinkedID {
				linked[o.Email] = true
			} else {
				l.own[o.Email] = true
			}
		}
		return nil
	})
	for email := range linked {
		if len(linked) == 1 && l.customer.FedAt.IsZero() {
			l.own[email] = true
		}
		l.shared = l.shared || !l.own[email]
	}
	return err
}

// eachOrder reads all orders of the customer, a batch at a time.
func (l *legacyLink) eachOrder(ctx context.Context, do func(context.Context, []storedOrder) error) error {
	docs := l.w.app.orderDocs(l.shop.ID)
	query := storage.Query{Index: ordersByPlaced, Equal: []any{l.customer.ID}, Limit: sweepBatch}
	for {
		page, err := storage.Find[struct{}](ctx, docs, query)
		if err != nil {
			return err
		}
		orders := make([]storedOrder, len(page.Hits))
		places := make([]int, len(page.Hits))
		for i := range places {
			places[i] = i
		}
		if err := eachAtOnce(ctx, places, func(ctx context.Context, i int) (err error) {
			orders[i], _, err = docs.Get(ctx, page.Hits[i].Key)
			return ifFound(err)
		}); err != nil {
			return err
		}
		orders = slices.DeleteFunc(orders, func(o storedOrder) bool { return o.Customer != l.customer.ID })
		if err := do(ctx, orders); err != nil || page.Next == "" {
			return err
		}
		query.Cursor = page.Next
	}
}

// keep makes the id an introduced one.
func (l *legacyLink) keep(ctx context.Context) error {
	_, err := l.w.app.customerDocs(l.shop.ID).Change(ctx, l.customer.ID, func(c *Customer) error {
		if c.LinkedID != l.customer.LinkedID || c.FeedID == c.LinkedID {
			return storage.ErrUnchanged
		}
		c.FeedID = c.LinkedID
		return nil
	})
	if err == nil {
		_, err = l.w.app.handleDocs(l.shop.ID).Change(ctx, feedHandle(l.customer.LinkedID), func(h *handle) error {
			if h.Customer != l.customer.ID {
				return storage.ErrUnchanged
			}
			h.Introduced = true
			return nil
		})
	}
	if ifFound(err) != nil {
		return err
	}
	return l.end(ctx, upgrade{Kept: 1})
}

// remove gives the orders of other people to the customers of their emails. The verdict is written first:
// after a crash the orders that are left might look as if the link could stay. The handle goes near the
// end, so that nobody can introduce the id before.
func (l *legacyLink) remove(ctx context.Context) error {
	did := upgrade{Removed: 1}
	if l.shared || l.customer.LinkShared {
		_, err := l.w.app.customerDocs(l.shop.ID).Change(ctx, l.customer.ID, func(c *Customer) error {
			if c.LinkShared || c.LinkedID != l.customer.LinkedID {
				return storage.ErrUnchanged
			}
			c.LinkShared = true
			return nil
		})
		if err == nil {
			did.Moved, err = l.moveOrders(ctx)
		}
		if err == nil {
			did.Sessions, err = l.endSessions(ctx)
		}
		if err != nil {
			return ifFound(err)
		}
	}
	unproven := func(h handle) bool { return h.Customer == l.customer.ID && !h.Introduced }
	if err := removeIf(ctx, l.w.app.handleDocs(l.shop.ID), feedHandle(l.customer.LinkedID), unproven); err != nil {
		return err
	}
	return l.end(ctx, did)
}

// moveOrders returns how many orders went to other customers.
func (l *legacyLink) moveOrders(ctx context.Context) (moved int64, err error) {
	err = l.eachOrder(ctx, func(ctx context.Context, orders []storedOrder) error {
		orders = slices.DeleteFunc(orders, l.stays)
		moved += int64(len(orders))
		return eachAtOnce(ctx, orders, l.moveOrder)
	})
	return moved, err
}

// stays reports whether an order is the customer's own.
func (l *legacyLink) stays(o storedOrder) bool {
	return o.Customer != l.customer.ID || o.FeedCustomer != l.customer.LinkedID || l.own[o.Email]
}

// moveOrder gives an order to the customer of its email, and asks for both customers' counts.
func (l *legacyLink) moveOrder(ctx context.Context, o storedOrder) error {
	app, zone := l.w.app, l.shop.Location()
	to, err := app.customerOfEmail(ctx, l.shop, o.Email)
	if err == nil {
		err = app.awaitErasure(ctx, l.shop.ID, to)
	}
	if err != nil {
		return err
	}
	asked, counted := app.now(), []customerMonth{}
	_, err = app.orderDocs(l.shop.ID).Change(ctx, o.Number, func(s *storedOrder) error {
		if l.stays(*s) || s.Email != o.Email {
			return storage.ErrUnchanged
		}
		asked, counted = app.now(), []customerMonth{monthOf(s.Customer, s.PlacedAt, zone), monthOf(to, s.PlacedAt, zone)}
		s.Customer = to
		return app.askCounts(ctx, l.shop, counted...)
	})
	if err == nil {
		err = app.confirmCounts(ctx, l.shop, asked, counted...)
	}
	return ifFound(err)
}

// endSessions signs the account out that held orders of other people, and returns of how many browsers.
func (l *legacyLink) endSessions(ctx context.Context) (sessions int64, err error) {
	for _, email := range l.customer.addresses() {
		ended := 0
		_, err := l.w.app.accessDocs(l.shop.ID).Change(ctx, l.w.app.accessID(l.shop.ID, email), func(a *access) error {
			if ended = 0; a.Customer != l.customer.ID || len(a.Sessions) == 0 {
				return storage.ErrUnchanged
			}
			ended = len(a.Sessions)
			a.Sessions, a.Proofs = nil, nil
			return nil
		})
		if ifFound(err) != nil {
			return sessions, err
		}
		sessions += int64(ended)
	}
	return sessions, nil
}

// end notes that the link is decided on, first in the totals, then in the customer, who is then out of the
// index.
func (l *legacyLink) end(ctx context.Context, did upgrade) error {
	if did != (upgrade{}) {
		l.w.app.log.InfoContext(ctx, "customer link upgraded", "shop", l.shop.ID, "links_kept", did.Kept, "links_removed", did.Removed,
			"orders_moved", did.Moved, "sessions_ended", did.Sessions)
		if _, err := l.w.app.upgradeDocs(l.shop.ID).Put(ctx, upgradeOfLinks, func(u *upgrade, _ bool) error {
			u.Kept, u.Removed = u.Kept+did.Kept, u.Removed+did.Removed
			u.Moved, u.Sessions = u.Moved+did.Moved, u.Sessions+did.Sessions
			return nil
		}); err != nil {
			return err
		}
	}
	_, err := l.w.app.customerDocs(l.shop.ID).Change(ctx, l.customer.ID, func(c *Customer) error {
		if c.LinkedID != l.customer.LinkedID {
			return storage.ErrUnchanged
		}
		c.LinkedID, c.LinkShared = "", false
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}
