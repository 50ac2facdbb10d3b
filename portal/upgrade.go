package portal

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// Earlier versions linked an order's customer id to the first customer who ordered with it, and assigned
// all orders with that id to this customer. Because feeds send the same id for all guests, one account
// could contain strangers' orders. The upgrade checks each such link. A link is kept as introduced if its
// id is not a placeholder and all its orders carry an email that the customer has or had. Otherwise it is
// removed, and its orders go to the customers with their own emails.

// upgrade is the progress of the upgrade of a shop's links. The remaining links are in the index of the
// customers. A customer whose link is being removed is marked, so that the upgrade can continue after a
// crash.
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

// errUndecided means that the upgrade has not yet decided on a customer's link.
var errUndecided = validate.NewError(validate.Unavailable, "customer.upgrading")

// linkUndecided returns errUndecided until the upgrade has decided whether the customer has this id.
func (a *App) linkUndecided(ctx context.Context, shop, customer, feedID string) error {
	c, _, err := a.customerDocs(shop).Get(ctx, customer)
	if err == nil && c.LinkedID == feedID {
		return errUndecided
	}
	return ifFound(err)
}

// linksToUpgrade returns customers whose links still need a decision.
func (w Worker) linksToUpgrade(ctx context.Context, limit int) ([]storage.Hit[struct{}], error) {
	page, err := storage.FindAllShops[struct{}](ctx, w.app.engine, customer.Collection(),
		storage.Query{Index: customer.ByLink, Limit: limit})
	return page.Hits, err
}

// upgradeLinks decides on all links of all shops. Each decided link leaves the index, so that the upgrade
// continues where it stopped after a crash.
func (w Worker) upgradeLinks(ctx context.Context,
	_ job.Task[housekeeping]) (job.Finish[housekeeping], error) {
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

// endUpgrade records and logs the end of the upgrade in each shop that had links.
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
			w.app.log.InfoContext(ctx, "upgrade of customer links is complete", "shop", shop.ID,
				"links_kept", state.Kept,
				"links_removed", state.Removed, "orders_moved", state.Moved, "sessions_ended", state.Sessions)
		}
	}
	return err
}

// upgradeLink decides on the link of one customer and carries the decision out. Each step can be repeated.
func (w Worker) upgradeLink(ctx context.Context, shop shop.Shop, customer string) error {
	c, _, err := w.app.customerDocs(shop.ID).Get(ctx, customer)
	if err != nil || c.LinkedID == "" {
		return ifFound(err)
	}
	link := &legacyLink{w: w, shop: shop, customer: c}
	h, _, err := w.app.identifierDocs(shop.ID).Get(ctx, identifier.FeedKey(c.LinkedID))
	if ifFound(err) != nil {
		return err
	}
	if h.Introduced || h.Customer != customer {
		return link.end(ctx, upgrade{}) // removed before a crash
	}
	if err := link.inspect(ctx); err != nil {
		return err
	}
	if !c.LinkShared && !link.shared && !validate.IsForNobody(c.LinkedID) &&
		(c.FeedID == "" || c.FeedID == c.LinkedID) {
		return link.keep(ctx)
	}
	return link.remove(ctx)
}

// legacyLink is a customer's link to an id of the shop's system, made by an earlier version.
type legacyLink struct {
	w        Worker
	shop     shop.Shop
	customer customer.Customer
	own      map[string]bool // emails that the customer has or had
	shared   bool            // an order with the id carries another email
}

