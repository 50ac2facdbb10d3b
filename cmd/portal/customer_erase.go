package main

import (
	"context"

	"postern/portal"
	"postern/portal/shop"
	"postern/portal/validate"
)

// customerErase deletes an account, or cancels a scheduled deletion.
type customerErase struct {
	customerArg
	reasonFlag
	Now  bool `help:"Delete at once. This cannot be undone. Requires --yes."`
	Keep bool `help:"Cancel a deletion that has not started."`
	Yes  bool `help:"Confirm the deletion."`
}

// Help implements kong.HelpProvider.
func (customerErase) Help() string {
	return `Deletes everything that identifies the customer: name, email, addresses, company, consents, messages, sessions. Orders are kept for accounting, without the person.

  portal customer erase jana@example.com          in seven days; the customer gets an email and can still keep the account
  portal customer erase jana@example.com --keep   cancels that
  portal customer erase jana@example.com --now --yes`
}

// Run schedules the deletion, deletes the account immediately or cancels the deletion.
func (c customerErase) Run(ctx context.Context, w *environment) error {
	var wrong problems
	if c.Now && c.Keep {
		wrong.add("Use either --now or --keep, not both.")
	}
	if err := wrong.usage("help customer erase"); err != nil {
		return err
	}
	return c.use(ctx, func(operator portal.Operator, shop shop.Shop, account portal.CustomerAccount) error {
		operator, err := operator.Because(c.Reason)
		if err != nil {
			return err
		}
		if c.Keep {
			return c.keep(ctx, w, operator, shop, account)
		}
		return c.erase(ctx, w, operator, shop, account)
	})
}

func (c customerErase) keep(
	ctx context.Context, w *environment, operator portal.Operator, shop shop.Shop,
	account portal.CustomerAccount,
) error {
	if !account.Erasure.Pending() {
		w.say("No deletion of %s's account is scheduled.", account.Email)
		return nil
	}
	if err := operator.CancelErasure(ctx, shop.ID, account.ID); err != nil {
		return err
	}
	w.say("Cancelled the deletion of %s's account.", account.Email)
	return nil
}

func (c customerErase) erase(
	ctx context.Context, w *environment, operator portal.Operator, shop shop.Shop,
	account portal.CustomerAccount,
) error {
	if c.Now && !c.Yes {
		return problems{"This would delete the account of " + account.Email +
			" at once, and cannot be undone. " +
			"Add --yes to confirm, or leave out --now."}.usage("help customer erase")
	}
	erasure, err := operator.EraseCustomer(ctx, shop.ID, account.ID, c.Now)
	switch {
	case validate.KindOf(err) == validate.Conflict:
		return failf("The email of this account was changed recently, and the owner of the previous email can still undo that. " +
			"Leave out --now: the account is then deleted after that time.")
	case err != nil:
		return err
	case c.Now:
		w.say("The account is being deleted. A running server needs about two minutes.")
	default:
		w.say("The account of %s will be deleted on %s. The customer gets an email.", account.Email,
			moment(erasure.At))
	}
	return nil
}
