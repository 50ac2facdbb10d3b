package main

import (
	"context"

	"postern/portal"
)

// apikeyCreate creates an API key.
type apikeyCreate struct {
	storeFlag
	shopFlag
	Name string `setting:"apikey-name" help:"What uses the key, such as \"shop system\". The list shows it." placeholder:"NAME"`
}

// Help implements kong.HelpProvider.
func (apikeyCreate) Help() string {
	return `Your shop system authenticates with this key:

  portal apikey create --name "shop system"
  curl -X PUT -H "Authorization: Bearer postern_..." -H "Content-Type: application/json" --data @order.json https://account.shop.example/api/v1/orders/1001

Only its hash is stored. Keep the key: it cannot be shown again.`
}

// Run prints only the key on standard output, so that it can be redirected to a file.
func (c apikeyCreate) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator) error {
		shop, err := c.pick(ctx, operator)
		if err != nil {
			return err
		}
		key, err := operator.CreateKey(ctx, shop.ID, c.Name)
		if err != nil {
			return err
		}
		w.say("%s", key)
		w.note("This is the key %q of shop %s. It cannot be shown again.", c.Name, shop.ID)
		return nil
	})
}
