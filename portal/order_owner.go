package portal

import (
	"context"
	"errors"

	"postern/storage"
)

// LinkedBy says why an order is its customer's.
type LinkedBy string

// The reasons.
const (
	ByIntroducedID LinkedBy = "introduced_id" // a PUT of the customer has introduced the order's customer id
	ByEmail        LinkedBy = "email"         // the order's email is the customer's
	ByEarlierEmail LinkedBy = "earlier_email" // the customer had the order's email until lately, and it is reserved for them
	Kept           LinkedBy = "kept"          // decided at an earlier delivery; the feed has said the same of who ordered since
)

// ownership is whose an order is, and why.
type ownership struct {
	customer string // "" for not known, or nobody's
	by       LinkedBy
}

// owner is whose order it is: once stored it stays its customer's as long as the feed says the same of who
// ordered, even if the address has become somebody else's since, or the id was introduced for another
// customer.
func (s *storedOrder) owner(o Order, found ownership) ownership {
	if s.Customer != "" && s.Email == o.Email && s.orderedBy() == o.FeedCustomer {
		return ownership{s.Customer, Kept}
	}
	return found
}

// orderedBy is the order's customer id as a delivery of today would have it. Earlier versions kept an id
// for nobody.
func (s *storedOrder) orderedBy() string {
	if isForNobody(s.FeedCustomer) {
		return ""
	}
	return s.FeedCustomer
}

// ownerOfOrder finds whose order it is as of a delivery, nobody's where that changes nothing: an older one,
// or of an order whose person was erased, makes nobody a customer. Nor does one that says the same of who
// ordered as what is stored.
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

// customerOfOrder finds the customer whom a delivery names. The shop system's id counts only once a PUT of
// that customer has introduced it: feeds send one and the same id for all their guests. Else it is the
// customer of the email, made by the first order.
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
