package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"postern/portal"
)

// apikeyCreate creates an API key.
type apikeyCreate struct {
	storeFlag
	shopFlag
	Name    string   `setting:"apikey-name" help:"What uses the key, such as \"shop system\". The list shows it." placeholder:"NAME"`
	Scope   []string `setting:"apikey-scopes" help:"What the key may do: customers:read, customers:write, orders, sign-in-emails, hand-off, lists, messages, vouchers or events. Repeat the flag for more; without it, the key may do everything." placeholder:"SCOPE"`
	Expires string   `setting:"apikey-expires" help:"When the key stops working: after a time such as 90d, or on a day such as 2027-06-30. Without it, never." placeholder:"WHEN"`
}

// Help implements kong.HelpProvider.
func (apikeyCreate) Help() string {
	return `Your shop system authenticates with this key:

  portal apikey create --name "shop system"
  portal apikey create --name "checkout" --scope customers:read --scope hand-off --expires 90d
  curl -X PUT -H "Authorization: Bearer postern_..." -H "Content-Type: application/json" --data @order.json https://account.shop.example/api/v1/orders/1001

Only its hash is stored. Keep the key: it cannot be shown again.

Scopes:
  orders            send, read and delete orders
  customers:write   send customers and their carts
  customers:read    read customers and their carts
  sign-in-emails    have sign-in links emailed
  hand-off          sign customers in to a storefront
  lists             read withdrawals, requests and messages
  messages          answer messages and requests, and read conversations
  vouchers          send, read, delete and redeem vouchers
  events            send what customers do in the shop`
}

// Run prints only the key on standard output, so that it can be redirected to a file.
func (c apikeyCreate) Run(ctx context.Context, w *environment) error {
	options, err := c.options(time.Now())
	if err != nil {
		return err
	}
	return c.use(ctx, func(operator portal.Operator) error {
		shop, err := c.pick(ctx, operator)
		if err != nil {
			return err
		}
		key, err := operator.CreateKey(ctx, shop.ID, c.Name, options...)
		if err != nil {
			return err
		}
		w.say("%s", key)
		w.note("This is the key %q of shop %s. It cannot be shown again.", c.Name, shop.ID)
		if len(c.Scope) == 0 {
			w.note("It may do everything. Limit the next one with --scope.")
		}
		return nil
	})
}

// options reads the flags that limit the key.
func (c apikeyCreate) options(now time.Time) ([]portal.KeyOption, error) {
	var wrong problems
	var scopes []portal.Scope
	for _, name := range c.Scope {
		scope := portal.Scope(strings.TrimSpace(name))
		if !slices.Contains(portal.Scopes(), scope) {
			wrong.add("--scope: there is no %q; see the list in the help.", name)
		}
		scopes = append(scopes, scope)
	}
	options := []portal.KeyOption{portal.KeyScopes(scopes...)}
	if c.Expires != "" {
		end, err := readExpiry(c.Expires, now)
		if err != nil {
			wrong.add("--expires: %q is neither a time such as 90d nor a day such as 2027-06-30.", c.Expires)
		}
		options = append(options, portal.KeyExpiry(end))
	}
	return options, wrong.usage("help apikey create")
}

// readExpiry returns the first moment when a key no longer works: after a time, or after the end of a day in
// UTC.
func readExpiry(text string, now time.Time) (time.Time, error) {
	if last, err := time.Parse(time.DateOnly, text); err == nil {
		return last.AddDate(0, 0, 1), nil
	}
	life, err := parseLife(text)
	return now.Add(life), err
}