// inspect determines which emails are the customer's own, and whether the id brought in orders with any
// other email. Emails that the customer gave up long ago are known only from orders: an order with another
// id or none was assigned to the customer by its email. So were the orders with this id, if they all have
// the same email and no PUT of the customer can have made the link.
func (l *legacyLink) inspect(ctx context.Context) error {
	l.own = map[string]bool{l.customer.FedEmail: true}
	for _, email := range l.customer.EmailsHeld() {
		l.own[email] = true
	}
	linked := map[string]bool{} // emails of the orders with the id
	err := l.eachOrder(ctx, func(_ context.Context, orders []order.Stored) error {
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

// eachOrder reads all orders of the customer in batches.
func (l *legacyLink) eachOrder(ctx context.Context, do func(context.Context, []order.Stored) error) error {
	docs := l.w.app.orderDocs(l.shop.ID)
	query := storage.Query{Index: order.ByPlaced, Equal: []any{l.customer.ID}, Limit: sweepBatch}
	for {
		page, err := storage.Find[struct{}](ctx, docs, query)
		if err != nil {
			return err
		}
		orders := make([]order.Stored, len(page.Hits))
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
		orders = slices.DeleteFunc(orders, func(o order.Stored) bool { return o.Customer != l.customer.ID })
		if err := do(ctx, orders); err != nil || page.Next == "" {
			return err
		}
		query.Cursor = page.Next
	}
}

// keep marks the id as introduced.
func (l *legacyLink) keep(ctx context.Context) error {
	_, err := l.w.app.customerDocs(l.shop.ID).Change(ctx, l.customer.ID, func(c *customer.Customer) error {
		if c.LinkedID != l.customer.LinkedID || c.FeedID == c.LinkedID {
			return storage.ErrUnchanged
		}
		c.FeedID = c.LinkedID
		return nil
	})
	if err == nil {
		_, err = l.w.app.identifierDocs(l.shop.ID).Change(ctx, identifier.FeedKey(l.customer.LinkedID),
			func(h *identifier.Identifier) error {
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

// remove assigns other people's orders to the customers with their emails. It records the decision first:
// after a crash, the remaining orders might suggest that the link could be kept. The identifier is deleted
// almost last, so that nobody can introduce the id before.
func (l *legacyLink) remove(ctx context.Context) error {
	did := upgrade{Removed: 1}
	if l.shared || l.customer.LinkShared {
		_, err := l.w.app.customerDocs(l.shop.ID).Change(ctx, l.customer.ID,
			func(c *customer.Customer) error {
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
	unproven := func(h identifier.Identifier) bool { return h.Customer == l.customer.ID && !h.Introduced }
	if err := removeIf(ctx, l.w.app.identifierDocs(l.shop.ID), identifier.FeedKey(l.customer.LinkedID),
		unproven); err != nil {
		return err
	}
	return l.end(ctx, did)
}

// moveOrders moves all orders of other people and returns how many there were.
func (l *legacyLink) moveOrders(ctx context.Context) (moved int64, err error) {
	err = l.eachOrder(ctx, func(ctx context.Context, orders []order.Stored) error {
		orders = slices.DeleteFunc(orders, l.stays)
		moved += int64(len(orders))
		return eachAtOnce(ctx, orders, l.moveOrder)
	})
	return moved, err
}

// stays reports whether an order remains with the customer.
func (l *legacyLink) stays(o order.Stored) bool {
	return o.Customer != l.customer.ID || o.FeedCustomer != l.customer.LinkedID || l.own[o.Email]
}

// moveOrder assigns an order to the customer with its email and requests a recount for both customers.
func (l *legacyLink) moveOrder(ctx context.Context, o order.Stored) error {
	app, zone := l.w.app, l.shop.Location()
	to, _, err := app.customerOfEmail(ctx, l.shop, o.Email, o.Language)
	if err != nil {
		return err
	}
	requested, counted := app.now(), []order.CustomerMonth{}
	_, err = app.orderDocs(l.shop.ID).Change(ctx, o.Number, func(s *order.Stored) error {
		if l.stays(*s) || s.Email != o.Email {
			return storage.ErrUnchanged
		}
		requested, counted = app.now(), []order.CustomerMonth{order.MonthOf(s.Customer, s.PlacedAt, zone),
			order.MonthOf(to.ID, s.PlacedAt, zone)}
		s.Customer = to.ID
		return app.requestCounts(ctx, l.shop, counted...)
	})
	if err == nil {
		err = app.confirmCounts(ctx, l.shop, requested, counted...)
	}
	return ifFound(err)
}

// endSessions signs out the account that contained other people's orders and returns the number of ended
// sessions.
func (l *legacyLink) endSessions(ctx context.Context) (sessions int64, err error) {
	for _, email := range l.customer.EmailsHeld() {
		ended := 0
		_, err := l.w.app.credentialDocs(l.shop.ID).Change(ctx, l.w.app.credentialsID(l.shop.ID, email),
			func(a *credential.Credentials) error {
				if ended = 0; a.Customer != l.customer.ID || len(a.Sessions) == 0 {
					return storage.ErrUnchanged
				}
				ended = len(a.Sessions)
				a.Sessions, a.Challenges = nil, nil
				return nil
			})
		if ifFound(err) != nil {
			return sessions, err
		}
		sessions += int64(ended)
	}
	return sessions, nil
}

// end records the decision on the link: first in the totals, then in the customer, who thereby leaves the
// index.
func (l *legacyLink) end(ctx context.Context, did upgrade) error {
	if did != (upgrade{}) {
		l.w.app.log.InfoContext(ctx, "customer link upgraded", "shop", l.shop.ID, "links_kept", did.Kept,
			"links_removed", did.Removed,
			"orders_moved", did.Moved, "sessions_ended", did.Sessions)
		if _, err := l.w.app.upgradeDocs(l.shop.ID).Put(ctx, upgradeOfLinks, func(u *upgrade, _ bool) error {
			u.Kept, u.Removed = u.Kept+did.Kept, u.Removed+did.Removed
			u.Moved, u.Sessions = u.Moved+did.Moved, u.Sessions+did.Sessions
			return nil
		}); err != nil {
			return err
		}
	}
	_, err := l.w.app.customerDocs(l.shop.ID).Change(ctx, l.customer.ID, func(c *customer.Customer) error {
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
