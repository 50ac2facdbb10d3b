package portal

import (
	"context"
	"errors"

	"postern/storage"
)

// LinkedBy is the reason why an order belongs to its customer.
type LinkedBy string

// The reasons for LinkedBy.
const (
	ByIntroducedID LinkedBy = "introduced_id" // a PUT of the customer has introduced the order's customer id
	ByEmail        LinkedBy = "email"         // the order's email is the customer's
	ByEarlierEmail LinkedBy = "earlier_email" // the order's email is an earlier one of the customer, still reserved
	Kept           LinkedBy = "kept"          // decided at an earlier delivery; the feed has named the same buyer since
)

// ownership is the owner of an order, and the reason.
type ownership struct {
	customer string // "" if unknown or none
	by       LinkedBy
}

// owner returns the owner of an order. A stored order stays with its customer as long as the feed names the
// same buyer, even if the address has since passed to someone else or the id was introduced for another
// customer.
func (s *storedOrder) owner(o Order, found ownership) ownership {
	if s.Customer != "" && s.Email == o.Email && s.orderedBy() == o.FeedCustomer {
		return ownership{s.Customer, Kept}
	}
	return found
}

// orderedBy returns the order's customer id as a new delivery would have it. Earlier versions also stored
// placeholder ids.
func (s *storedOrder) orderedBy() string {
	if isForNobody(s.FeedCustomer) {
		return ""
	}
	return s.FeedCustomer
}

// ownerOfOrder determines the owner of an order from a delivery. A delivery that is out of date, or for an
// order whose customer was erased, has no effect and therefore no owner. One that names the same buyer as
// the stored order keeps its owner. Neither creates a customer.
func (a *App) ownerOfOrder(ctx context.Context, shop Shop, o Order) (ownership, error) {
	doc, _, err := a.orderDocs(shop.ID).Get(ctx, o.Number)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return a.customerOfOrder(ctx, shop, o)
	case err != nil || doc.ErasedAt != nil || o.UpdatedAt.Before(doc.UpdatedAt):
		return ownership{}, err
	}
	if kept := doc.owner(o, ownership{}); kept.customer != "" {
		return kept, a.awaitErasure(ctx, shop.ID, kept.customer)
	}
	return a.customerOfOrder(ctx, shop, o)
}

// customerOfOrder finds the customer that a delivery names. The shop system's id counts only if a PUT of
// that customer has introduced it, because feeds send the same id for all their guests. Otherwise the owner
// is the customer with the order's email, who is created by the first order.
func (a *App) customerOfOrder(ctx context.Context, shop Shop, o Order) (ownership, error) {
	if o.FeedCustomer != "" {
		id, err := a.introduced(ctx, shop.ID, o.FeedCustomer)
		if err == nil && id != "" {
			err = a.awaitErasure(ctx, shop.ID, id)
		}
		if err != nil || id != "" {
			return ownership{id, ByIntroducedID}, err
		}
	}
	id, err := a.follow(ctx, shop.ID, emailHandle(o.Email))
	if err == nil && id != "" {
		err = a.awaitErasure(ctx, shop.ID, id)
	}
	if err != nil {
		return ownership{}, err
	}
	if id, err = a.customerOfEmail(ctx, shop, o.Email); err != nil {
		return ownership{}, err
	}
	c, err := a.customer(ctx, shop.ID, id)
	if err != nil {
		return ownership{}, erasing(err)
	}
	if c.Email != o.Email {
		return ownership{id, ByEarlierEmail}, nil
	}
	return ownership{id, ByEmail}, nil
}
