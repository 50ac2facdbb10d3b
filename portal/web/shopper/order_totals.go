package shopper

import (
	"strings"

	"postern/portal/order"
	"postern/portal/validate"
)

// total is one row below the lines. Class is one of those below, or "". Note stands below the label.
type total struct{ Class, Label, Amount, Note string }

// feeTip is the kind of a fee whose label needs the name of its kind: shops thank for it.
const feeTip = "tip"

const (
	subClass   = "sub" // an amount that another row includes
	grandClass = "grand-total"
	dueClass   = "due"
)

// totals returns the rows below the lines. What reduces the total or pays it is negative. Taxes come before
// the total if they are added to it and after the total if the prices include them.
func (p *orderPage) totals() []total {
	o := p.Order
	rows, included := p.optional(nil, "order.subtotal",
		o.Subtotal), o.LinesDiscounted != nil && *o.LinesDiscounted
	if !included {
		rows = append(rows, p.discounts()...)
	}
	rows = p.optional(rows, "order.shipping", o.Shipping)
	rows = append(rows, p.fees()...)
	if !o.PricesIncludeTax {
		rows = append(rows, p.taxes("")...)
	}
	for _, card := range o.GiftCards {
		rows = append(rows, p.row("", p.giftCardLabel(card), -card.Amount))
	}
	if o.StoreCredit != nil && *o.StoreCredit != 0 {
		rows = append(rows, p.row("", p.T("order.store_credit"), -validate.Reduced(*o.StoreCredit)))
	}
	rows = append(rows, p.row(grandClass, p.T("order.total"), o.Total))
	if included { // no row of the column that adds up to the total
		rows = append(rows, p.discounts()...)
	}
	if o.PricesIncludeTax {
		rows = append(rows, p.taxes(subClass)...)
	}
	if paid := o.Paid(); paid != 0 && paid != o.Total {
		rows = append(rows, p.row("", p.T("order.paid"), -paid))
	}
	refunds := p.refunds()
	rows = append(rows, refunds...)
	if left := p.afterRefunds(); left > 0 && len(refunds) > 0 {
		rows = append(rows, p.row(dueClass, p.T("order.after_refunds"), left))
	}
	if due := o.Due(); due > 0 && p.owes() && (due != o.Total || o.AmountDue != nil) {
		rows = append(rows, p.row(dueClass, p.T("order.due"), due))
	}
	return rows
}

func (p *orderPage) row(class, label string, minor int64) total {
	return total{Class: class, Label: label, Amount: p.Money(p.Order.Amount(minor))}
}

func (p *orderPage) optional(rows []total, key string, minor *int64) []total {
	if minor == nil {
		return rows
	}
	return append(rows, p.row("", p.T(key), *minor))
}

// discounts returns the discounts. Those that the lines' totals already include are no deduction from them.
func (p *orderPage) discounts() []total {
	o, class, key := p.Order, "", "order.discount.deducted"
	if o.LinesDiscounted != nil && *o.LinesDiscounted {
		class, key = subClass, "order.discount.included"
	}
	var rows []total
	for _, d := range o.Discounts {
		rows = append(rows, p.row(class, p.T(key, "Label", p.discountLabel(d)), -validate.Reduced(d.Amount)))
	}
	if len(rows) == 0 && o.Discount != nil && *o.Discount != 0 {
		rows = append(rows, p.row(class, p.T(key, "Label", p.T("order.discount")), -validate.Reduced(*o.Discount)))
	}
	return rows
}

func (p *orderPage) discountLabel(d order.DiscountLine) string {
	switch {
	case d.Label != "":
		return d.Label
	case d.Code != "":
		return p.T("order.discount.code", "Code", d.Code)
	}
	return p.T("order.discount")
}

// fees returns the other charges, each with the shop's label or else the name of its kind.
func (p *orderPage) fees() []total {
	var rows []total
	for _, fee := range p.Order.Fees {
		label := fee.Label
		if label == "" {
			label = p.T("order.fee." + fee.Kind)
		} else if fee.Kind == feeTip {
			label = p.T("order.fee.tip") + " · " + label
		}
		rows = append(rows, p.row("", label, fee.Amount))
	}
	return rows
}

func (p *orderPage) giftCardLabel(card order.GiftCard) string {
	label := card.Label
	if label == "" {
		label = p.T("order.gift_card")
	}
	return masked(label, card.LastDigits)
}

// masked returns a card's or an account's name with its last digits: "Visa •••• 4242".
func masked(label, digits string) string {
	if digits == "" || strings.Contains(label, digits) {
		return label
	}
	return label + " •••• " + digits
}

// taxes returns the tax rows: one for each rate, or a single row for all taxes.
func (p *orderPage) taxes(class string) []total {
	included := ""
	if class == subClass {
		included = ".included"
	}
	o := p.Order
	var rows []total
	for _, tax := range o.Taxes {
		rows = append(rows, p.row(class, p.taxLabel(tax, included), tax.Amount))
	}
	if len(rows) == 0 && o.Tax != nil {
		rows = append(rows, p.row(class, p.T("order.tax"+included), *o.Tax))
	}
	return rows
}

func (p *orderPage) taxLabel(tax order.TaxLine, included string) string {
	switch {
	case tax.Label != "" && included != "":
		return p.T("order.tax.label.included", "Label", tax.Label)
	case tax.Label != "":
		return tax.Label
	case tax.Rate != "":
		return p.T("order.tax.rate"+included, "Rate", p.Decimal(tax.Rate))
	}
	return p.T("order.tax" + included)
}

// refunds returns a row for each refund, and one for what the list of refunds leaves of their sum.
func (p *orderPage) refunds() []total {
	o := p.Order
	var rows []total
	var listed int64
	for _, refund := range o.Refunds {
		label := p.T("order.refunded")
		if refund.At != nil {
			label = p.T("order.refunded.on", "When", p.L.ShortDate(*refund.At))
		}
		row := p.row("", label, -refund.Amount)
		row.Note = p.refundNote(refund)
		rows, listed = append(rows, row), listed+refund.Amount
	}
	if o.Refunded != nil && validate.Reduced(*o.Refunded) > listed {
		rows = append(rows, p.row("", p.T("order.refunded"), listed-validate.Reduced(*o.Refunded)))
	}
	return rows
}

// afterRefunds returns what the order costs after its refunds, 0 if money is due still or that is not known.
func (p *orderPage) afterRefunds() int64 {
	o := p.Order
	switch {
	case o.Refunded == nil || o.Status.Cancelled() || o.Due() > 0 && p.owes():
		return 0
	case o.Paid() > 0:
		return o.Paid() - validate.Reduced(*o.Refunded)
	}
	return o.Total - validate.Reduced(*o.Refunded)
}

// refundNote says what a refund is for: its reason, then its lines.
func (p *orderPage) refundNote(refund order.Refund) string {
	var parts []string
	if refund.Reason != "" {
		parts = append(parts, refund.Reason)
	}
	names := p.names
	for _, line := range refund.Lines {
		name := names[line.Line]
		switch {
		case name == "":
		case line.Quantity == "":
			parts = append(parts, name)
		default:
			parts = append(parts, p.Decimal(line.Quantity)+" × "+name)
		}
	}
	return strings.Join(parts, " · ")
}

// owes reports whether money is still due, to the shop or to the carrier.
func (p *orderPage) owes() bool {
	s := p.Order.Status
	return s.Unpaid() || p.Order.AmountDue != nil && !s.Cancelled()
}
