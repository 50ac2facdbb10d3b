package portal

import (
	"context"
	"errors"

	"postern/storage"
)

// handle leads from what a customer is known by (an e-mail address, the shop system's id) to the customer. Its key is what
// makes it unique: "email:jan@example.com", "feed:4711".
type handle struct {
	Customer string `bson:"customer"`
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

// claim makes the handle lead to the customer and returns whom it leads to: the customer, or who had it before.
func (a *App) claim(ctx context.Context, shop, key, customer string) (holder string, err error) {
	err = a.handleDocs(shop).Insert(ctx, key, handle{Customer: customer})
	if errors.Is(err, storage.ErrExists) {
		return a.follow(ctx, shop, key)
	}
	return customer, err
}

// release removes a handle that leads to the customer.
func (a *App) release(ctx context.Context, shop, key, customer string) error {
	docs := a.handleDocs(shop)
	h, read, err := docs.Get(ctx, key)
	if errors.Is(err, storage.ErrNotFound) || err == nil && h.Customer != customer {
		return nil
	}
	if err != nil {
		return err
	}
	return docs.Delete(ctx, key, read)
}

// customerOfEmail returns the customer of a canonical address and makes one where there is none. The handle is written
// first; whoever finds a handle without its customer makes the customer, so a crash between leaves nothing wrong.
func (a *App) customerOfEmail(ctx context.Context, shop Shop, email string) (id string, err error) {
	id, err = a.follow(ctx, shop.ID, emailHandle(email))
	if err == nil && id == "" {
		id, err = a.claim(ctx, shop.ID, emailHandle(email), storage.NewID())
	}
	if err != nil {
		return "", err
	}
	return id, a.ensureCustomer(ctx, shop, id, email)
}
