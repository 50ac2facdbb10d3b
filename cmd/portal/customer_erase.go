package main

import (
	"context"

	"postern/portal"
)

// customerErase erases an account, or keeps it after all.
type customerErase struct {
	customerArg
	Now  bool `help:"Erase at once. Nothing brings the account back. Needs --yes."`
	Keep bool `help:"Take an erasure back that has not begun."`
	Yes  bool `help:"Do it without asking further."`
}

// Help implements kong.HelpProvider.
func (customerErase) Help() string {
	return `Erases what says who the customer is: name, email, addresses, company, consents, messages, sessions. Orders stay for the books, without a person.

  portal customer erase jana@example.com          in seven days; an email tells the customer, who can still keep the account
  portal customer erase jana@example.com --keep   takes that back
  portal customer erase jana@example.com --now --yes`
}

// Run does one of the three.
func (c customerErase) Run(ctx context.Context, w *world) error {
	var wrong faults
	if c.Now && c.Keep {
		wrong.add("--now and --keep exclude each other.")
	}
	if err := wrong.usage("help customer erase"); err != nil {
		return err
	}
	return c.use(ctx, func(operator portal.Operator, shop portal.Shop, account portal.CustomerAccount) error {
		if c.Keep {
			return c.keep(ctx, w, operator, shop, account)
		}
		return c.erase(ctx, w, operator, shop, account)
	})
}

func (c customerErase) keep(
	ctx context.Context, w *world, operator portal.Operator, shop portal.Shop, account portal.CustomerAccount,
) error {
	if !account.Erasure.Pending() {
		w.say("The account of %s is not going to be erased.", account.Email)
		return nil
	}
	if err := operator.KeepCustomer(ctx, shop.ID, account.ID); err != nil {
		return err
	}
	w.say("The account of %s stays.", account.Email)
	return nil
}

func (c customerErase) erase(
	ctx context.Context, w *world, operator portal.Operator, shop portal.Shop, account portal.CustomerAccount,
) error {
	if c.Now && !c.Yes {
		return faults{"This would delete the account of " + account.Email + " at once, and nothing brings it back. " +
			"Add --yes to do it, or leave --now out."}.usage("help customer erase")
	}
	erasure, err := operator.EraseCustomer(ctx, shop.ID, account.ID, c.Now)
	switch {
	case portal.KindOf(err) == portal.Conflict:
		return failf("The email address of this account was changed lately, and the owner of the earlier one can still undo that. " +
			"Leave --now out: the account is then erased once that time is over.")
	case err != nil:
		return err
	case c.Now:
		w.say("The account is being erased. It takes a running server about two minutes.")
	default:
		w.say("The account of %s will be erased on %s. An email tells the customer.", account.Email, moment(erasure.At))
	}
	return nil
}
