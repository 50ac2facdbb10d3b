package portal

import (
	"context"
	"errors"

	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/shop"
	"postern/storage"
)

func (a *App) identifierDocs(shop string) storage.Docs[identifier.Identifier] {
	return identifier.Docs(a.engine, shop)
}

// follow returns the customer that an identifier points to, or "".
func (a *App) follow(ctx context.Context, shop, key string) (customer string, err error) {
	h, _, err := a.identifierDocs(shop).Get(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	return h.Customer, err
}

// introduced returns the customer with the shop system's id, or "" if no PUT of a customer has introduced
// that id.
func (a *App) introduced(ctx context.Context, shop, feedID string) (customer string, err error) {
	h, _, err := a.identifierDocs(shop).Get(ctx, identifier.FeedKey(feedID))
	if err != nil || !h.Introduced {
		return "", ifFound(err)
	}
	return h.Customer, nil
}

// introduce links the shop system's id to a customer without one, and returns the id's holder: the
// customer, or the one that already had it.
func (a *App) introduce(ctx context.Context, shop, feedID, who string) (holder string, err error) {
	c, err := a.customerDocs(shop).Change(ctx, who, func(c *customer.Customer) error {
		if c.LinkedID != "" {
			return errUndecided
		}
		if c.FeedID != "" {
			return storage.ErrUnchanged
		}
		c.FeedID = feedID
		return nil
	})
	if err != nil || c.FeedID != feedID {
		return "", err
	}
	h, err := a.identifierDocs(shop).Put(ctx, identifier.FeedKey(feedID),
		func(h *identifier.Identifier, found bool) error {
			if found && h.Introduced {
				return storage.ErrUnchanged
			}
			*h = identifier.Identifier{Customer: who, Introduced: true}
			return nil
		})
	if err == nil && h.Customer != who { // another PUT of this id was faster
		_, err = a.customerDocs(shop).Change(ctx, who, func(c *customer.Customer) error {
			if c.FeedID != feedID {
				return storage.ErrUnchanged
			}
			c.FeedID = ""
			return nil
		})
	}
	return h.Customer, err
}

// claim points the identifier to the customer and returns its holder: the customer, or an earlier holder.
func (a *App) claim(ctx context.Context, shop, key, customer string) (holder string, err error) {
	err = a.identifierDocs(shop).Insert(ctx, key, identifier.Identifier{Customer: customer})
	if !errors.Is(err, storage.ErrExists) {
		return customer, err
	}
	h, _, err := a.identifierDocs(shop).Get(ctx, key)
	return h.Customer, ifFound(err)
}

// keep is claim that also modifies the identifier, so that a release in progress runs into a conflict.
func (a *App) keep(ctx context.Context, shop, key, customer string) (holder string, err error) {
	kept, err := a.identifierDocs(shop).Put(ctx, key, func(h *identifier.Identifier, found bool) error {
		if found && h.Customer != customer {
			return storage.ErrUnchanged
		}
		h.Customer = customer
		return nil
	})
	return kept.Customer, err
}

// customerOfEmail returns the customer of a canonical address. If there is none, it creates one with the
// language of the order that names it, if the shop offers that. One whose erasure has begun is Unavailable.
// id is that of the account to which the address belongs, which may have been merged into the customer's.
func (a *App) customerOfEmail(ctx context.Context, shop shop.Shop, email,
	lang string) (c customer.Customer, id string, err error) {
	c, id, err = a.settleEmail(ctx, shop, customer.Customer{Email: email, Language: shop.Offered(lang)})
	if err == nil && !c.Erasure.Begun.IsZero() {
		err = erasing(storage.ErrNotFound)
	}
	return c, id, err
}

// register returns the customer of an address of a person who has no order yet.
func (a *App) register(ctx context.Context, shop shop.Shop, email string) (id string, err error) {
	c, _, err := a.settleEmail(ctx, shop, customer.Customer{Email: email, Registered: true})
	return c.ID, err
}

// settleEmail writes the identifier first. A later call that finds an identifier without its customer creates
// the customer, so a crash in between does no harm.
func (a *App) settleEmail(ctx context.Context, shop shop.Shop, c customer.Customer) (_ customer.Customer,
	id string, err error) {
	id, err = a.follow(ctx, shop.ID, identifier.EmailKey(c.Email))
	if err == nil && id == "" {
		id, err = a.claim(ctx, shop.ID, identifier.EmailKey(c.Email), storage.NewID())
	}
	if err != nil {
		return customer.Customer{}, "", err
	}
	c.ID = id
	c, err = a.ensureCustomer(ctx, shop, c)
	return c, id, err
}
