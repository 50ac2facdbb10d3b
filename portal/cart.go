package portal

import (
	"context"
	"errors"
	"time"

	"postern/portal/cart"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

func (a *App) cartDocs(shop string) storage.Docs[cart.Cart] { return cart.Docs(a.engine, shop) }

// PutCart stores the cart of the customer with the shop system's id as of its updated_at; an older one
// changes nothing. A cart without lines empties it. An unknown customer is validate.NotFound.
func (f Feed) PutCart(ctx context.Context, id string, body []byte) (order.Receipt, error) {
	v := &validate.Validator{Latest: f.latest(), Zone: f.shop.Location()}
	content, at, err := cart.Decode(v, body)
	if err != nil {
		return order.Receipt{}, err
	}
	f.noteAhead(ctx, "cart", at)
	owner, err := f.knownCustomer(ctx, id)
	if err != nil {
		return order.Receipt{}, err
	}
	given, err := storage.Digest(&content)
	if err != nil {
		return order.Receipt{}, err
	}
	receipt := order.Receipt{Customer: owner, Warnings: v.ListedWarnings()}
	stored, err := f.app.cartDocs(f.shop.ID).Put(ctx, owner, func(c *cart.Cart, found bool) error {
		receipt.Outcome = order.Updated
		if !found {
			receipt.Outcome = order.Created
		}
		if receipt.Overridden = (time.Time{}); at.Before(c.UpdatedAt) {
			if !f.forced {
				receipt.Outcome = order.Stale
				return storage.ErrUnchanged
			}
			receipt.Overridden = c.UpdatedAt
		}
		before, err := storage.Digest(&c.Content)
		if found && before == given && at.Equal(c.UpdatedAt) {
			receipt.Outcome = order.Unchanged
			return storage.ErrUnchanged
		}
		c.Take(content, at, f.app.now())
		return err
	})
	if err != nil {
		return order.Receipt{}, err
	}
	receipt.StoredUpdatedAt = stored.UpdatedAt
	f.noteOlder(ctx, "cart", receipt.Overridden)
	return receipt, removeOfErased(ctx, f.app, f.shop.ID, owner, f.app.cartDocs(f.shop.ID))
}

// knownCustomer returns Postern's id of a customer of the shop's system, or validate.NotFound.
func (f Feed) knownCustomer(ctx context.Context, id string) (string, error) {
	owner, err := f.app.introduced(ctx, f.shop.ID, id)
	if err == nil && owner == "" {
		err = orNotFound(nil)
	}
	if err == nil {
		err = f.app.awaitErasure(ctx, f.shop.ID, owner)
	}
	return owner, err
}

// removeOfErased removes a customer's document that was stored while the customer was being deleted.
func removeOfErased[T any](ctx context.Context, a *App, shop, id string, docs storage.Docs[T]) error {
	gone, err := a.anyErased(ctx, shop, []string{id})
	if err == nil && gone {
		err = remove(ctx, docs, id)
	}
	return err
}

// Cart returns the cart of the customer with the shop system's id, or validate.NotFound.
func (f Feed) Cart(ctx context.Context, id string) (cart.Record, error) {
	owner, err := f.knownCustomer(ctx, id)
	if err != nil {
		return cart.Record{}, err
	}
	c, _, err := f.app.cartDocs(f.shop.ID).Get(ctx, owner)
	if errors.Is(err, storage.ErrNotFound) {
		err = validate.NewError(validate.NotFound, "cart.not_found")
	}
	return c.Record(), err
}

func (w Worker) eraseCart(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	return remove(ctx, w.app.cartDocs(shop.ID), c.ID)
}

// addCart adds the cart to a download.
func (s Shopper) addCart(ctx context.Context, data *personData) error {
	c, err := s.app.cartDocs(s.shop.ID).Read(ctx, s.customer.ID)
	if err == nil && len(c.Doc.Lines) > 0 {
		data.Cart = new(c.Doc.Record())
	}
	return err
}

func (w Worker) cartJobs() job.Source {
	return job.Documents[cart.Cart]{
		Collection: cart.Collection(),
		Open:       w.app.cartDocs,
		List:       func(c *cart.Cart) *job.List { return &c.Work },
		Kinds:      map[string]job.Kind[cart.Cart]{cart.KindForget: {Do: w.forgetCart}},
	}
}

// forgetCart deletes a cart whose time is over. One that was sent since has a later job.
func (w Worker) forgetCart(ctx context.Context, t job.Task[cart.Cart]) (job.Finish[cart.Cart], error) {
	return nil, removeIf(ctx, w.app.cartDocs(t.Shop), t.Key, func(c cart.Cart) bool {
		latest, found := c.Work.Find(cart.KindForget)
		return found && !latest.At.After(w.app.now())
	})
}
