package order_test

import (
	"fmt"
	"math/big"
	"strings"
)

// prestaOrder converts an order of PrestaShop's web service with the documents it refers to. All amounts
// include tax; times have no zone.
func prestaOrder(p node) document {
	o := p.at("order")
	d := document{
		"number": o.text("reference"), "customer_id": o.text("id_customer"), "email": p.text("customer.email"),
		"placed_at": o.text("date_add"), "updated_at": o.text("date_upd"), "currency": p.text("currency.iso_code"),
		"language": p.text("lang"), "source_label": p.text("state.name"), "prices_include_tax": true,
		"lines_taxed": true, "lines_discounted": false, "payment_method": o.text("payment"),
		"shipping_method": p.text("carrier.name"), "vat_id": p.text("address.vat_number"),
		"shipping_address": document{"first_name": p.text("address.firstname"), "last_name": p.text("address.lastname"),
			"line1": p.text("address.address1"), "line2": p.text("address.address2"), "city": p.text("address.city"),
			"postal_code": p.text("address.postcode"), "country": p.text("address.country_iso"),
			"phone": p.text("address.phone")},
	}
	d.amounts(map[string]*big.Rat{
		"subtotal": o.num("total_products_wt"), "discount": o.num("total_discounts_tax_incl"),
		"shipping": o.num("total_shipping_tax_incl"), "total": o.num("total_paid_tax_incl"),
		"tax":         minus(o.num("total_paid_tax_incl"), o.num("total_paid_tax_excl")),
		"amount_paid": o.num("total_paid_real"),
		"amount_due":  minus(o.num("total_paid_tax_incl"), o.num("total_paid_real")),
	})
	for _, row := range o.list("associations.order_rows") {
		prestaLine(d, p, row)
	}
	for _, r := range p.list("order_cart_rules") {
		d.add("discounts", document{"label": r.text("name"), "code": r.text("code"), "amount": r.num("value")})
	}
	if wrapping := o.num("total_wrapping_tax_incl"); wrapping.Sign() != 0 {
		d.add("fees", document{"kind": "gift_wrap", "amount": wrapping})
	}
	for _, pay := range p.list("order_payments") {
		d.add("payments", document{"method": pay.text("payment_method"), "amount": pay.num("amount"),
			"at": pay.text("date_add"), "last_digits": pay.text("card_number")})
	}
	for _, slip := range p.list("order_slips") {
		var lines []document
		products := slip.num("total_products_tax_incl")
		for _, l := range slip.list("associations.order_slip_details") {
			products = minus(products, l.num("amount_tax_incl"))
			lines = append(lines, document{"line": l.text("id_order_detail"), "quantity": l.text("product_quantity"),
				"amount": rounded(l.num("amount_tax_incl"), d["currency"].(string))})
		}
		d.add("refunds", document{"at": slip.text("date_add"), "lines": lines, "adjustment": products,
			"shipping": slip.num("total_shipping_tax_incl"),
			"amount":   plus(slip.num("total_products_tax_incl"), slip.num("total_shipping_tax_incl"))})
	}
	return d
}

// prestaLine converts a row. A pack is followed by its products, whose price it includes.
func prestaLine(d document, p, row node) {
	kind := map[string]string{"COD": "fee"}[row.text("product_reference")]
	d.add("lines", document{"id": row.text("id"), "sku": row.text("product_reference"), "name": row.text("product_name"),
		"quantity": row.text("product_quantity"), "unit_price": row.text("unit_price_tax_incl"), "kind": kind,
		"total": times(row.num("unit_price_tax_incl"), row.num("product_quantity"))})
	for i, part := range p.list("packs." + row.text("product_id")) {
		d.add("lines", document{"id": fmt.Sprint(row.text("id"), "-", i), "parent": row.text("id"),
			"sku": part.text("reference"), "name": part.text("name"), "quantity": part.text("quantity"), "total": "0"})
	}
}

// prestaRows reads the rows as PrestaShop's page of an order shows them.
func prestaRows(p node) ledger {
	var l ledger
	o := p.at("order")
	for _, row := range o.list("associations.order_rows") {
		l.add("line "+row.text("product_name"), times(row.num("product_quantity"), row.num("unit_price_tax_incl")))
	}
	l.add("subtotal", o.num("total_products_wt"))
	l.add("discount", o.num("total_discounts"))
	for _, r := range p.list("order_cart_rules") {
		l.add(strings.Join([]string{"discount ", r.text("name"), r.text("code")}, ""), r.num("value"))
	}
	l.add("fee gift_wrap", o.num("total_wrapping"))
	l.add("shipping", o.num("total_shipping"))
	l.add("tax", minus(o.num("total_paid"), o.num("total_paid_tax_excl")))
	l.add("total", o.num("total_paid"))
	real := new(big.Rat)
	for _, pay := range p.list("order_payments") {
		l.add("payment "+pay.text("payment_method"), pay.num("amount"))
		real = plus(real, pay.num("amount"))
	}
	l.add("paid", real)
	l.add("due", minus(o.num("total_paid"), real))
	l.add("refunded", plus(total(p.list("order_slips"), "amount"), total(p.list("order_slips"), "shipping_cost_amount")))
	for i, slip := range p.list("order_slips") {
		name := fmt.Sprint("refund ", i)
		l.add(name, plus(slip.num("amount"), slip.num("shipping_cost_amount")))
		for _, line := range slip.list("associations.order_slip_details") {
			l.add(name+" of "+line.text("id_order_detail"), line.num("amount_tax_incl"))
		}
		l.add(name+" of shipping", slip.num("shipping_cost_amount"))
	}
	return l
}
