package main

import (
	"context"

	"postern/portal"
	"postern/portal/shop"
	"postern/portal/validate"
)

// customerGroup holds the subcommands for customers.
type customerGroup struct {
	Find    customerFind    `cmd:"" help:"Find a customer by email, by your shop system's id, or by the portal's id."`
	Show    customerShow    `cmd:"" help:"Show a customer's account."`
	SignOut customerSignOut `cmd:"" name:"sign-out" help:"End all of a customer's sessions, links and codes at once."`
	Erase   customerErase   `cmd:"" help:"Delete a customer's account in seven days, or at once."`
}

// customerArg identifies one customer of one shop.
type customerArg struct {
	storeFlag
	shopFlag
	Customer string `arg:"" help:"The customer's email, your shop system's id, or the portal's id."`
}

// use finds the customer and calls do with the account.
func (c customerArg) use(ctx context.Context,
	do func(portal.Operator, shop.Shop, portal.CustomerAccount) error) error {
	return c.storeFlag.use(ctx, func(operator portal.Operator) error {
		shop, err := c.pick(ctx, operator)
		if err != nil {
			return err
		}
		account, err := operator.FindCustomer(ctx, shop.ID, c.Customer)
		if validate.KindOf(err) == validate.NotFound {
			return failf("Shop %s has no customer with the email or id %q.", shop.ID, c.Customer)
		}
		if err != nil {
			return err
		}
		return do(operator, shop, account)
	})
}

// reasonFlag is the reason of an act, for the log.
type reasonFlag struct {
	Reason string `setting:"reason" help:"Why. The log keeps it, and the customer can read it." placeholder:"TEXT"`
}

// customerFind finds a customer.
type customerFind struct {
	customerArg
	JSON bool `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Run prints one line, or one JSON object because the arguments lead to at most one customer.
func (c customerFind) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(_ portal.Operator, _ shop.Shop, account portal.CustomerAccount) error {
		t := table{head: []string{"ID", "CUSTOMER ID", "EMAIL", "NAME", "CREATED"}}
		t.add(account.ID, account.FeedID, account.Email, account.Name(), moment(account.CreatedAt))
		if c.JSON {
			return printJSON(w, t.objects()[0])
		}
		return t.print(w, false)
	})
}
