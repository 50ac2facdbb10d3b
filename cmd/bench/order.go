package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"postern/portal/address"
	"postern/portal/order"
)

// ordersEach is the number of orders per customer: a full page of the list and part of the next.
const ordersEach = 25

// emailOf returns the email of customer c, counted from 0.
func emailOf(c int) string { return fmt.Sprintf("customer%07d@kunde.example", c) }

// numberOf returns the number of customer c's k-th order, counted from 0; the last one is the newest.
func numberOf(c, k int) string { return fmt.Sprintf("B%07d-%02d", c, k) }

// sentOrder is an order as a shop system sends it.
type sentOrder struct {
	Number          string          `json:"number"`
	Email           string          `json:"email"`
	PlacedAt        time.Time       `json:"placed_at"`
	UpdatedAt       time.Time       `json:"updated_at"`
	Currency        string          `json:"currency"`
	State           string          `json:"state"`
	Payment         string          `json:"payment"`
	PaymentKind     string          `json:"payment_kind"`
	Fulfillment     string          `json:"fulfillment"`
	Lines           []line          `json:"lines"`
	Subtotal        string          `json:"subtotal"`
	Shipping        string          `json:"shipping"`
	Total           string          `json:"total"`
	ShippingMethod  string          `json:"shipping_method"`
	ShippingAddress address.Address `json:"shipping_address"`
	Shipments       []shipment      `json:"shipments,omitempty"`
	Links           order.Links     `json:"links"`
	Events          []event         `json:"events"`
}

type line struct {
	ID        string `json:"id"`
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	Quantity  string `json:"quantity"`
	UnitPrice string `json:"unit_price"`
	Total     string `json:"total"`
	Picture   string `json:"picture"`
}

type shipment struct {
	Carrier   string    `json:"carrier"`
	Number    string    `json:"number"`
	ShippedAt time.Time `json:"shipped_at"`
}

type event struct {
	Type string    `json:"type"`
	At   time.Time `json:"at"`
}

const orderGap = 40 * 24 * time.Hour

// newOrder returns customer c's k-th order in a store that is filled at now: about 1.5 kB of JSON.
func newOrder(c, k int, now time.Time) sentOrder {
	last := now.UTC().Truncate(time.Second).Add(-2 * 24 * time.Hour) // so that none is in the future
	placed := last.Add(-time.Duration(max(0, ordersEach-k)) * orderGap).Add(time.Duration(c) * time.Second)
	o := sentOrder{
		Number: numberOf(c, k), Email: emailOf(c), PlacedAt: placed, UpdatedAt: placed.Add(time.Hour),
		Currency:    "EUR",
		PaymentKind: "card", Shipping: "3.90", ShippingMethod: "Courier to the door",
		ShippingAddress: address.Address{FirstName: "Jana", LastName: fmt.Sprintf("Kováčová %d", c),
			Line1: "Štefánikova 27", City: "Košice", PostalCode: "04001", Country: "SK"},
		Links: order.Links{Invoice: storefront + "/invoices/" + numberOf(c, k) + ".pdf"},
	}
	o.fillLines(c, k, 1+(c+k)%3)
	o.progress(k)
	return o
}

// fillLines adds n lines, and their sums, to customer c's k-th order.
func (o *sentOrder) fillLines(c, k, n int) {
	sum := 0
	for i := range n {
		cents, pieces := 495+(c*7+k*13+i*29)%9000, 1+(c+i)%3
		sum += cents * pieces
		o.Lines = append(o.Lines, line{
			ID: fmt.Sprint(i + 1), SKU: fmt.Sprintf("SKU-%04d", productOf(c, i)),
			Name:     fmt.Sprintf("Enamel mug for the garden, no. %d", productOf(c, i)),
			Quantity: fmt.Sprint(pieces), UnitPrice: euros(cents), Total: euros(cents * pieces),
			Picture: fmt.Sprintf("%s/pictures/%04d.jpg", storefront, productOf(c, i)),
		})
	}
	o.Subtotal, o.Total = euros(sum), euros(sum+390)
}

// productOf returns the number of the product on the i-th line of customer c's orders, counted from 0.
func productOf(c, i int) int { return (c + i*31) % 5000 }

func euros(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

// progress sets the state of the k-th order.
func (o *sentOrder) progress(k int) {
	o.State, o.Payment, o.Fulfillment = order.StateCompleted, order.PaymentPaid, order.Delivered
	switch {
	case k == ordersEach-1:
		o.State, o.Payment, o.PaymentKind, o.Fulfillment = order.StateOpen, order.PaymentPending, "transfer", order.Unfulfilled
	case k == ordersEach-2:
		o.State, o.Fulfillment = order.StateOpen, order.Shipped
	case k%9 == 4:
		o.State, o.Payment, o.Fulfillment = order.StateCancelled, order.PaymentVoided, order.FulfillmentStopped
	}
	o.Events = []event{{Type: "placed", At: o.PlacedAt}}
	if o.Fulfillment == order.Shipped || o.Fulfillment == order.Delivered {
		shipped := o.PlacedAt.Add(44 * time.Hour)
		o.Events = append(o.Events, event{order.PaymentPaid, o.PlacedAt.Add(4 * time.Minute)},
			event{order.Shipped, shipped})
		o.Shipments = []shipment{{Carrier: "Packeta", Number: "Z" + o.Number, ShippedAt: shipped}}
	}
	if o.Fulfillment == order.Delivered {
		o.Events = append(o.Events, event{order.Delivered, o.PlacedAt.Add(92 * time.Hour)})
	}
}

// writeOrders writes all orders of customers from to before-1 as NDJSON, oldest first, so that each
// customer's orders are far apart.
func writeOrders(to io.Writer, from, before int, now time.Time) error {
	out := json.NewEncoder(to)
	for k := range ordersEach {
		for c := from; c < before; c++ {
			if err := out.Encode(newOrder(c, k, now)); err != nil {
				return err
			}
		}
	}
	return nil
}
