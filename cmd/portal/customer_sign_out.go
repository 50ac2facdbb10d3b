package main

import (
	"context"

	"postern/portal"
	"postern/portal/shop"
)

// customerSignOut signs a customer out everywhere.
type customerSignOut struct {
	customerArg
	reasonFlag
}

// Help implements kong.HelpProvider.
func (customerSignOut) Help() string {
	return `For a customer who lost a phone, or whose mailbox somebody else can read. Ends every session, sign-in link and code at once, on all servers. The account and its orders stay as they are, and the customer can request a new link.`
}

// Run signs the customer out.
func (c customerSignOut) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator, shop shop.Shop, account portal.CustomerAccount) error {
		operator, err := operator.Because(c.Reason)
		if err != nil {
			return err
		}
		ended, err := operator.SignOutCustomer(ctx, shop.ID, account.ID)
		if err != nil {
			return err
		}
		w.say("Signed out %s. Sessions ended: %d. All sign-in links and codes have ended, too.",
			account.Email, ended)
		return nil
	})
}
