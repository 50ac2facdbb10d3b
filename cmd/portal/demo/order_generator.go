package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/portal/order"
	"postern/portal/validate"
)

// seed makes the demo's orders the same at every start, except for their dates, which depend on the
// clock.
const seed = 20

// orderGenerator generates the orders of one person.
type orderGenerator struct {
	rng    *rand.Rand
	now    time.Time
	base   string // base URL of the portal
	person Person
	place  int // position among the people, from 1; part of the order numbers
}

func newOrderGenerator(now time.Time, base string, p Person, place int) *orderGenerator {
	return &orderGenerator{rng: rand.New(rand.NewPCG(seed, uint64(place))),
		now: now.UTC().Truncate(time.Second), base: base, person: p, place: place}
}

// write writes the orders as NDJSON, oldest first.
func (g *orderGenerator) write(to io.Writer) error {
	out := json.NewEncoder(to)
	out.SetEscapeHTML(false)
	for i := range g.person.orders {
		if err := out.Encode(g.order(i)); err != nil {
			return fmt.Errorf("write the demo's orders: %w", err)
		}
	}
	return nil
}

// order returns the i-th order of the person, counted from 0.
func (g *orderGenerator) order(i int) orderDoc {
	p := g.person
	o := orderDoc{
		Number: fmt.Sprintf("HJ-%02d%05d", g.place, i+1), CustomerID: p.id, Email: p.address(),
		PlacedAt: g.placedAt(i),
		Currency: "EUR", PaymentKind: "card", PaymentMethod: "Visa •••• 4242", vat: 23,
		Lines: g.lines(1+g.rng.IntN(4), false), BillingAddress: &p.addresses[0],
		ShippingAddress: &p.addresses[i%len(p.addresses)],
	}
	if p.currency != "" {
		o.Currency = p.currency
	}
	g.choosePost(&o)
	g.progress(&o)
	if p.scenario != nil {
		p.scenario(g, &o, i)
	}
	g.finish(&o, i)
	return o
}

// recent returns the ages of the last orders, so that some are always in transit.
func recent() []time.Duration {
	return []time.Duration{14 * day, 6 * day, 4 * day, 2 * day, 3 * time.Hour}
}

// placedAt spreads the orders over the years.
func (g *orderGenerator) placedAt(i int) time.Time {
	left := g.person.orders - 1 - i
	if ages := recent(); left < len(ages) && g.person.orders > 2*len(ages) {
		return g.now.Add(-ages[len(ages)-1-left])
	}
	span := g.person.years * 365 * float64(day)
	back := span * (float64(left) + g.rng.Float64()) / float64(g.person.orders)
	return g.now.Add(-3*time.Hour - time.Duration(back)).Truncate(time.Second)
}

// lines returns n random products as order lines.
func (g *orderGenerator) lines(n int, digital bool) []lineDoc {
	all := slices.DeleteFunc(products(), func(p product) bool { return p.digital != digital })
	var lines []lineDoc
	for _, i := range g.rng.Perm(len(all))[:min(n, len(all))] {
		lines = append(lines, g.line(all[i]))
	}
	return lines
}

func (g *orderGenerator) line(p product) lineDoc {
	line := lineDoc{
		SKU: p.sku, Name: p.name, UnitPrice: decimal(p.cents),
		Picture: g.base + "/demo/pictures/" + p.picture(), URL: g.outside("products/" + p.sku),
	}
	for _, option := range p.options {
		line.Options = append(line.Options, optionDoc{Name: option[0], Value: option[1]})
	}
	if p.drawing == "lamp" {
		line.Warranty = 24
	}
	quantity := 1 + int64(g.rng.IntN(3))
	line.Quantity, line.cents = strconv.FormatInt(quantity, 10), quantity*p.cents
	if p.unit != "" {
		grams := 125 * (1 + int64(g.rng.IntN(12)))
		line.Quantity = fmt.Sprintf("%d.%03d", grams/1000, grams%1000)
		line.cents = (grams*p.cents + 500) / 1000
	}
	return line
}

// outside returns a URL of the shop's own pages.
func (g *orderGenerator) outside(path string) string { return g.base + "/demo/storefront/" + path }

func (g *orderGenerator) choosePost(o *orderDoc) {
	o.ShippingMethod = []string{"Packeta na adresu", "Kuriér SPS", "Slovenská pošta"}[g.rng.IntN(3)]
	if o.subtotal() < 6000 {
		o.shipping = 390
	}
}

// progress sets the status that fits the order's age.
func (g *orderGenerator) progress(o *orderDoc) {
	age, luck := g.now.Sub(o.PlacedAt), g.rng.IntN(100)
	switch {
	case age < day:
		o.set(order.StateOpen, order.PaymentPaid, order.Unfulfilled)
	case age < 3*day:
		o.set(order.StateOpen, order.PaymentPaid, order.Processing)
	case age < 5*day:
		o.set(order.StateOpen, order.PaymentPaid, order.Shipped)
	case age < 7*day:
		o.set(order.StateOpen, order.PaymentPaid, order.OutForDelivery)
	case luck < 5:
		o.set(order.StateCancelled, order.PaymentVoided, order.FulfillmentStopped)
	case luck < 9:
		o.set(order.StateCompleted, order.PaymentRefunded, order.Returned)
		o.back = o.subtotal()
	default:
		o.set(order.StateCompleted, order.PaymentPaid, order.Delivered)
	}
}

