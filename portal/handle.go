package portal

import (
	"context"
	"errors"
	"time"

	"postern/storage"
)

// handle leads from what a customer is known by (an e-mail address, the shop system's id) to the customer.
// Its key is what makes it unique: "email:jan@example.com", "feed:4711".
type handle struct {
	Customer string `bson:"customer"`
	Erased   bool   `bson:"erased,omitempty"` // it led to somebody who was erased; Customer is ""
	// ErasedAt is when that began. Who was a customer before is another person.
	ErasedAt time.Time `bson:"since,omitempty"`
	// Introduced says of the shop system's id that a PUT of the customer brought it. Earlier versions took
	// it from orders, too.
	Introduced bool `bson:"introduced,omitempty"`
}

func handleCollection() storage.Collection { return storage.Collection{Name: "handles"} }

func (a *App) handleDocs(shop string) storage.Docs[handle] {
	return storage.Open[handle](a.engine, shop, handleCollection())
}

func emailHandle(email string) string { return "email:" + email }
func feedHandle(id string) string     { return "feed:" + id }

// follow returns the customer a handle leads to, "" when there is none.
func (a *App) follow(ctx context.Context, shop, key string) (customer string, err error) {
	h, _, err := a.handleDocs(shop).Get(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	return h.Customer, err
}

// introduced returns the customer whom the shop system's id leads to, "" for an id that no PUT of a
// customer has introduced.
func (a *App) introduced(ctx context.Context, shop, feedID string) (customer string, err error) {
	h, _, err := a.handleDocs(shop).Get(ctx, feedHandle(feedID))
	if err != nil || !h.Introduced {
		return "", ifFound(err)
	}
	return h.Customer, nil
}

// introduce makes the shop system's id lead to a customer who has none yet, and returns whom it leads to:
// the customer, or who has it already.
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

// claim makes the handle lead to the customer and returns whom it leads to: the customer, or who had it
// before.
func (a *App) claim(ctx context.Context, shop, key, customer string) (holder string, err error) {
	err = a.handleDocs(shop).Insert(ctx, key, handle{Customer: customer})
	if !errors.Is(err, storage.ErrExists) {
		return customer, err
	}
	h, _, err := a.handleDocs(shop).Get(ctx, key)
	return h.Customer, ifFound(err)
}

// keep is claim that marks the handle, too: who found it free to release a moment ago meets a conflict.
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

// customerOfEmail returns the customer of a canonical address and makes one where there is none.
func (a *App) customerOfEmail(ctx context.Context, shop Shop, email string) (id string, err error) {
	return a.settleEmail(ctx, shop, email, false)
}

// register is customerOfEmail for somebody who came without an order.
func (a *App) register(ctx context.Context, shop Shop, email string) (id string, err error) {
	return a.settleEmail(ctx, shop, email, true)
}

// settleEmail writes the handle first; whoever finds a handle without its customer makes the customer, so a
// crash between leaves nothing wrong.
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
