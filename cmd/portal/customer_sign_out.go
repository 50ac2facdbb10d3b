package main

import (
	"context"

	"postern/portal"
)

// customerSignOut signs a customer out everywhere.
type customerSignOut struct{ customerArg }

// Help implements kong.HelpProvider.
func (customerSignOut) Help() string {
	return `For a customer who lost a phone, or whose mailbox somebody else reads. It ends every session, sign-in link and code at once, on every server. The account, its orders and its data stay as they are; the customer can ask for a new link.`
}

// Run signs the customer out.
func (c customerSignOut) Run(ctx context.Context, w *world) error {
	return c.use(ctx, func(operator portal.Operator, shop portal.Shop, account portal.CustomerAccount) error {
		ended, err := operator.SignOutCustomer(ctx, shop.ID, account.ID)
		if err != nil {
			return err
		}
		w.say("Signed %s out: ended %d sessions, and every sign-in link and code.", account.Email, ended)
		return nil
	})
}
