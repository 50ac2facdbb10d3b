package portal

import (
	"fmt"
	"slices"
	"time"

	"postern/portal/address"
)

// orderWire is an order as JSON: money and quantities are decimal strings, times are RFC 3339. A missing
// member and null mean that no value was given.
type orderWire struct {
	Number           string           `json:"number,omitzero"`
	CustomerID       feedID           `json:"customer_id,omitzero"`
	Email            string           `json:"email"`
	PlacedAt         string           `json:"placed_at"`
	UpdatedAt        string           `json:"updated_at"`
	Currency         string           `json:"currency"`
	State            string           `json:"state,omitzero"`
	Payment          string           `json:"payment,omitzero"`
	Fulfillment      string           `json:"fulfillment,omitzero"`
	PaymentKind      string           `json:"payment_kind,omitzero"`
	SourceStatus     string           `json:"source_status,omitzero"`
	SourceLabel      string           `json:"source_label,omitzero"`
	IsDigital        bool             `json:"is_digital,omitzero"`
	Business         bool             `json:"business,omitzero"`
	Lines            []lineWire       `json:"lines,omitzero"`
	Subtotal         *string          `json:"subtotal,omitzero"`
	Discount         *string          `json:"discount,omitzero"`
	Shipping         *string          `json:"shipping,omitzero"`
	Tax              *string          `json:"tax,omitzero"`
	Refunded         *string          `json:"refunded,omitzero"`
	Total            string           `json:"total"`
	PricesIncludeTax bool             `json:"prices_include_tax,omitzero"`
	Taxes            []taxWire        `json:"taxes,omitzero"`
	Discounts        []discountWire   `json:"discounts,omitzero"`
	TaxNote          string           `json:"tax_note,omitzero"`
	VATID            string           `json:"vat_id,omitzero"`
	ShippingMethod   string           `json:"shipping_method,omitzero"`
	PaymentMethod    string           `json:"payment_method,omitzero"`
	ShippingAddress  *address.Address `json:"shipping_address,omitzero"`
	BillingAddress   *address.Address `json:"billing_address,omitzero"`
	Shipments        []shipmentWire   `json:"shipments,omitzero"`
	CustomerNote     string           `json:"customer_note,omitzero"`
	Notes            []noteWire       `json:"notes,omitzero"`
	Links            Links            `json:"links,omitzero"`
	Events           []eventWire      `json:"events,omitzero"`
}

type lineWire struct {
	ID          string       `json:"id,omitzero"`
	SKU         string       `json:"sku,omitzero"`
	Name        string       `json:"name"`
	Options     []LineOption `json:"options,omitzero"`
	Quantity    string       `json:"quantity"`
	UnitPrice   string       `json:"unit_price,omitzero"`
	Total       string       `json:"total"`
	TaxRate     string       `json:"tax_rate,omitzero"`
	Picture     string       `json:"picture,omitzero"`
	URL         string       `json:"url,omitzero"`
	Fulfillment string       `json:"fulfillment,omitzero"`
	Kind        string       `json:"kind,omitzero"`
	Withdrawal  string       `json:"withdrawal,omitzero"`
}

type taxWire struct {
	Label  string `json:"label,omitzero"`
	Rate   string `json:"rate,omitzero"`
	Amount string `json:"amount"`
}

type discountWire struct {
	Label  string `json:"label,omitzero"`
	Code   string `json:"code,omitzero"`
	Amount string `json:"amount"`
}

type shipmentWire struct {
	Carrier      string             `json:"carrier,omitzero"`
	Number       string             `json:"number,omitzero"`
	URL          string             `json:"url,omitzero"`
	ShippedAt    string             `json:"shipped_at,omitzero"`
	DeliveredAt  string             `json:"delivered_at,omitzero"`
	ExpectedFrom string             `json:"expected_from,omitzero"`
	ExpectedTo   string             `json:"expected_to,omitzero"`
	PickupPoint  string             `json:"pickup_point,omitzero"`
	Items        []shipmentItemWire `json:"items,omitzero"`
}

