package portal

import (
	"context"
	"errors"
	"time"

	"postern/storage"
)

// handle points from an identifier of a customer (an email address, the shop system's id) to the customer.
// The document's key makes it unique: "email:jan@example.com", "feed:4711".
type handle struct {
	Customer string `bson:"customer"`
	Erased   bool   `bson:"erased,omitempty"` // it led to somebody who was erased; Customer is ""
	// ErasedAt is when the erasure began. A customer created before it is another person.
	ErasedAt time.Time `bson:"since,omitempty"`
	// Introduced is true if a PUT of the customer brought this shop system's id. Earlier versions took ids
	// from orders, too.
	Introduced bool `bson:"introduced,omitempty"`
}

func handleCollection() storage.Collection { return storage.Collection{Name: "handles"} }

func (a *App) handleDocs(shop string) storage.Docs[handle] {
	return storage.Open[handle](a.engine, shop, handleCollection())
}

func emailHandle(email string) string { return "email:" + email }
func feedHandle(id string) string     { return "feed:" + id }

// follow returns the customer that a handle points to, or "".
func (a *App) follow(ctx context.Context, shop, key string) (customer string, err error) {
	h, _, err := a.handleDocs(shop).Get(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	return h.Customer, err
}

// introduced returns the customer with the shop system's id, or "" if no PUT of a customer has introduced
// that id.
func (a *App) introduced(ctx context.Context, shop, feedID string) (customer string, err error) {
	h, _, err := a.handleDocs(shop).Get(ctx, feedHandle(feedID))
	if err != nil || !h.Introduced {
		return "", ifFound(err)
	}
	return h.Customer, nil
}

// introduce links the shop system's id to a customer without one, and returns the id's holder: the
// customer, or the one that already had it.
func (a *App) introduce(ctx context.Context, shop, feedID, customer string) (holder string, err error) {
	c, err := a.customerDocs(shop).Change(ctx, customer, func(c *Customer) error {
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
	h, err := a.handleDocs(shop).Put(ctx, feedHandle(feedID), func(h *handle, found bool) error {
		if found && h.Introduced {
			return storage.ErrUnchanged
		}
		*h = handle{Customer: customer, Introduced: true}
		return nil
	})
	if err == nil && h.Customer != customer { // another PUT of this id was faster
		_, err = a.customerDocs(shop).Change(ctx, customer, func(c *Customer) error {
			if c.FeedID != feedID {
				return storage.ErrUnchanged
			}
			c.FeedID = ""
			return nil
		})
	}
	return h.Customer, err
}

// claim points the handle to the customer and returns its holder: the customer, or an earlier holder.
func (a *App) claim(ctx context.Context, shop, key, customer string) (holder string, err error) {
	err = a.handleDocs(shop).Insert(ctx, key, handle{Customer: customer})
	if !errors.Is(err, storage.ErrExists) {
		return customer, err
	}
	h, _, err := a.handleDocs(shop).Get(ctx, key)
	return h.Customer, ifFound(err)
}

// keep is claim that also modifies the handle, so that a release in progress runs into a conflict.
func (a *App) keep(ctx context.Context, shop, key, customer string) (holder string, err error) {
	kept, err := a.handleDocs(shop).Put(ctx, key, func(h *handle, found bool) error {
		if found && h.Customer != customer {
			return storage.ErrUnchanged
		}
		h.Customer = customer
		return nil
	})
	return kept.Customer, err
}

// customerOfEmail returns the customer of a canonical address, and creates it if there is none.
func (a *App) customerOfEmail(ctx context.Context, shop Shop, email string) (id string, err error) {
	return a.settleEmail(ctx, shop, email, false)
}

// register is customerOfEmail for a person who has no order yet.
func (a *App) register(ctx context.Context, shop Shop, email string) (id string, err error) {
	return a.settleEmail(ctx, shop, email, true)
}

// settleEmail writes the handle first. A later call that finds a handle without its customer creates the
// customer, so a crash in between does no harm.
func (a *App) settleEmail(ctx context.Context, shop Shop, email string, registered bool) (id string, err error) {
	id, err = a.follow(ctx, shop.ID, emailHandle(email))
	if err == nil && id == "" {
		id, err = a.claim(ctx, shop.ID, emailHandle(email), storage.NewID())
	}
	if err != nil {
		return "", err
	}
	return id, a.ensureCustomer(ctx, shop, id, email, registered)
}
