package main

import (
	"context"
	"time"

	"postern/portal"
)

// apikeyList lists the API keys of a shop.
type apikeyList struct {
	storeFlag
	shopFlag
	JSON bool `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Run lists the keys.
func (c apikeyList) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator) error {
		shop, err := c.pick(ctx, operator)
		if err != nil {
			return err
		}
		keys, err := operator.Keys(ctx, shop.ID)
		if err != nil {
			return err
		}
		t := table{head: []string{"ID", "NAME", "CREATED"}}
		for _, key := range keys {
			t.add(key.ID, key.Name, key.CreatedAt.UTC().Format(time.RFC3339))
		}
		return t.print(w, c.JSON)
	})
}
