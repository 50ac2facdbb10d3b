package main

import (
	"context"
	"strings"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/shop"
)

// orderShow shows an order.
type orderShow struct {
	orderArg
	JSON bool `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Run prints the order.
func (c orderShow) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(_ portal.Operator, shop shop.Shop, order portal.OrderAccount) error {
		return describeOrder(shop, order).print(w, c.JSON)
	})
}

func describeOrder(shop shop.Shop, o portal.OrderAccount) card {
	var c card
	c.add("number", o.Number)
	c.add("shop", shop.ID)
	c.add("customer", o.Customer)
	c.add("customer-id", o.FeedCustomer)
	c.add("email", o.Email)
	c.add("state", o.Status.State)
	c.add("payment", o.Status.Payment)
	c.add("fulfillment", o.Status.Fulfillment)
	c.add("source-status", o.Status.Source)
	c.add("source-label", o.Status.Label)
	c.add("placed", moment(o.PlacedAt))
	c.add("updated", moment(o.UpdatedAt))
	c.add("arrived", moment(o.ArrivedAt))
	c.add("total", o.Amount(o.Total).Decimal()+" "+o.Currency)
	lines := []string{}
	for _, line := range o.Lines {
		lines = append(lines, describeLine(o.Order, line))
	}
	c.addList("lines", lines)
	shipments := []string{}
	for _, s := range o.Shipments {
		shipments = append(shipments, strings.TrimSpace(s.Carrier+" "+s.Number))
	}
	c.addList("shipments", shipments)
	if o.ErasedAt != nil {
		c.add("person-erased", moment(*o.ErasedAt))
	}
	return c
}

func describeLine(o order.Order, line order.Line) string {
	text := string(line.Quantity) + " x " + line.Name
	if line.SKU != "" {
		text += " (" + line.SKU + ")"
	}
	return text + ": " + o.Amount(line.Total).Decimal() + " " + o.Currency
}
