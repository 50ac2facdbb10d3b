package main

import (
	"context"

	"postern/portal"
	"postern/portal/shop"
)

// shopList lists the shops.
type shopList struct {
	storeFlag
	JSON bool `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Run prints the shops.
func (c shopList) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator) error {
		shops, err := operator.Shops(ctx)
		if err != nil {
			return err
		}
		t := table{head: []string{"ID", "NAME", "BASE URL", "REGISTRATION"}}
		for _, shop := range shops {
			t.add(shop.ID, shop.Name, shop.BaseURL, registration(shop))
		}
		return t.print(w, c.JSON)
	})
}

func registration(shop shop.Shop) string {
	if shop.Registration {
		return "open"
	}
	return "closed"
}
