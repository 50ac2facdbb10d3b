package portal

import (
	"context"
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
	receipt := order.Receipt{Warnings: v.ListedWarnings()}
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
	if receipt.Customer, err = f.app.present(ctx, f.shop.ID, owner); err != nil {
		return order.Receipt{}, err
	}
	return receipt, removeOfErased(ctx, f.app, f.shop.ID, owner, f.app.cartDocs(f.shop.ID))
}

// knownCustomer returns Postern's id of the account with an id of the shop's system, or validate.NotFound. The
// account may have been merged into another one.
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
	who, err := f.app.customer(ctx, f.shop.ID, owner)
	if err != nil {
		return cart.Record{}, validate.NotFoundIfMissing(err)
	}
	own := []string{owner} // before a merge is confirmed, each account has its own cart
	if !who.HasUnconfirmed(owner) {
		own = who.IDs()
	}
	c, found, err := f.app.latestCart(ctx, f.shop.ID, who, own)
	if err == nil && !found {
		err = validate.NewError(validate.NotFound, "cart.not_found")
	}
	return c.Record(), err
}

// Cart returns the cart of a customer, the latest of those of all accounts that were merged.
func (a *App) Cart(ctx context.Context, shop string, c customer.Customer) (cart.Cart, bool, error) {
	return a.latestCart(ctx, shop, c, c.IDs())
}

// latestCart returns the latest cart of some of a customer's accounts. One of an account whose owner has not
// confirmed the merge takes the place of no other.
func (a *App) latestCart(ctx context.Context, shop string, c customer.Customer,
	accounts []string) (latest cart.Cart, found bool, err error) {
	proven := false
	for _, id := range accounts {
		read, err := a.cartDocs(shop).Read(ctx, id)
		if err != nil {
			return latest, found, err
		}
		confirmed := !c.HasUnconfirmed(id)
		if !read.Found || proven && !confirmed {
			continue
		}
		if !found || confirmed && !proven || read.Doc.UpdatedAt.After(latest.UpdatedAt) {
			latest, found, proven = read.Doc, true, confirmed
		}
	}
	return latest, found, nil
}

func (w Worker) eraseCart(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	return remove(ctx, w.app.cartDocs(shop.ID), c.ID)
}

// addCart adds the cart to a download.
func (s Shopper) addCart(ctx context.Context, data *personData) error {
	c, _, err := s.app.Cart(ctx, s.shop.ID, s.customer)
	if err == nil && len(c.Lines) > 0 {
		data.Cart = new(c.Record())
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
