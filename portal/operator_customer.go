package portal

import (
	"context"
	"errors"
	"time"

	"postern/storage"
)

// CustomerAccount is a customer as shown to the shop's support.
type CustomerAccount struct {
	Customer
	EarlierEmails []string      // reserved for this customer for some time after a change
	Orders        int64         // all of them, as last counted
	Sessions      []SessionInfo // active ones, most recently used first
}

// FindCustomer finds a customer by email address, then by the shop system's id, then by Postern's id;
// otherwise it returns NotFound. An email that was changed recently still leads to its customer.
func (o Operator) FindCustomer(ctx context.Context, shop, text string) (CustomerAccount, error) {
	var id string
	var err error
	if email, ok := CanonicalEmail(text); ok {
		id, err = o.app.follow(ctx, shop, emailHandle(email))
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
		return CustomerAccount{}, missing(err)
	}
	return o.account(ctx, shop, c)
}

func (o Operator) account(ctx context.Context, shop string, c Customer) (CustomerAccount, error) {
	kept, err := o.app.history(ctx, shop, c.ID)
	if err != nil {
		return CustomerAccount{}, err
	}
	account := CustomerAccount{Customer: c, Orders: kept.total()}
	for _, former := range c.Former {
		account.EarlierEmails = append(account.EarlierEmails, former.Email)
	}
	for _, email := range c.addresses() {
		doc, _, err := o.app.accessDocs(shop).Get(ctx, o.app.accessID(shop, email))
		if ifFound(err) != nil {
			return CustomerAccount{}, err
		}
		if err == nil && doc.Customer == c.ID {
			account.Sessions = append(account.Sessions, doc.sessionInfos(o.app.now())...)
		}
	}
	return account, nil
}

// SignOutCustomer ends every session, link and code of a customer, immediately in every process, forgets
// the known browsers, and returns the number of sessions that it ended.
func (o Operator) SignOutCustomer(ctx context.Context, shop, id string) (sessions int, err error) {
	c, err := o.app.customer(ctx, shop, id)
	if err != nil {
		return 0, missing(err)
	}
	for _, email := range c.addresses() {
		live := 0
		_, err := o.app.accessDocs(shop).Change(ctx, o.app.accessID(shop, email), func(a *access) error {
			if live = 0; a.Customer != c.ID {
				return storage.ErrUnchanged
			}
			live = len(a.sessionInfos(o.app.now()))
			a.clear(LinkExpired, o.app.now()) // ended by support, not by another link or an alarm
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
// days, the customer gets an email, and KeepCustomer or the customer can cancel it. With now, the account
// is erased immediately, which cannot be cancelled; this is a Conflict while an earlier email address can
// still be restored. Repeating the call changes nothing, except that now brings the date forward.
func (o Operator) EraseCustomer(ctx context.Context, shop, id string, now bool) (Erasure, error) {
	c, err := o.app.changeCustomer(ctx, shop, id, func(c *Customer) error {
		moment := o.app.now()
		if now {
			return c.eraseAt(moment)
		}
		if c.Erasure.Pending() {
			return storage.ErrUnchanged
		}
		c.Erasure = Erasure{AskedAt: moment, At: c.erasureDate(moment)}
		c.tellErasure(o.app.now())
		return nil
	})
	return c.Erasure, missing(err)
}

// eraseAt sets the time of the erasure, unless an email change can still be undone.
func (c *Customer) eraseAt(moment time.Time) error {
	for _, former := range c.Former {
		if former.Entry != "" && former.Until.After(moment) {
			return &Error{Kind: Conflict, Cause: errors.New("an email change can still be undone")}
		}
	}
	if !c.Erasure.Pending() {
		c.Erasure.AskedAt = moment
	}
	c.Erasure.At = moment
	return nil
}

// KeepCustomer cancels an erasure that has not begun. If there is none, it changes nothing.
func (o Operator) KeepCustomer(ctx context.Context, shop, id string) error {
	_, err := o.app.changeCustomer(ctx, shop, id, (*Customer).cancelErasure)
	return missing(err)
}
