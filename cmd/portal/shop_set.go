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
		if shop, err = operator.ChangeShop(ctx, shop.ID, settings); err != nil {
			return err
		}
		w.say("Changed shop %s.", shop.ID)
		return nil
	}, c.options()...)
}
