package main

import (
	"context"
	"strings"
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
		t := table{head: []string{"ID", "NAME", "SCOPES", "CREATED", "EXPIRES", "LAST USE"}}
		for _, key := range keys {
			t.add(key.ID, key.Name, showScopes(key.Scopes), key.CreatedAt.UTC().Format(time.RFC3339),
				orNever(key.ExpiresAt, time.RFC3339), orNever(key.UsedAt, time.DateOnly))
		}
		return t.print(w, c.JSON)
	})
}

func showScopes(scopes []portal.Scope) string {
	if len(scopes) == 0 {
		return "all"
	}
	names := make([]string, len(scopes))
	for i, scope := range scopes {
		names[i] = string(scope)
	}
	return strings.Join(names, ",")
}

func orNever(at time.Time, layout string) string {
	if at.IsZero() {
		return "never"
	}
	return at.UTC().Format(layout)
}
