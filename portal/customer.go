package portal

import (
	"context"
	"errors"
	"time"

	"postern/storage"
)

// Customer is a person with an account in one shop.
type Customer struct {
	ID        string           `bson:"id"`
	FeedID    string           `bson:"feed_id,omitempty"` // the shop system's id
	Email     string           `bson:"email"`             // canonical; where mail goes
	FirstName string           `bson:"first_name,omitempty"`
	LastName  string           `bson:"last_name,omitempty"`
	Language  string           `bson:"language,omitempty"`
	Company   Company          `bson:"company,omitempty"`
	Addresses []SavedAddress   `bson:"addresses,omitempty"`
	Removed   []removedAddress `bson:"removed,omitempty"` // deleted, may be put back for a while
	CreatedAt time.Time        `bson:"created_at"`
	ChangedAt time.Time        `bson:"changed_at"`           // by whomever
	ShopperAt time.Time        `bson:"shopper_at,omitempty"` // changed by the customer
	FedAt     time.Time        `bson:"fed_at,omitempty"`     // the feed's updated_at of what was applied last
}

// Name is the customer's full name, "" when unknown.
func (c Customer) Name() string {
	if c.FirstName == "" || c.LastName == "" {
		return c.FirstName + c.LastName
	}
	return c.FirstName + " " + c.LastName
}

func customerCollection() storage.Collection { return storage.Collection{Name: "customers"} }

func (a *App) customerDocs(shop string) storage.Docs[Customer] {
	return storage.Open[Customer](a.engine, shop, customerCollection())
}

// ensureCustomer makes the customer of an id if there is none.
func (a *App) ensureCustomer(ctx context.Context, shop Shop, id, email string) error {
	_, _, err := a.customerDocs(shop.ID).Get(ctx, id)
	if !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	now := a.now()
	err = a.customerDocs(shop.ID).Insert(ctx, id, Customer{ID: id, Email: email, CreatedAt: now, ChangedAt: now})
	if errors.Is(err, storage.ErrExists) {
		return nil
	}
	return err
}

// missing turns the store's "not found" into the product's.
func missing(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return &Error{Kind: NotFound, Cause: err}
	}
	return err
}
