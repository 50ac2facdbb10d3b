package main

import (
	"context"

	"postern/portal"
)

// shopCreate creates a shop.
type shopCreate struct {
	storeFlag
	ID string `arg:"" help:"A short id for this shop in commands, in lower case, such as main."`
	shopFlags
}

// Help implements kong.HelpProvider.
func (shopCreate) Help() string {
	return `A shop needs a name, a base URL and a sender email; you can set the rest later.

  portal shop create main --name "Bookshop" --base-url https://account.shop.example --sender-email account@shop.example

To try it on this machine, use the base URL http://127.0.0.1:8080.`
}

// Run creates the shop, and the store if needed. It checks the settings first, so that wrong ones do not
// leave an empty store.
func (c shopCreate) Run(ctx context.Context, w *environment) error {
	settings, err := c.settings("help shop create")
	if err != nil {
		return err
	}
	isNew := c.isNew()
	if isNew {
		if err := portal.CheckShop(c.ID, settings, c.InsecureHTTP); err != nil {
			return err
		}
	}
	return c.begin(ctx, func(operator portal.Operator) error {
		shop, err := operator.CreateShop(ctx, c.ID, settings)
		if err != nil {
			return err
		}
		w.say("Created shop %s: %s at %s", shop.ID, shop.Name, shop.BaseURL)
		if where := c.where(); isNew {
			w.say("Made a new store in %s", where)
		} else {
			w.say("The store is %s", where)
		}
		w.say("Next, create an API key for your shop system with \"portal apikey create --name ...\", and start the portal with \"portal serve\".")
		return nil
	}, c.options()...)
}
