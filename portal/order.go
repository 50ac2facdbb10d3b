package portal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

func (a *App) orderDocs(shop string) storage.Docs[order.Stored] {
	return order.Docs(a.engine, shop)
}

// ownerOfOrder determines the owner of an order from a delivery. A delivery that is out of date, or for an
// order whose customer was erased, has no effect and therefore no owner. One that names the same buyer as
// the stored order keeps its owner. Neither creates a customer.
func (a *App) ownerOfOrder(ctx context.Context, shop shop.Shop, o order.Order,
	stored storage.Read[order.Stored], known *importOwners) (order.Ownership, error) {
	doc := stored.Doc
	if stored.Found && (doc.ErasedAt != nil || o.UpdatedAt.Before(doc.UpdatedAt)) {
		return order.Ownership{}, nil
	}
	if kept := doc.Owner(o, order.Ownership{}); kept.Customer != "" {
		_, err := a.present(ctx, shop.ID, kept.Customer)
		return kept, err
	}
	if known != nil {
		return known.find(ctx, buyer{o.FeedCustomer, o.Email},
			func() (order.Ownership, error) { return a.customerOfOrder(ctx, shop, o) })
	}
	return a.customerOfOrder(ctx, shop, o)
}

// customerOfOrder finds the customer that a delivery names. The shop system's id counts only if a PUT of
// that customer has introduced it, because feeds send the same id for all their guests. Otherwise the owner
// is the customer with the order's email, who is created by the first order.
func (a *App) customerOfOrder(ctx context.Context, shop shop.Shop, o order.Order) (order.Ownership, error) {
	if o.FeedCustomer != "" {
		id, err := a.introduced(ctx, shop.ID, o.FeedCustomer)
		if err == nil && id != "" {
			found := order.Ownership{By: order.ByIntroducedID}
			found.Customer, err = a.present(ctx, shop.ID, id)
			if found.Customer != id {
				found.MergedFrom = id
			}
			return found, err
		}
		if err != nil {
			return order.Ownership{}, err
		}
	}
	if o.Email == "" {
		return order.Ownership{}, nil // kept without an owner until a delivery names one
	}
	c, id, err := a.customerOfEmail(ctx, shop, o.Email, o.Language)
	if err != nil {
		return order.Ownership{}, err
	}
	found := order.Ownership{Customer: c.ID, By: order.ByEmail}
	if id != c.ID {
		found.MergedFrom = id
	}
	if !c.HasAddress(o.Email) {
		found.By = order.ByEarlierEmail
	}
	return found, nil
}

// putting is how an order is put.
type putting struct {
	forced   bool // replaces newer content
	imported bool // by the operator, from a file

	owners *importOwners // nil to look for the owner of each order
}

// putOrder stores an order as of its UpdatedAt. Repeated or reordered deliveries lead to the same result:
// an older one changes nothing unless it is forced; one with the same time but other content is applied.
func (a *App) putOrder(ctx context.Context, shop shop.Shop, o order.Order,
	how putting) (order.Receipt, error) {
	docs := a.orderDocs(shop.ID)
	read, err := docs.Read(ctx, o.Number)
	if err != nil {
		return order.Receipt{}, fmt.Errorf("store order: %w", err)
	}
	stored := read
	if read.Doc.IsDeleted() {
		stored = storage.Read[order.Stored]{}
	}
	p := &put{putting: how, app: a, shop: shop, order: o}
	if p.found, err = a.ownerOfOrder(ctx, shop, o, stored, how.owners); err != nil {
		return order.Receipt{}, err
	}
	if p.digest, err = o.Digest(); err != nil {
		return order.Receipt{}, err
	}
	kept, err := docs.PutAfter(ctx, o.Number, read,
		func(doc *order.Stored, exists bool) error { return p.apply(ctx, doc, exists) })
	if err == nil && len(p.counted) > 0 {
		err = a.confirmCounts(ctx, shop, p.requested, p.counted...)
	}
	if errors.Is(err, storage.ErrTooLarge) {
		return order.Receipt{}, &validate.Error{Kind: validate.TooLarge, Cause: err}
	}
	if err != nil {
		return order.Receipt{}, fmt.Errorf("store order: %w", err)
	}
	return p.receipt(kept), nil
}