func (o *orderDoc) set(state, payment, fulfillment string) {
	o.State, o.Payment, o.Fulfillment = state, payment, fulfillment
}

// finish derives the remaining fields. Every other order has dated events; for the rest the portal knows
// only the current status.
func (g *orderGenerator) finish(o *orderDoc, i int) {
	o.seal()
	if len(o.Shipments) == 0 && !o.IsDigital && handedOver(o.Fulfillment) {
		o.Shipments = []shipmentDoc{g.parcel(o, o.Lines)}
	}
	if i%2 == 0 && o.SourceStatus == "" {
		o.Events = g.events(o)
	}
	o.UpdatedAt = o.PlacedAt
	for _, e := range o.Events {
		o.UpdatedAt = validate.Later(o.UpdatedAt, e.At)
	}
	o.Links.Storefront = g.outside("orders/" + o.Number)
	if o.Payment == order.PaymentPaid {
		o.Links.Invoice = g.outside("invoices/" + o.Number + ".pdf")
	}
	if i%9 == 4 {
		o.CustomerNote = "Prosím, zvoňte dvakrát.\nVchod je z dvora."
	}
	if i%11 == 5 {
		o.Notes = append(o.Notes, noteDoc{Text: "Pribalili sme malé prekvapenie.",
			At: g.after(o, 20*time.Hour)})
	}
}

func handedOver(fulfillment string) bool {
	return slices.Contains([]string{order.Shipped, order.OutForDelivery, order.Delivered,
		order.PartiallyShipped,
		order.PartiallyDelivered, order.DeliveryFailed, order.Returned, order.PartiallyReturned}, fulfillment)
}

func arrived(fulfillment string) bool {
	return slices.Contains([]string{order.Delivered, order.Returned, order.PartiallyReturned}, fulfillment)
}

// carrierOf returns the carrier for a shipping method.
func carrierOf(method string) string {
	for _, carrier := range []string{"SPS", "Slovenská pošta", "Royal Mail", "Spedition"} {
		if strings.Contains(method, carrier) {
			return carrier
		}
	}
	return "Packeta"
}

// parcel returns a shipment of some lines.
func (g *orderGenerator) parcel(o *orderDoc, lines []lineDoc) shipmentDoc {
	number := fmt.Sprintf("Z%010d", g.rng.Int64N(1e10))
	p := shipmentDoc{Carrier: carrierOf(o.ShippingMethod), Number: number,
		URL: g.outside("tracking/" + number), ShippedAt: g.after(o, 44*time.Hour)}
	if arrived(o.Fulfillment) {
		p.DeliveredAt = g.after(o, 92*time.Hour)
	} else {
		p.ExpectedFrom, p.ExpectedTo = o.PlacedAt.Add(4*day), o.PlacedAt.Add(8*day)
	}
	for _, line := range lines {
		p.Items = append(p.Items, itemDoc{Line: line.ID, Quantity: line.Quantity})
	}
	return p
}

// events returns the dated steps that led to the order's status.
func (g *orderGenerator) events(o *orderDoc) []eventDoc {
	events := []eventDoc{{Type: "placed", At: o.PlacedAt}}
	add := func(word string, after time.Duration) {
		events = append(events, eventDoc{Type: word, At: g.after(o, after)})
	}
	switch o.Payment {
	case order.PaymentPaid, order.PaymentRefunded, order.PaymentPartiallyRefunded:
		add(order.PaymentPaid, 4*time.Minute)
	}
	if handedOver(o.Fulfillment) || o.Fulfillment == order.Processing {
		add(order.Processing, 19*time.Hour)
	}
	if handedOver(o.Fulfillment) {
		add(order.Shipped, 44*time.Hour)
	}
	if arrived(o.Fulfillment) {
		add(order.OutForDelivery, 88*time.Hour)
		add(order.Delivered, 92*time.Hour)
	}
	if last := o.Fulfillment; last != order.Unfulfilled && last != order.Unknown &&
		!slices.ContainsFunc(events, func(e eventDoc) bool { return e.Type == last }) {
		add(last, 100*time.Hour)
	}
	if o.Payment == order.PaymentRefunded {
		add(order.PaymentRefunded, 9*day)
	}
	return events
}

// after returns a time that long after the order was placed, but not in the future.
func (g *orderGenerator) after(o *orderDoc, wait time.Duration) time.Time {
	if at := o.PlacedAt.Add(wait); at.Before(g.now) {
		return at
	}
	return validate.Later(o.PlacedAt, g.now.Add(-time.Minute))
}