type shipmentItemWire struct {
	Line     string `json:"line"`
	Quantity string `json:"quantity"`
}

type noteWire struct {
	Text string `json:"text"`
	At   string `json:"at,omitzero"`
}

type eventWire struct {
	Type  string `json:"type"`
	At    string `json:"at"`
	Label string `json:"label,omitzero"`
}

// MaxOrderLines is the maximum number of lines in an order.
const MaxOrderLines = maxLines

// The maximum sizes within an order. They also limit the number of parts that are short in JSON but long in
// the stored document. If the store still rejects an order for its size, the error is TooLarge.
const (
	maxLines   = 1000
	maxOptions = 50   // per line
	maxItems   = 5000 // in all shipments together
	maxParts   = 200  // for each of shipments, taxes, discounts, notes, events
)

// decodeOrder reads one order from JSON and lists the values that it rounded, cleaned or dropped. The error
// is Invalid with every fault found, or TooLarge.
func decodeOrder(atlas *address.Atlas, body []byte, number string, latest time.Time) (Order, []Fault, error) {
	var w orderWire
	if err := decodeJSON(body, &w); err != nil {
		return Order{}, nil, err
	}
	f := &form{atlas: atlas, latest: latest}
	if number == "" {
		number = w.Number
	}
	if w.Number != "" && w.Number != number {
		f.fault("/number", "order.number.other")
	}
	o := w.order(f)
	f.notAhead("/placed_at", o.PlacedAt)
	f.notAhead("/updated_at", o.UpdatedAt)
	o.Number = f.required("/number", f.key("/number", number, maxNumber))
	if o.Number == "." || o.Number == ".." { // browsers resolve them as path segments, even when escaped (WHATWG URL)
		f.fault("/number", "order.number.dots")
	}
	return o, f.listed(), invalid(f.faults)
}

func (w orderWire) order(f *form) Order {
	f.currency = f.currencyCode("/currency", w.Currency)
	o := Order{
		FeedCustomer: f.orderedBy("/customer_id", w.CustomerID), Email: f.fedEmail("/email", w.Email),
		PlacedAt: f.moment("/placed_at", w.PlacedAt), UpdatedAt: f.moment("/updated_at", w.UpdatedAt),
		Currency: f.currency, IsDigital: w.IsDigital, Business: w.Business, PricesIncludeTax: w.PricesIncludeTax,
		Subtotal: f.optionalAmount("/subtotal", w.Subtotal), Discount: f.reduction("/discount", w.Discount),
		Shipping: f.optionalAmount("/shipping", w.Shipping), Tax: f.optionalAmount("/tax", w.Tax),
		Refunded: f.refund("/refunded", w.Refunded), Total: f.total("/total", w.Total),
		TaxNote: f.cut("/tax_note", w.TaxNote, maxName), VATID: f.taxID("/vat_id", w.VATID),
		ShippingMethod: f.cut("/shipping_method", w.ShippingMethod, maxName),
		PaymentMethod:  f.cut("/payment_method", w.PaymentMethod, maxName),
		CustomerNote:   f.cutProse("/customer_note", w.CustomerNote, maxText),
		Links: Links{
			Invoice: f.fedLink("/links/invoice", w.Links.Invoice), Storefront: f.fedLink("/links/storefront", w.Links.Storefront),
			Payment: f.fedLink("/links/payment", w.Links.Payment), Reorder: f.fedLink("/links/reorder", w.Links.Reorder),
			Return: f.fedLink("/links/return", w.Links.Return), Cancel: f.fedLink("/links/cancel", w.Links.Cancel),
		},
		ShippingAddress: f.address("/shipping_address", w.ShippingAddress),
		BillingAddress:  f.address("/billing_address", w.BillingAddress),
	}
	o.Lines = each(f, "/lines", maxLines, w.Lines, lineWire.line)
	o.Taxes = each(f, "/taxes", maxParts, first(f, "/taxes", maxParts, w.Taxes), taxWire.tax)
	o.Discounts = each(f, "/discounts", maxParts, first(f, "/discounts", maxParts, w.Discounts), discountWire.discount)
	o.Shipments = each(f, "/shipments", maxParts, w.Shipments, shipmentWire.shipment)
	f.boundItems(o.Shipments)
	o.Notes = each(f, "/notes", maxParts, first(f, "/notes", maxParts, w.Notes), noteWire.note)
	o.Notes = slices.DeleteFunc(o.Notes, func(n Note) bool { return n.Text == "" })
	o.Events = each(f, "/events", maxParts, first(f, "/events", maxParts, w.Events), eventWire.event)
	o.Events = slices.DeleteFunc(o.Events, func(e Event) bool { return e == Event{} })
	o.Status = w.status(f, o)
	return o
}