// put is one order being put: what is known before, and the result of the latest attempt to write it.
type put struct {
	putting

	app    *App
	shop   shop.Shop
	order  order.Order
	found  order.Ownership
	digest string

	outcome    order.Outcome
	owner      order.Ownership
	overridden time.Time             // of newer content that was replaced
	counted    []order.CustomerMonth // whose count was requested
	requested  time.Time             // when
}

// apply changes the stored order, and requests the counts before it is written. Nothing is written for
// storage.ErrUnchanged.
func (p *put) apply(ctx context.Context, doc *order.Stored, exists bool) error {
	p.overridden, p.counted = time.Time{}, nil
	if doc.IsDeleted() {
		p.counted = append(p.counted, order.MonthOf(doc.Customer, doc.PlacedAt, p.shop.Location()))
		*doc, exists = doc.Restarted(), false
	}
	if exists && p.forced && p.order.UpdatedAt.Before(doc.UpdatedAt) {
		p.overridden, doc.UpdatedAt = doc.UpdatedAt, p.order.UpdatedAt
	}
	if doc.ErasedAt != nil {
		return p.applyErased(doc)
	}
	p.outcome, p.owner = order.Created, doc.Owner(p.order, p.found)
	if exists {
		p.outcome = doc.Compare(p.order, p.owner.Customer, p.digest)
	}
	if p.outcome == order.Unchanged || p.outcome == order.Stale {
		return storage.ErrUnchanged
	}
	by := order.Arrival{Customer: p.owner.Customer, MergedFrom: p.owner.MergedFrom,
		Digest: p.digest, At: p.app.now(), First: !exists,
		Greet: p.shop.FirstOrderMail, Emails: p.shop.OrderEmails, History: p.forced || p.imported}
	p.requested = p.app.now()
	p.counted = append(p.counted, doc.Take(p.order, placeOf(p.shop), by)...)
	return p.app.requestCounts(ctx, p.shop, p.counted...)
}

// applyErased changes an order whose customer was erased.
func (p *put) applyErased(doc *order.Stored) error {
	p.outcome, p.owner = doc.TakeErased(p.order), p.found
	if p.outcome == order.Unchanged && !p.overridden.IsZero() {
		p.outcome = order.Updated // only the date changed
	}
	if p.outcome != order.Updated {
		return storage.ErrUnchanged
	}
	return nil
}

// receipt tells what became of the order, as it is stored now.
func (p *put) receipt(kept order.Stored) order.Receipt {
	owner := p.owner
	if kept.Customer != owner.Customer { // stale, or the customer was erased
		owner = order.Ownership{Customer: kept.Customer, By: order.Kept}
	}
	receipt := order.Receipt{Outcome: p.outcome, Customer: owner.Customer, StoredUpdatedAt: kept.UpdatedAt,
		Overridden: p.overridden}
	if receipt.Customer != "" {
		receipt.LinkedBy = owner.By
	}
	return receipt
}

// Order returns one of the customer's orders. An order of another customer is validate.NotFound too.
func (s Shopper) Order(ctx context.Context, number string) (order.View, error) {
	doc, _, err := s.app.orderDocs(s.shop.ID).Get(ctx, number)
	if errors.Is(err, storage.ErrNotFound) || err == nil && doc.Customer != s.customer.ID {
		return order.View{}, validate.NewError(validate.NotFound, "error.order")
	}
	if err != nil {
		return order.View{}, err
	}
	own := s.shop.OwnPictures()
	for i := range doc.Lines {
		if !own(doc.Lines[i].Picture) {
			doc.Lines[i].Picture = ""
		}
	}
	if doc.Links.Reorder == "" && doc.IsOver() {
		doc.Links.Reorder = s.shop.ReorderLink(doc.Number, bought(doc.Order))
	}
	return order.View{Order: doc.Order, Headline: doc.Status.Headline(), Timeline: doc.Timeline(),
		ReturnSteps: doc.ReturnSteps,
		Withdrawal:  s.withdrawalOf(doc)}, nil
}

// bought returns what an order's link to the cart asks for.
func bought(o order.Order) []shop.Bought {
	var goods []shop.Bought
	for _, line := range o.Items() {
		goods = append(goods, shop.Bought{SKU: line.SKU, Quantity: line.Quantity.String()})
	}
	return goods
}
