package order

import (
	"slices"
	"strconv"
	"time"

	"postern/portal/validate"
)

// Record is an order as a feed reads it: in the format that feeds send, with what the portal knows besides.
type Record struct {
	orderWire `json:",inline"`
	Customer  string     `json:"customer"` // the portal's id, "" for none
	ErasedAt  *time.Time `json:"erased_at,omitempty"`
}

// Record returns the order as the feed sent it: without the changes that the portal noticed itself.
func (s *Stored) Record() Record {
	o := s.Order
	o.Events = slices.DeleteFunc(slices.Clone(o.Events), func(e Event) bool { return e.Noticed })
	return Record{orderWire: o.Wire(), Customer: s.Customer, ErasedAt: s.ErasedAt}
}

// Wire returns the order as JSON, in the format that feeds send.
func (o Order) Wire() orderWire {
	w := orderWire{
		Number: o.Number, CustomerID: validate.FeedID(o.FeedCustomer), Email: o.Email, Phone: o.Phone,
		PlacedAt: wireTime(&o.PlacedAt), UpdatedAt: wireTime(&o.UpdatedAt),
		Currency: o.Currency, State: o.Status.State, Payment: o.Status.Payment,
		Fulfillment: o.Status.Fulfillment,
		PaymentKind: o.Status.PaymentKind, SourceStatus: o.Status.Source, SourceLabel: o.Status.Label,
		IsDigital: o.IsDigital, Business: o.Business, Language: o.Language, PricesIncludeTax: o.PricesIncludeTax,
		Subtotal: o.optional(o.Subtotal), Discount: o.optional(o.Discount), Shipping: o.optional(o.Shipping),
		Tax:      o.optional(o.Tax),
		Refunded: o.optional(o.Refunded), Total: o.number(o.Total),
		TaxNote: o.TaxNote, VATID: o.VATID,
		ShippingMethod: o.ShippingMethod, PaymentMethod: o.PaymentMethod,
		CustomerNote: o.CustomerNote, Links: o.Links,
		ShippingAddress: o.ShippingAddress, BillingAddress: o.BillingAddress,
		Fees: o.feeWires(), GiftCards: o.giftCardWires(), Payments: o.paymentWires(), Refunds: o.refundWires(),
		StoreCredit: o.optional(o.StoreCredit), AmountPaid: o.optional(o.AmountPaid),
		AmountDue:       o.optional(o.AmountDue),
		LinesDiscounted: o.LinesDiscounted, LinesTaxed: o.LinesTaxed, Instructions: o.instructionsWire(),
	}
	for _, d := range o.Downloads {
		w.Downloads = append(w.Downloads, d.wire())
	}
	for _, r := range o.Returns {
		w.Returns = append(w.Returns, r.wire())
	}
	for _, line := range o.Lines {
		w.Lines = append(w.Lines, o.lineWire(line))
	}
	for _, tax := range o.Taxes {
		w.Taxes = append(w.Taxes, taxWire{Label: tax.Label, Rate: validate.Number(tax.Rate),
			Amount: o.number(tax.Amount)})
	}
	for _, d := range o.Discounts {
		w.Discounts = append(w.Discounts,
			discountWire{Label: d.Label, Code: d.Code, Amount: o.number(d.Amount)})
	}
	for _, s := range o.Shipments {
		w.Shipments = append(w.Shipments, s.wire())
	}
	for _, n := range o.Notes {
		w.Notes = append(w.Notes, noteWire{Text: n.Text, At: wireTime(n.At)})
	}
	for _, e := range o.Events {
		w.Events = append(w.Events, eventWire{Type: e.Type, At: wireTime(&e.At), Label: e.Label})
	}
	return w
}

func (o Order) lineWire(line Line) lineWire {
	w := lineWire{
		ID: line.ID, Parent: line.Parent, SKU: line.SKU, Name: line.Name, Options: line.Options,
		Quantity:  validate.Number(line.Quantity),
		UnitPrice: validate.Number(line.UnitPrice), Total: o.number(line.Total), Subtotal: o.optional(line.Subtotal),
		TaxRate: validate.Number(line.TaxRate),
		Picture: line.Picture, URL: line.URL, Fulfillment: line.Status, Kind: line.Kind,
		Withdrawal: line.Withdrawal,
	}
	if line.Warranty > 0 {
		w.Warranty = validate.Number(strconv.FormatInt(line.Warranty, 10))
	}
	return w
}

func (s Shipment) wire() shipmentWire {
	w := shipmentWire{
		Carrier: s.Carrier, Number: s.Number, URL: s.URL, ShippedAt: wireTime(s.ShippedAt),
		DeliveredAt:  wireTime(s.DeliveredAt),
		ExpectedFrom: wireTime(s.ExpectedFrom), ExpectedTo: wireTime(s.ExpectedTo),
		PickupPoint: s.PickupPoint, PickupHours: s.PickupHours,
	}
	for _, item := range s.Items {
		w.Items = append(w.Items, shipmentItemWire{Line: item.Line, Quantity: validate.Number(item.Quantity)})
	}
	return w
}

func (o Order) optional(minor *int64) *validate.Number {
	if minor == nil {
		return nil
	}
	text := o.number(*minor)
	return &text
}

// Moment returns a time as the format writes it, or "" for none.
func Moment(t *time.Time) string { return string(wireTime(t)) }

func wireTime(t *time.Time) validate.Time {
	if t == nil || t.IsZero() {
		return ""
	}
	return validate.Time(t.UTC().Format(time.RFC3339Nano))
}
