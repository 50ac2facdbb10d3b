package main

import (
	"context"

	"postern/portal"
	"postern/portal/shop"
	"postern/portal/validate"
)

// orderGroup holds the subcommands for orders.
type orderGroup struct {
	Show   orderShow   `cmd:"" help:"Show an order."`
	Delete orderDelete `cmd:"" help:"Delete an order, such as a test."`
}

// orderArg identifies one order of one shop.
type orderArg struct {
	storeFlag
	shopFlag
	Number string `arg:"" help:"The order's number."`
}

// use finds the order and calls do with it.
func (c orderArg) use(ctx context.Context,
	do func(portal.Operator, shop.Shop, portal.OrderAccount) error) error {
	return c.storeFlag.use(ctx, func(operator portal.Operator) error {
		shop, err := c.pick(ctx, operator)
		if err != nil {
			return err
		}
		order, err := operator.Order(ctx, shop.ID, c.Number)
		if validate.KindOf(err) == validate.NotFound {
			return failf("Shop %s has no order %q.", shop.ID, c.Number)
		}
		if err != nil {
			return err
		}
		return do(operator, shop, order)
	})
}

// orderDelete deletes an order.
type orderDelete struct {
	orderArg
	reasonFlag
	Yes bool `help:"Confirm the deletion."`
}

// Help implements kong.HelpProvider.
func (orderDelete) Help() string {
	return `Removes the order from the customer's pages at once. Withdrawal statements and messages about it stay. If your shop system sends the order again, it comes back, so delete it there first.`
}

// Run deletes the order.
func (c orderDelete) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator, shop shop.Shop, order portal.OrderAccount) error {
		if !c.Yes {
			return problems{"This would delete order " + order.Number + " of " + orNobody(order.Email) +
				". Add --yes to confirm."}.
				usage("help order delete")
		}
		operator, err := operator.Because(c.Reason)
		if err != nil {
			return err
		}
		if err := operator.DeleteOrder(ctx, shop.ID, order.Number); err != nil {
			return err
		}
		w.say("Deleted order %s.", order.Number)
		return nil
	})
}

// orNobody returns the email, or "nobody" for an order without one.
func orNobody(email string) string {
	if email == "" {
		return "nobody"
	}
	return email
}
