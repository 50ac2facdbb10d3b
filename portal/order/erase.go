package order

import (
	"reflect"
	"time"
)

// Erase keeps only the parts of an order that the shop needs for its accounts: number, dates, status, goods
// and money. Everything that identifies the buyer, or might (addresses, notes, tracking numbers, options
// such as engravings, the last digits of a card, the VAT ID), is removed, as is any field not named here.
func (s *Stored) Erase(now time.Time) {
	o := Order{
		Number: s.Number, PlacedAt: s.PlacedAt, UpdatedAt: s.UpdatedAt, Currency: s.Currency,
		Status:    s.Status,
		IsDigital: s.IsDigital, Subtotal: s.Subtotal, Discount: s.Discount, Shipping: s.Shipping, Tax: s.Tax,
		Refunded: s.Refunded,
		Total:    s.Total, PricesIncludeTax: s.PricesIncludeTax, Taxes: s.Taxes,
		ShippingMethod: s.ShippingMethod,
	}
	for _, line := range s.Lines {
		o.Lines = append(o.Lines, Line{
			ID: line.ID, SKU: line.SKU, Name: line.Name, Quantity: line.Quantity, UnitPrice: line.UnitPrice,
			Total:   line.Total,
			TaxRate: line.TaxRate, Status: line.Status,
		})
	}
	*s = Stored{Order: o, Row: o.Row(), ArrivedAt: s.ArrivedAt, ErasedAt: &now}
}

// TakeErased applies the parts of a delivery that may still change in an erased order: its status and its
// money.
func (s *Stored) TakeErased(o Order) Outcome {
	if o.UpdatedAt.Before(s.UpdatedAt) {
		return Stale
	}
	kept := s.Order
	kept.UpdatedAt, kept.Currency, kept.Status = o.UpdatedAt, o.Currency, o.Status
	kept.Subtotal, kept.Discount, kept.Shipping, kept.Tax = o.Subtotal, o.Discount, o.Shipping, o.Tax
	kept.Refunded, kept.Total, kept.PricesIncludeTax, kept.Taxes = o.Refunded, o.Total,
		o.PricesIncludeTax, o.Taxes
	if reflect.DeepEqual(kept, s.Order) {
		return Unchanged
	}
	s.Order, s.Row = kept, kept.Row()
	return Updated
}
