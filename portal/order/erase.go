package order

import (
	"reflect"
	"slices"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
)

// KindDelete is the job that deletes the order. Its arguments are those of the act. An order with this job is
// deleted, even while its document still exists.
const KindDelete = "delete_order"

// Delete has the order deleted.
func (s *Stored) Delete(args job.Args, at time.Time) {
	s.Work.Add(job.Request{Kind: KindDelete, Args: args, At: at})
}

// IsDeleted reports whether the order is being deleted.
func (s *Stored) IsDeleted() bool {
	_, deleted := s.Work.Find(KindDelete)
	return deleted
}

// Restarted returns what a deleted order leaves to one with the same number: the acts that are to be
// recorded.
func (s *Stored) Restarted() Stored {
	var next Stored
	for _, j := range s.Work.Jobs {
		if j.Kind == KindDelete || j.Kind == audit.KindRecord {
			next.Work.Add(job.Request{Kind: audit.KindRecord, Args: j.Args, At: j.At})
		}
	}
	return next
}

// Erase keeps only the parts of an order that the shop needs for its accounts: number, dates, status, goods
// and money. Everything that identifies the buyer, or might (addresses, notes, tracking numbers, options
// such as engravings, the last digits of a card, the VAT ID), is removed, as is any field not named here.
func (s *Stored) Erase(now time.Time) {
	o := Order{
		Number: s.Number, PlacedAt: s.PlacedAt, UpdatedAt: s.UpdatedAt, Currency: s.Currency,
		Status:    s.Status,
		IsDigital: s.IsDigital, ShippingMethod: s.ShippingMethod,
	}
	for _, line := range s.Lines {
		o.Lines = append(o.Lines, Line{
			ID: line.ID, Parent: line.Parent, SKU: line.SKU, Name: line.Name, Quantity: line.Quantity, UnitPrice: line.UnitPrice,
			Subtotal: line.Subtotal, Total: line.Total, Warranty: line.Warranty,
			TaxRate: line.TaxRate, Status: line.Status,
		})
	}
	o.takeMoney(s.Order)
	*s = Stored{Order: o, Row: o.Summary(), ArrivedAt: s.ArrivedAt, ErasedAt: &now}
}

// TakeErased applies the parts of a delivery that may still change in an erased order: its status and its
// money.
func (s *Stored) TakeErased(o Order) Outcome {
	if o.UpdatedAt.Before(s.UpdatedAt) {
		return Stale
	}
	kept := s.Order
	o.Status.Pickup = o.isPickup() || kept.Status.Pickup
	kept.UpdatedAt, kept.Currency, kept.Status = o.UpdatedAt, o.Currency, o.Status
	kept.takeMoney(o)
	if reflect.DeepEqual(kept, s.Order) {
		return Unchanged
	}
	s.Order, s.Row = kept, kept.Summary()
	return Updated
}

// takeMoney copies the amounts of another order without what its texts or digits might tell about the buyer.
func (o *Order) takeMoney(from Order) {
	o.Subtotal, o.Discount, o.Shipping, o.Tax = from.Subtotal, from.Discount, from.Shipping, from.Tax
	o.Refunded, o.Total, o.PricesIncludeTax, o.Taxes = from.Refunded, from.Total, from.PricesIncludeTax, from.Taxes
	o.StoreCredit, o.AmountPaid, o.AmountDue = from.StoreCredit, from.AmountPaid, from.AmountDue
	o.LinesDiscounted, o.LinesTaxed = from.LinesDiscounted, from.LinesTaxed
	o.Fees, o.GiftCards, o.Payments, o.Refunds = nil, nil, nil, nil
	for _, fee := range from.Fees {
		o.Fees = append(o.Fees, Fee{Kind: fee.Kind, Amount: fee.Amount, TaxRate: fee.TaxRate})
	}
	for _, card := range from.GiftCards {
		o.GiftCards = append(o.GiftCards, GiftCard{Amount: card.Amount})
	}
	for _, p := range from.Payments {
		o.Payments = append(o.Payments, Payment{Kind: knownPaymentKind(p.Kind), Amount: p.Amount,
			Currency: p.Currency, At: p.At})
	}
	for _, r := range from.Refunds {
		o.Refunds = append(o.Refunds, Refund{Amount: r.Amount, At: r.At, Lines: r.Lines,
			Shipping: r.Shipping, Adjustment: r.Adjustment})
	}
}

// knownPaymentKind returns a kind of payment, or "" for a feed's own word, which may name somebody.
func knownPaymentKind(kind string) string {
	if slices.Contains(append(PaymentKinds(), PaymentByGiftCard, PaymentByCredit), kind) {
		return kind
	}
	return ""
}