// first cuts a list of merely informative parts to the permitted length.
func first[W any](f *form, at string, most int, list []W) []W {
	if len(list) <= most {
		return list
	}
	f.warn(at, "list.cut", "Most", fmt.Sprint(most))
	return list[:most]
}

// each converts a list and names each element by its JSON pointer.
func each[W, T any](f *form, at string, most int, list []W, convert func(W, *form, string) T) []T {
	if len(list) > most {
		f.fault(at, "json.too_many", "Most", fmt.Sprint(most))
		return nil
	}
	var out []T
	for i, w := range list {
		out = append(out, convert(w, f, fmt.Sprintf("%s/%d", at, i)))
	}
	return out
}

func (w lineWire) line(f *form, at string) Line {
	name, sku := f.cut(at+"/name", w.Name, maxName), f.cut(at+"/sku", w.SKU, maxWord)
	if name == "" && sku != "" {
		f.warn(at+"/name", "order.line.named")
		name = sku
	}
	line := Line{
		ID: f.key(at+"/id", w.ID, maxWord), SKU: sku, Name: f.required(at+"/name", name),
		Quantity: f.quantity(at+"/quantity", w.Quantity), UnitPrice: f.explained(at+"/unit_price", w.UnitPrice),
		Total: f.roundedAmount(at+"/total", w.Total), TaxRate: f.explained(at+"/tax_rate", w.TaxRate),
		Picture: f.fedLink(at+"/picture", w.Picture), URL: f.fedLink(at+"/url", w.URL),
		Status:     lineStatus(f.cut(at+"/fulfillment", w.Fulfillment, maxWord)),
		Kind:       f.lineKind(at+"/kind", w.Kind),
		Withdrawal: f.withdrawalException(at+"/withdrawal", w.Withdrawal),
	}
	at += "/options"
	line.Options = each(f, at, maxOptions, first(f, at, maxOptions, w.Options), readOption)
	return line
}

func readOption(o LineOption, f *form, at string) LineOption {
	return LineOption{Name: f.cut(at+"/name", o.Name, maxName), Value: f.cut(at+"/value", o.Value, maxName)}
}

func (w taxWire) tax(f *form, at string) TaxLine {
	return TaxLine{
		Label: f.cut(at+"/label", w.Label, maxName), Rate: f.explained(at+"/rate", w.Rate),
		Amount: f.roundedAmount(at+"/amount", w.Amount),
	}
}

func (w discountWire) discount(f *form, at string) DiscountLine {
	return DiscountLine{
		Label: f.cut(at+"/label", w.Label, maxName), Code: f.cut(at+"/code", w.Code, maxWord),
		Amount: reduced(f.roundedAmount(at+"/amount", w.Amount)),
	}
}

func (w shipmentWire) shipment(f *form, at string) Shipment {
	s := Shipment{
		Carrier: f.cut(at+"/carrier", w.Carrier, maxWord), Number: f.cut(at+"/number", w.Number, maxWord),
		URL:       f.fedLink(at+"/url", w.URL),
		ShippedAt: f.fedTime(at+"/shipped_at", w.ShippedAt), DeliveredAt: f.fedTime(at+"/delivered_at", w.DeliveredAt),
		ExpectedFrom: f.fedTime(at+"/expected_from", w.ExpectedFrom), ExpectedTo: f.fedTime(at+"/expected_to", w.ExpectedTo),
		PickupPoint: f.cut(at+"/pickup_point", w.PickupPoint, maxName),
	}
	s.Items = each(f, at+"/items", maxLines, w.Items, func(i shipmentItemWire, f *form, at string) ShipmentItem {
		return ShipmentItem{Line: f.key(at+"/line", i.Line, maxWord), Quantity: f.quantity(at+"/quantity", i.Quantity)}
	})
	return s
}

