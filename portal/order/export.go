package order

import (
	"time"

	"postern/portal/validate"
)

// Wire returns the order as JSON, in the format that feeds send.
func (o Order) Wire() orderWire {
	w := orderWire{
		Number: o.Number, CustomerID: validate.FeedID(o.FeedCustomer), Email: o.Email,
		PlacedAt: Moment(&o.PlacedAt), UpdatedAt: Moment(&o.UpdatedAt),
		Currency: o.Currency, State: o.Status.State, Payment: o.Status.Payment,
		Fulfillment: o.Status.Fulfillment,
		PaymentKind: o.Status.PaymentKind, SourceStatus: o.Status.Source, SourceLabel: o.Status.Label,
		IsDigital: o.IsDigital, Business: o.Business, Language: o.Language, PricesIncludeTax: o.PricesIncludeTax,
		Subtotal: o.optional(o.Subtotal), Discount: o.optional(o.Discount), Shipping: o.optional(o.Shipping),
		Tax:      o.optional(o.Tax),
		Refunded: o.optional(o.Refunded), Total: o.Amount(o.Total).Decimal(),
		TaxNote: o.TaxNote, VATID: o.VATID,
		ShippingMethod: o.ShippingMethod, PaymentMethod: o.PaymentMethod,
		CustomerNote: o.CustomerNote, Links: o.Links,
		ShippingAddress: o.ShippingAddress, BillingAddress: o.BillingAddress,
	}
	for _, line := range o.Lines {
		w.Lines = append(w.Lines, o.lineWire(line))
	}
	for _, tax := range o.Taxes {
		w.Taxes = append(w.Taxes, taxWire{Label: tax.Label, Rate: tax.Rate.String(),
			Amount: o.Amount(tax.Amount).Decimal()})
	}
	for _, d := range o.Discounts {
		w.Discounts = append(w.Discounts,
			discountWire{Label: d.Label, Code: d.Code, Amount: o.Amount(d.Amount).Decimal()})
	}
	for _, s := range o.Shipments {
		w.Shipments = append(w.Shipments, s.wire())
	}
	for _, n := range o.Notes {
		w.Notes = append(w.Notes, noteWire{Text: n.Text, At: Moment(n.At)})
	}
	for _, e := range o.Events {
		w.Events = append(w.Events, eventWire{Type: e.Type, At: Moment(&e.At), Label: e.Label})
	}
	return w
}

func (o Order) lineWire(line Line) lineWire {
	return lineWire{
		ID: line.ID, SKU: line.SKU, Name: line.Name, Options: line.Options, Quantity: line.Quantity.String(),
		UnitPrice: line.UnitPrice.String(), Total: o.Amount(line.Total).Decimal(),
		TaxRate: line.TaxRate.String(),
		Picture: line.Picture, URL: line.URL, Fulfillment: line.Status, Kind: line.Kind,
		Withdrawal: line.Withdrawal,
	}
}

func (s Shipment) wire() shipmentWire {
	w := shipmentWire{
		Carrier: s.Carrier, Number: s.Number, URL: s.URL, ShippedAt: Moment(s.ShippedAt),
		DeliveredAt:  Moment(s.DeliveredAt),
		ExpectedFrom: Moment(s.ExpectedFrom), ExpectedTo: Moment(s.ExpectedTo), PickupPoint: s.PickupPoint,
	}
	for _, item := range s.Items {
		w.Items = append(w.Items, shipmentItemWire{Line: item.Line, Quantity: item.Quantity.String()})
	}
	return w
}

func (o Order) optional(minor *int64) *string {
	if minor == nil {
		return nil
	}
	text := o.Amount(*minor).Decimal()
	return &text
}

func Moment(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
