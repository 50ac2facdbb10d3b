package portal

import (
	"context"

	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/identifier"
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
	kept, err := o.app.orderCounts(ctx, shop, c.ID)
	if err != nil {
		return CustomerAccount{}, err
	}
	account := CustomerAccount{Customer: c, Orders: kept.Total()}
	for _, former := range c.Reserved {
		account.EarlierEmails = append(account.EarlierEmails, former.Email)
	}
	for _, email := range c.EmailsHeld() {
		doc, _, err := o.app.credentialDocs(shop).Get(ctx, o.app.credentialsID(shop, email))
		if ifFound(err) != nil {
			return CustomerAccount{}, err
		}
		if err == nil && doc.Customer == c.ID {
			account.Sessions = append(account.Sessions, doc.SessionInfos(o.app.now())...)
		}
	}
	return account, nil
}

// SignOutCustomer ends every session, link and code of a customer, immediately in every process, forgets
// the known browsers, and returns the number of sessions that it ended.
func (o Operator) SignOutCustomer(ctx context.Context, shop, id string) (sessions int, err error) {
	c, err := o.app.customer(ctx, shop, id)
	if err != nil {
		return 0, validate.NotFoundIfMissing(err)
	}
	for _, email := range c.EmailsHeld() {
		live := 0
		_, err := o.app.credentialDocs(shop).Change(ctx, o.app.credentialsID(shop, email),
			func(a *credential.Credentials) error {
				if live = 0; a.Customer != c.ID {
					return storage.ErrUnchanged
				}
				live = len(a.SessionInfos(o.app.now()))
				a.Clear(credential.LinkExpired, o.app.now()) // ended by support, not by another link or an alarm
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
	c, err := o.app.changeCustomer(ctx, shop, id, func(c *customer.Customer) error {
		moment := o.app.now()
		if now {
			return c.EraseAt(moment)
		}
		if c.Erasure.Pending() {
			return storage.ErrUnchanged
		}
		c.Erasure = customer.Erasure{AskedAt: moment, At: c.ErasureDate(moment)}
		c.TellErasure(o.app.now())
		return nil
	})
	return c.Erasure, validate.NotFoundIfMissing(err)
}

// CancelErasure cancels an erasure that has not begun. If there is none, it changes nothing.
func (o Operator) CancelErasure(ctx context.Context, shop, id string) error {
	_, err := o.app.changeCustomer(ctx, shop, id, (*customer.Customer).CancelErasure)
	return validate.NotFoundIfMissing(err)
}
