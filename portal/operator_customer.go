package portal

import (
	"context"

	"postern/portal/audit"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// CustomerAccount is a customer as shown to the shop's support.
type CustomerAccount struct {
	customer.Customer
	EarlierEmails []string                 // reserved for this customer for some time after a change
	Orders        int64                    // all of them, as last counted
	Sessions      []credential.SessionInfo // active ones, most recently used first
}

// FindCustomer finds a customer by email address, then by the shop system's id, then by Postern's id;
// otherwise it returns validate.NotFound. An email that was changed recently still leads to its customer.
func (o Operator) FindCustomer(ctx context.Context, shop, text string) (CustomerAccount, error) {
	var id string
	var err error
	if email, ok := validate.CanonicalEmail(text); ok {
		id, err = o.app.follow(ctx, shop, identifier.EmailKey(email))
	}
	if err == nil && id == "" {
		id, err = o.app.introduced(ctx, shop, text)
	}
	if err != nil {
		return CustomerAccount{}, err
	}
	if id == "" {
		id = text
	}
	c, err := o.app.customer(ctx, shop, id)
	if err != nil {
		return CustomerAccount{}, validate.NotFoundIfMissing(err)
	}
	return o.account(ctx, shop, c)
}

func (o Operator) account(ctx context.Context, shop string, c customer.Customer) (CustomerAccount, error) {
	kept, err := o.app.orderNumbers(ctx, shop, c.ID)
	if err != nil {
		return CustomerAccount{}, err
	}
	account := CustomerAccount{Customer: c, Orders: kept.Total()}
	for _, former := range c.Reserved {
		account.EarlierEmails = append(account.EarlierEmails, former.Email)
	}
	for _, email := range c.AllEmails() {
		doc, _, err := o.app.credentialDocs(shop).Get(ctx, o.app.credentialsID(shop, email))
		if ifFound(err) != nil {
			return CustomerAccount{}, err
		}
		if err == nil && c.Is(doc.Customer) {
			account.Sessions = append(account.Sessions, doc.SessionInfos(o.app.now())...)
		}
	}
	return account, nil
}

// SignOutCustomer ends every session, link and code of a customer, immediately in every process, forgets
// the known browsers, and returns the number of sessions that it ended. If it stops before its end, the
// worker completes it.
func (o Operator) SignOutCustomer(ctx context.Context, shop, id string) (sessions int, err error) {
	act := o.act(audit.CustomerSignedOut, id)
	c, err := o.app.changeCustomer(ctx, shop, id, func(c *customer.Customer) error {
		c.EndAccess(act)
		return act.Carry(&c.Work)
	})
	if err != nil {
		return 0, validate.NotFoundIfMissing(err)
	}
	return o.app.EndAccess(ctx, shop, c, act.ID)
}

// signOut completes a sign-out.
func (w Worker) signOut(ctx context.Context, shop shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	_, err := w.app.EndAccess(ctx, shop.ID, t.Doc, t.Job.Args[customer.ArgEndedBy])
	return nil, err
}

// EndAccess ends what lets a customer in, unless the same act has done so before: then somebody may have
// signed in since. It returns the number of sessions that it ended. The customer carries this as a job, too;
// see customer.EndAccess.
func (a *App) EndAccess(ctx context.Context, shop string, c customer.Customer, act string) (sessions int,
	err error) {
	for _, email := range c.AllEmails() {
		live := 0
		_, err := a.credentialDocs(shop).Change(ctx, a.credentialsID(shop, email),
			func(doc *credential.Credentials) error {
				if live = 0; !c.Is(doc.Customer) || doc.EndedBy == act {
					return storage.ErrUnchanged
				}
				live = len(doc.SessionInfos(a.now()))
				doc.Clear(credential.LinkExpired, a.now()) // ended by support, not by another link or an alarm
				doc.EndedBy = act
				return nil
			})
		if ifFound(err) != nil {
			return sessions, err
		}
		sessions += live
	}
	return sessions, nil
}

// EraseCustomer schedules the erasure of an account, just as its customer can: it takes effect in seven
// days, the customer gets an email, and CancelErasure or the customer can cancel it. With now, the account
// is erased immediately, which cannot be cancelled; this is a Conflict while an earlier email address can
// still be restored. Repeating the call changes nothing, except that now brings the date forward.
func (o Operator) EraseCustomer(ctx context.Context, shop, id string, now bool) (customer.Erasure, error) {
	c, err := o.change(ctx, shop, id, audit.CustomerErasureRequested, func(c *customer.Customer) error {
		moment := o.app.now()
		if now {
			return c.EraseAt(moment)
		}
		return c.RequestErasure(moment)
	})
	return c.Erasure, validate.NotFoundIfMissing(err)
}

// CancelErasure cancels an erasure that has not begun. If there is none, it changes nothing.
func (o Operator) CancelErasure(ctx context.Context, shop, id string) error {
	_, err := o.change(ctx, shop, id, audit.CustomerErasureCancelled, (*customer.Customer).CancelErasure)
	return validate.NotFoundIfMissing(err)
}

// change changes a customer, who then carries the act with what it changed.
func (o Operator) change(ctx context.Context, shop, id string, kind audit.Kind,
	alter func(*customer.Customer) error) (customer.Customer, error) {
	act := o.act(kind, id)
	return o.app.changeCustomer(ctx, shop, id, func(c *customer.Customer) error {
		before := c.Fields()
		if err := alter(c); err != nil {
			return err
		}
		return c.Carry(act, before)
	})
}
