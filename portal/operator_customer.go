package portal

import (
	"context"
	"errors"
	"time"

	"postern/storage"
)

// CustomerAccount is a customer as the people who look after the shop see one.
type CustomerAccount struct {
	Customer
	EarlierEmails []string      // reserved for this customer for a while after a change
	Orders        int64         // all of them, as last counted
	Sessions      []SessionInfo // live ones, the last used first
}

// FindCustomer returns the customer of an email address, of the shop system's id, or of our own id, in this
// order of trying; or NotFound. An email that was changed lately leads to its customer still.
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

// SignOutCustomer ends every session, link and code of a customer, at once on every process, forgets the
// known browsers, and returns how many sessions there were.
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
			a.clear(LinkExpired, o.app.now()) // ended by support: neither another link nor an alarm did it
			return nil
		})
		if ifFound(err) != nil {
			return sessions, err
		}
		sessions += live
	}
	return sessions, nil
}

// EraseCustomer has an account erased as its customer can: in seven days, told by email, and taken back by
// KeepCustomer or the customer. With now it is erased at once, which nothing takes back; while an email
// address can still be brought back by the one who had it before, that is a Conflict. Asking again changes
// nothing, but brings the date forward with now.
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

// eraseAt sets the erasure to a moment, unless somebody may still bring an address back.
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

// KeepCustomer takes an erasure back that has not begun. Without one it changes nothing.
func (o Operator) KeepCustomer(ctx context.Context, shop, id string) error {
	_, err := o.app.changeCustomer(ctx, shop, id, (*Customer).cancelErasure)
	return missing(err)
}
