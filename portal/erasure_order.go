package portal

import (
	"context"
	"reflect"
	"time"

	"postern/storage"
)

// eraseOrders removes the personal data from all orders of a customer.
func (w Worker) eraseOrders(ctx context.Context, shop Shop, customer string) error {
	docs := w.app.orderDocs(shop.ID)
	for {
		page, err := storage.Find[struct{}](ctx, docs, storage.Query{Index: ordersByPlaced, Equal: []any{customer}, Limit: sweepBatch})
		if err != nil || len(page.Hits) == 0 {
			return err
		}
		err = eachAtOnce(ctx, page.Hits, func(ctx context.Context, hit storage.Hit[struct{}]) error {
			_, err := docs.Change(ctx, hit.Key, func(s *storedOrder) error {
				if s.Customer != customer {
					return storage.ErrUnchanged
				}
				s.erase(w.app.now())
				return nil
			})
			return ifFound(err)
		})
		if err != nil {
			return err
		}
	}
}

// erase keeps only the parts of an order that the shop needs for its accounts: number, dates, status, goods
// and money. Everything that identifies the buyer, or might (addresses, notes, tracking numbers, options
// such as engravings, the last digits of a card, the VAT ID), is removed, as is any field not named here.
func (s *storedOrder) erase(now time.Time) {
	o := Order{
		Number: s.Number, PlacedAt: s.PlacedAt, UpdatedAt: s.UpdatedAt, Currency: s.Currency, Status: s.Status,
		IsDigital: s.IsDigital, Subtotal: s.Subtotal, Discount: s.Discount, Shipping: s.Shipping, Tax: s.Tax, Refunded: s.Refunded,
		Total: s.Total, PricesIncludeTax: s.PricesIncludeTax, Taxes: s.Taxes, ShippingMethod: s.ShippingMethod,
	}
	for _, line := range s.Lines {
		o.Lines = append(o.Lines, Line{
			ID: line.ID, SKU: line.SKU, Name: line.Name, Quantity: line.Quantity, UnitPrice: line.UnitPrice, Total: line.Total,
			TaxRate: line.TaxRate, Status: line.Status,
		})
	}
	*s = storedOrder{Order: o, Row: o.row(), ArriveAt: s.ArriveAt, ErasedAt: &now}
}

// takeErased applies the parts of a delivery that may still change in an erased order: its status and its
// money.
func (s *storedOrder) takeErased(o Order) Outcome {
	if o.UpdatedAt.Before(s.UpdatedAt) {
		return Stale
	}
	kept := s.Order
	kept.UpdatedAt, kept.Currency, kept.Status = o.UpdatedAt, o.Currency, o.Status
	kept.Subtotal, kept.Discount, kept.Shipping, kept.Tax = o.Subtotal, o.Discount, o.Shipping, o.Tax
	kept.Refunded, kept.Total, kept.PricesIncludeTax, kept.Taxes = o.Refunded, o.Total, o.PricesIncludeTax, o.Taxes
	if reflect.DeepEqual(kept, s.Order) {
		return Unchanged
	}
	s.Order, s.Row = kept, kept.row()
	return Updated
}