func (f *form) boundItems(shipments []Shipment) {
	items := 0
	for _, s := range shipments {
		items += len(s.Items)
	}
	if items > maxItems {
		f.fault("/shipments", "order.items.many", "Most", fmt.Sprint(maxItems))
	}
}

func (w noteWire) note(f *form, at string) Note {
	return Note{Text: f.cutProse(at+"/text", w.Text, maxText), At: f.fedTime(at+"/at", w.At)}
}

// event returns the zero Event, with a warning, if the type or the time is missing.
func (w eventWire) event(f *form, at string) Event {
	kind, moment := f.cut(at+"/type", w.Type, maxWord), f.fedTime(at+"/at", w.At)
	if kind == "" || moment == nil {
		f.warn(at, "order.event.dropped")
		return Event{}
	}
	return Event{Type: eventWord(kind), At: *moment, Label: f.cut(at+"/label", w.Label, maxName)}
}

// status reads the three status fields, in any usual spelling, and the other details that the status
// sentence needs.
func (w orderWire) status(f *form, o Order) Status {
	s := readStatus(f.cut("/state", w.State, maxWord), f.cut("/payment", w.Payment, maxWord),
		f.cut("/fulfillment", w.Fulfillment, maxWord), f.cut("/source_status", w.SourceStatus, maxName))
	s.Label = f.cut("/source_label", w.SourceLabel, maxName)
	s.PaymentKind = paymentKind(f.cut("/payment_kind", w.PaymentKind, maxWord))
	s.Free = o.Total <= 0
	s.follow(o.Shipments)
	if word := dispatched(o.Shipments); word != Unknown && (s.Fulfillment == Unfulfilled || saysNothing(statusKey(w.Fulfillment)) && s.Fulfillment == Unknown) {
		s.Fulfillment = word
	}
	return s
}

// follow copies the details for the status sentence from the shipments: the carrier and the expected dates
// of the first, the earliest shipping date, and the latest delivery date, which counts only if every
// shipment has one.
func (s *Status) follow(shipments []Shipment) {
	for i, shipment := range shipments {
		if i == 0 {
			s.Carrier, s.ExpectedFrom, s.ExpectedTo, s.DeliveredAt = shipment.Carrier, shipment.ExpectedFrom, shipment.ExpectedTo, shipment.DeliveredAt
		}
		s.ShippedAt = earlier(s.ShippedAt, shipment.ShippedAt)
		if s.DeliveredAt != nil && (shipment.DeliveredAt == nil || shipment.DeliveredAt.After(*s.DeliveredAt)) {
			s.DeliveredAt = shipment.DeliveredAt
		}
	}
}

// dispatched derives the fulfilment word from the dates of the shipments, for an order whose feed gives no
// more.
func dispatched(shipments []Shipment) string {
	sent, came := 0, 0
	for _, s := range shipments {
		if s.DeliveredAt != nil {
			came++
		}
		if s.ShippedAt != nil || s.DeliveredAt != nil {
			sent++
		}
	}
	switch all := len(shipments); {
	case sent == 0:
		return Unknown
	case came == all:
		return Delivered
	case came > 0:
		return PartiallyDelivered
	case sent == all:
		return Shipped
	}
	return PartiallyShipped
}

// lineStatus returns the canonical fulfilment word of a line, or the word as given.
func lineStatus(given string) string {
	if word := fulfillmentWord(statusKey(given)); word != "" {
		return word
	}
	return given
}

func earlier(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.Before(*a) {
		return b
	}
	return a
}
