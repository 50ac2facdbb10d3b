package portal

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// former is an address that is reserved for the account but is not its current one: either a former
// address, which an email can restore within 14 days, or one that the account is about to take.
type former struct {
	Email string    `bson:"email"`
	Undo  []string  `bson:"undo,omitempty"`  // hashes of what mails to the address carry
	Entry string    `bson:"entry,omitempty"` // of the outbox, that tells it
	At    time.Time `bson:"at"`
	Until time.Time `bson:"until"` // the worker gives it up then
}

const (
	formerLife  = 14 * 24 * time.Hour
	reserveLife = 10 * time.Minute
	maxFormer   = 60 // more than three changes a day can leave
	maxUndo     = 10 // mails that may have arrived
	moveTries   = 10
)

// holds returns the index of email among the account's reserved addresses, or -1.
func (c *Customer) holds(email string) int {
	return slices.IndexFunc(c.Former, func(f former) bool { return f.Email == email })
}

// hold reserves an address for the account until the given time at least.
func (c *Customer) hold(email string, now, until time.Time) {
	at := c.holds(email)
	if at < 0 {
		c.Former = append(c.Former, former{Email: email, At: now, Until: until})
		return
	}
	if until.After(c.Former[at].Until) {
		c.Former[at].Until = until
	}
}

// secured returns nil if an address is reserved for long enough that the worker cannot release it during a
// change in progress: a request lasts only seconds.
func (c *Customer) secured(email string, now time.Time) error {
	at := c.holds(email)
	if at < 0 || !now.Add(reserveLife/2).Before(c.Former[at].Until) {
		return failure(Conflict, "email.changed")
	}
	return nil
}

// move makes a reserved address the account's address. If anyone has signed in with the old one, it stays
// reserved and is informed of the change; otherwise it is released.
func (c *Customer) move(to string, told bool, now time.Time) error {
	if err := c.secured(to, now); err != nil {
		return err
	}
	if len(c.Former) > maxFormer {
		return failure(TooMany, "email.too_many")
	}
	old := former{Email: c.Email, At: now, Until: now}
	if told {
		old.Entry, old.Until = emailMovedEntry+storage.NewID(), now.Add(formerLife)
		c.Work.Add(job.Request{Kind: kindEmailMoved, Args: job.Args{"entry": old.Entry}, At: now})
		c.delayErasure(old.Until, now)
	}
	c.Former = slices.DeleteFunc(c.Former, func(f former) bool { return f.Email == to })
	c.Former = append(c.Former, old)
	c.Email = to
	return nil
}

// reserve reserves an address for a customer, and returns its holder: the customer, or someone else. If it
// succeeds, the customer holds the address, its handle points to the customer, and no earlier session, link
// or code works there. The worker releases an address that is reserved but not taken.
func (a *App) reserve(ctx context.Context, shop, id, email string) (holder string, err error) {
	for range moveTries {
		holder, err = a.tryReserve(ctx, shop, id, email)
		if !errors.Is(err, storage.ErrConflict) {
			return holder, missing(err)
		}
	}
	return "", failure(Conflict, "email.changed")
}

// errPresent says that the address is already the account's.
var errPresent = failure(Conflict, "email.changed")

// tryReserve returns storage.ErrConflict if the address's access document has changed since it was read.
// The document is read before the customer and replaced after, so that no session is cleared that was
// opened after another request moved the account to this address.
func (a *App) tryReserve(ctx context.Context, shop, id, email string) (holder string, err error) {
	holder, err = a.follow(ctx, shop, emailHandle(email))
	if err != nil || holder != "" && holder != id {
		return holder, err
	}
	now, key, docs := a.now(), a.accessID(shop, email), a.accessDocs(shop)
	doc, read, err := docs.Get(ctx, key)
	absent := errors.Is(err, storage.ErrNotFound)
	if err != nil && !absent {
		return "", err
	}
	if _, err := a.changeCustomer(ctx, shop, id, func(c *Customer) error {
		if c.Email == email {
			return errPresent
		}
		c.hold(email, now, now.Add(reserveLife))
		return nil
	}); err != nil {
		return "", err
	}
	holder, err = a.keep(ctx, shop, emailHandle(email), id)
	if err != nil || holder != id {
		return holder, err
	}
	doc.belongTo(email, id, now)
	doc.clear(LinkReplaced, now)
	if !absent {
		return id, docs.Replace(ctx, key, read, doc)
	}
	if err = docs.Insert(ctx, key, doc); errors.Is(err, storage.ErrExists) {
		err = storage.ErrConflict
	}
	return id, err
}

// releaseFormer releases the addresses with an expired reservation, so that others can use them. Those that
// changed while it ran are retried at the next beat.
func (w Worker) releaseFormer(ctx context.Context, shop Shop, id string) error {
	c, err := w.app.customer(ctx, shop.ID, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	given := map[string]time.Time{}
	for _, f := range c.Former {
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
	_, err = w.app.changeCustomer(ctx, shop.ID, id, func(c *Customer) error {
		c.Former = slices.DeleteFunc(c.Former, func(f former) bool {
			until, done := given[f.Email]
			return done && f.Until.Equal(until)
		})
		return nil
	})
	return ifFound(err)
}

// giveUp releases an address that the account neither has nor holds any more. The handle and the access
// document are read before the customer, and changed only if unmodified, so a concurrent change of the
// address causes a conflict.
func (w Worker) giveUp(ctx context.Context, shop Shop, id, email string) error {
	handles, docs, key := w.app.handleDocs(shop.ID), w.app.accessDocs(shop.ID), w.app.accessID(shop.ID, email)
	h, handleRead, err := handles.Get(ctx, emailHandle(email))
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
	c, err := w.app.customer(ctx, shop.ID, id)
	if err != nil {
		return err
	}
	if at := c.holds(email); c.Email == email || at >= 0 && w.app.now().Before(c.Former[at].Until) {
		return storage.ErrConflict
	}
	if !absent {
		if err := ifFound(docs.Delete(ctx, key, docRead)); err != nil {
			return err
		}
	}
	return handles.Delete(ctx, emailHandle(email), handleRead)
}
