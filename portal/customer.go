package portal

import (
	"context"
	"errors"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

func (a *App) customerDocs(shop string) storage.Docs[customer.Customer] {
	return customer.Docs(a.engine, shop)
}

func (a *App) customer(ctx context.Context, shop, id string) (customer.Customer, error) {
	return customer.Get(ctx, a.customerDocs(shop), id)
}

// ensureCustomer returns the customer that the id of c leads to, even one whose erasure has begun. Without one,
// it creates c.
func (a *App) ensureCustomer(ctx context.Context, shop shop.Shop,
	c customer.Customer) (customer.Customer, error) {
	docs := a.customerDocs(shop.ID)
	stored, err := customer.Follow(ctx, docs, c.ID)
	if !errors.Is(err, storage.ErrNotFound) {
		return stored, err
	}
	c.CreatedAt = a.now()
	c.ChangedAt = c.CreatedAt
	c.ListForm = listForm(shop)
	c.Settle(c.CreatedAt)
	err = docs.Insert(ctx, c.ID, c)
	if errors.Is(err, storage.ErrExists) {
		stored, _, err = docs.Get(ctx, c.ID)
		return stored, erasing(err)
	}
	return c, err
}

// EnsureCustomer is ensureCustomer for the use cases of package merchant.
func (a *App) EnsureCustomer(ctx context.Context, shop shop.Shop,
	c customer.Customer) (customer.Customer, error) {
	return a.ensureCustomer(ctx, shop, c)
}

func (a *App) changeCustomer(ctx context.Context, shop, id string,
	alter func(*customer.Customer) error) (customer.Customer, error) {
	return customer.Change(ctx, a.customerDocs(shop), id, a.now, alter)
}

func (w Worker) customerJobs() job.Source {
	return job.Documents[customer.Customer]{
		Collection: customer.Collection(),
		Open:       w.app.customerDocs,
		List:       func(c *customer.Customer) *job.List { return &c.Work },
		Settle:     func(c *customer.Customer) { c.Settle(w.app.now()) },
		Kinds: map[string]job.Kind[customer.Customer]{
			customer.KindChangeNotice:    {Do: inShop(w.app, w.postChangeNotice)},
			customer.KindEmailMoved:      {Do: inShop(w.app, w.postEmailMoved)},
			customer.KindEmailSet:        {Do: inShop(w.app, w.postEmailSet)},
			customer.KindEmailUndone:     {Do: inShop(w.app, w.postEmailUndone)},
			customer.KindErasureNotice:   {Do: inShop(w.app, w.postErasureNotices)},
			customer.KindErasure:         {Do: inShop(w.app, w.erase), Slow: true},
			customer.KindReleaseEmails:   {Do: inShop(w.app, w.releaseEmails)},
			customer.KindForgetAddresses: {Do: forgetAddresses},
			customer.KindSignInEmail:     {Do: inShop(w.app, w.postSignInEmail)},
			customer.KindSignOut:         {Do: inShop(w.app, w.signOut)},
			customer.KindMergeMove:       {Do: inShop(w.app, w.finishMerge), Slow: true},
			customer.KindMergeLetter:     {Do: inShop(w.app, w.postMergeLetter)},
			customer.KindMergeForget:     {Do: w.forgetMerged},
			audit.KindRecord:             recordsActs[customer.Customer](w.app),
			customer.KindVATCheck: {Do: inShop(w.app, w.checkVAT), Slow: true,
				Retry: customer.RetryVAT()},
		},
	}
}

// releaseEmails releases the emails with an expired reservation.
func (w Worker) releaseEmails(ctx context.Context, shop shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	return nil, w.releaseReserved(ctx, shop, t.Key)
}

// forgetAddresses does nothing itself: any change of a customer drops the addresses that have expired.
func forgetAddresses(context.Context, job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	return nil, nil
}

// forgetMerged drops what a merged account held, once the merge cannot be undone any more.
func (w Worker) forgetMerged(context.Context, job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	return func(c *customer.Customer) { c.ForgetMerged(w.app.now()) }, nil
}

// Customer returns the customer with the shop system's id, or validate.NotFound.
func (f Feed) Customer(ctx context.Context, id string) (customer.Record, error) {
	customer, err := f.app.introduced(ctx, f.shop.ID, id)
	return f.record(ctx, customer, err)
}

// CustomerByEmail returns the customer with an email address, or validate.NotFound.
func (f Feed) CustomerByEmail(ctx context.Context, email string) (customer.Record, error) {
	canonical, ok := validate.CanonicalEmail(email)
	if !ok {
		return customer.Record{}, validate.InvalidFields([]validate.FieldError{{Field: "email",
			Key: "email.form"}})
	}
	customer, err := f.app.follow(ctx, f.shop.ID, identifier.EmailKey(canonical))
	return f.record(ctx, customer, err)
}

// record returns the record of a customer found by one of their identifiers. By one of an account that was
// merged and whose owner has not confirmed that, it is what that account held, with what the customer withdrew
// since. By the customer's own, while that is not confirmed, it is Bare: the rest may be the merged account's.
func (f Feed) record(ctx context.Context, id string, err error) (customer.Record, error) {
	if err != nil || id == "" {
		return customer.Record{}, orNotFound(err)
	}
	c, err := f.app.customer(ctx, f.shop.ID, id)
	if err != nil {
		return customer.Record{}, validate.NotFoundIfMissing(err)
	}
	if c.ID != id {
		own, _, err := f.app.customerDocs(f.shop.ID).Get(ctx, id)
		if err != nil {
			return customer.Record{}, validate.NotFoundIfMissing(err)
		}
		if c.IsUnconfirmed(own.Email) {
			own.TakeWithdrawals(c)
			c = own
		}
	} else if c.IsUnconfirmed(c.Email) {
		c = c.Bare()
	}
	return f.readOut(ctx, c)
}

// readOut returns the customer's record with the consents and their signed unsubscribe URLs.
func (f Feed) readOut(ctx context.Context, c customer.Customer) (record customer.Record, err error) {
	record = c.Record()
	record.Consents, err = f.consentRecords(ctx, c)
	return record, err
}

// orNotFound returns err, or NotFound if it is nil.
func orNotFound(err error) error {
	if err != nil {
		return err
	}
	return validate.NewError(validate.NotFound, "customer.not_found")
}
