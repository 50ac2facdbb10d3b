package main

import (
	"context"

	"postern/portal"
	"postern/portal/validate"
)

// apikeyRevoke revokes an API key.
type apikeyRevoke struct {
	storeFlag
	shopFlag
	ID string `arg:"" help:"The key's id, as \"portal apikey list\" shows it."`
}

// Run revokes the key.
func (c apikeyRevoke) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator) error {
		shop, err := c.pick(ctx, operator)
		if err != nil {
			return err
		}
		err = operator.RevokeKey(ctx, shop.ID, c.ID)
		if validate.KindOf(err) == validate.NotFound {
			return failf("Shop %s has no key %q; \"portal apikey list\" lists its keys.", shop.ID, c.ID)
		}
		if err == nil {
			w.say("Revoked key %s of shop %s.", c.ID, shop.ID)
		}
		return err
	})
}
