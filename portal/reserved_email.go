package portal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// reserve reserves an address for a customer, and returns its holder: the customer, or someone else. If it
// succeeds, the customer holds the address, its identifier points to the customer, and no earlier session,
// link or code works there. The worker releases an address that is reserved but not taken.
func (a *App) reserve(ctx context.Context, shop, id, email string) (holder string, err error) {
	for range customer.MoveTries {
		holder, err = a.tryReserve(ctx, shop, id, email)
		if !errors.Is(err, storage.ErrConflict) {
			return holder, validate.NotFoundIfMissing(err)
		}
	}
	return "", validate.NewError(validate.Conflict, "email.changed")
}

// tryReserve returns storage.ErrConflict if the address's credentials document has changed since it was read.
// The document is read before the customer and replaced after, so that no session is cleared that was
// opened after another request moved the account to this address.
func (a *App) tryReserve(ctx context.Context, shop, id, email string) (holder string, err error) {
	holder, err = a.follow(ctx, shop, identifier.EmailKey(email))
	if err != nil || holder != "" && holder != id {
		return holder, err
	}
	now, key, docs := a.now(), a.credentialsID(shop, email), a.credentialDocs(shop)
	doc, read, err := docs.Get(ctx, key)
	absent := errors.Is(err, storage.ErrNotFound)
	if err != nil && !absent {
		return "", err
	}
	if _, err := a.changeCustomer(ctx, shop, id, func(c *customer.Customer) error {
		if c.Email == email {
			return customer.ErrSameEmail
		}
		c.Reserve(email, now, now.Add(customer.ClaimLife))
		return nil
	}); err != nil {
		return "", err
	}
	holder, err = a.keep(ctx, shop, identifier.EmailKey(email), id)
	if err != nil || holder != id {
		return holder, err
	}
	doc.AssignTo(email, id, now)
	doc.Clear(credential.LinkReplaced, now)
	if !absent {
		return id, docs.Replace(ctx, key, read, doc)
	}
	if err = docs.Insert(ctx, key, doc); errors.Is(err, storage.ErrExists) {
		err = storage.ErrConflict
	}
	return id, err
}

// releaseReserved releases the addresses with an expired reservation, so that others can use them. Those that
// changed while it ran are retried at the next beat. An account that was merged gives up its own ones, unless
// the survivor is being erased, which needs them.
func (w Worker) releaseReserved(ctx context.Context, shop shop.Shop, id string) error {
	c, err := w.app.holder(ctx, shop.ID, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !c.Tombstone.IsZero() && c.Merging != "" {
		return nil
	}
	given := map[string]time.Time{}
	for _, f := range c.Reserved {
		if err != nil || w.app.now().Before(f.Until) {
			continue
		}
		switch err = w.giveUp(ctx, shop, id, f.Email); {
		case err == nil:
			given[f.Email] = f.Until
		case errors.Is(err, storage.ErrConflict):
			err = nil
		}
	}
	if err != nil || len(given) == 0 {
		return err
	}
	if err := w.dropReleased(ctx, shop.ID, c, slices.Collect(maps.Keys(given))); err != nil {
		return err
	}
	read := c.Tombstone.Into
	_, err = w.app.customerDocs(shop.ID).Change(ctx, id, func(c *customer.Customer) error {
		if c.Tombstone.Into != read || !c.Erasure.Begun.IsZero() {
			return storage.ErrUnchanged // the job runs again
		}
		c.Reserved = slices.DeleteFunc(c.Reserved, func(f customer.ReservedEmail) bool {
			until, done := given[f.Email]
			return done && f.Until.Equal(until)
		})
		c.Settle(w.app.now())
		return nil
	})
	return ifFound(err)
}

// holder returns the document with an id, also that of a merged account. It is storage.ErrNotFound if the
// customer that it leads to is being erased.
func (a *App) holder(ctx context.Context, shop, id string) (customer.Customer, error) {
	if _, err := a.customer(ctx, shop, id); err != nil {
		return customer.Customer{}, err
	}
	c, _, err := a.customerDocs(shop).Get(ctx, id)
	return c, err
}

// dropReleased drops the released addresses of a merged account from all accounts that it leads through.
func (w Worker) dropReleased(ctx context.Context, shop string, c customer.Customer, emails []string) error {
	account := c.ID
	for range customer.MaxMerged + 1 {
		if c.Tombstone.IsZero() {
			return nil
		}
		into := c.Tombstone.Into
		_, err := w.app.customerDocs(shop).Change(ctx, into, func(c *customer.Customer) error {
			return c.DropEmails(account, emails)
		})
		if err == nil {
			c, _, err = w.app.customerDocs(shop).Get(ctx, into)
		}
		if err != nil {
			return ifFound(err)
		}
	}
	return nil
}

// giveUp releases an address that the account neither has nor holds any more. The identifier and the
// credentials document are read before the customer, and changed only if unmodified, so a concurrent change
// of the address causes a conflict.
func (w Worker) giveUp(ctx context.Context, shop shop.Shop, id, email string) error {
	identifiers, docs, key := w.app.identifierDocs(shop.ID), w.app.credentialDocs(shop.ID),
		w.app.credentialsID(shop.ID, email)
	h, identifierRead, err := identifiers.Get(ctx, identifier.EmailKey(email))
	if errors.Is(err, storage.ErrNotFound) || err == nil && h.Customer != id {
		return nil
	}
	if err != nil {
		return err
	}
	_, docRead, err := docs.Get(ctx, key)
	absent := errors.Is(err, storage.ErrNotFound)
	if err != nil && !absent {
		return err
	}
	c, err := w.app.holder(ctx, shop.ID, id)
	if err != nil {
		return err
	}
	if at := c.ReservedIndex(email); c.Email == email || at >= 0 && w.app.now().Before(c.Reserved[at].Until) {
		return storage.ErrConflict
	}
	if !absent {
		if err := ifFound(docs.Delete(ctx, key, docRead)); err != nil {
			return err
		}
	}
	return identifiers.Delete(ctx, identifier.EmailKey(email), identifierRead)
}
