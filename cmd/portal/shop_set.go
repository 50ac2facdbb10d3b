package main

import (
	"context"

	"postern/portal"
	"postern/portal/shop"
)

// shopSet changes the settings of a shop.
type shopSet struct {
	storeFlag
	ID string `arg:"" optional:"" help:"The shop's id; optional if there is only one shop."`
	shopFlags
}

// Help implements kong.HelpProvider.
func (shopSet) Help() string {
	return `Changes only the settings that you name.

  portal shop set main --accent "#2f6b4f" --logo logo.png --link-life 2d
  portal shop set main --footer "Terms=https://shop.example/terms" --footer "Contact=https://shop.example/contact"`
}

// Run changes the settings.
func (c shopSet) Run(ctx context.Context, w *environment) error {
	settings, err := c.settings("help shop set")
	if err != nil {
		return err
	}
	if settings == (shop.Settings{}) {
		return problems{"Nothing to change: name at least one setting, such as --link-life 2d."}.usage("help shop set")
	}
	return c.use(ctx, func(operator portal.Operator) error {
		shop, err := pick(ctx, operator, c.ID, "portal shop set ID")
		if err != nil {
			return err
		}
		before := shop
		if shop, err = operator.ChangeShop(ctx, shop.ID, settings); err != nil {
			return err
		}
		w.say("Changed shop %s.", shop.ID)
		return warnOfPasskeys(ctx, operator, w, before, shop)
	}, c.options()...)
}

// warnOfPasskeys tells how many passkeys of the staff a new base URL has put out of use.
func warnOfPasskeys(ctx context.Context, operator portal.Operator, w *environment, before, after shop.Shop) error {
	lost, people, err := operator.LostPasskeys(ctx, before, after)
	if err != nil || lost == 0 {
		return err
	}
	owners := "people"
	if people == 1 {
		owners = "person"
	}
	w.note("Warning: passkeys belong to a host. With the new base URL, %s of %d %s on the staff stopped working.",
		counted(lost, "passkey"), people, owners)
	w.note("With %s as the base URL they work again. Without a passkey, people sign in with the authenticator "+
		"app or a recovery code; for somebody who has neither, use \"portal staff reset-factor\".", before.BaseURL)
	return nil
}
