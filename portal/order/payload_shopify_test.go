package order_test

import (
	"math/big"
	"strings"
)

// shopMoney is the money that the customer sees, of a Shopify "…_set".
const shopMoney = ".presentment_money.amount"

// shopifyOrder converts {order, transactions} of Shopify's REST API.
func shopifyOrder(p node) document {
	o := p.at("order")
	d := document{
		"number": strings.TrimPrefix(o.text("name"), "#"), "customer_id": o.text("customer.id"),
		"email": o.text("email"), "language": o.text("customer_locale"), "placed_at": o.text("created_at"),
		"updated_at": o.text("updated_at"), "currency": o.text("presentment_currency"),
		"payment": o.text("financial_status"), "fulfillment": o.text("fulfillment_status"),
		"prices_include_tax": o.yes("taxes_included"), "lines_taxed": o.yes("taxes_included"),
		"lines_discounted": true, "customer_note": o.text("note"),
	}
	if o.has("cancelled_at") {
		d["state"] = "cancelled"
	}
	if a := o.at("shipping_address"); a.value != nil {
		d["shipping_address"] = document{"first_name": a.text("first_name"), "last_name": a.text("last_name"),
			"line1": a.text("address1"), "line2": a.text("address2"), "city": a.text("city"),
			"postal_code": a.text("zip"), "administrative_area": a.text("province_code"),
			"country": a.text("country_code"), "phone": a.text("phone")}
	}
	d.amounts(map[string]*big.Rat{
		"subtotal": o.num("total_line_items_price_set" + shopMoney),
		"discount": o.num("total_discounts_set" + shopMoney),
		"shipping": o.num("total_shipping_price_set" + shopMoney), "tax": o.num("total_tax_set" + shopMoney),
		"total": o.num("total_price_set" + shopMoney),
	})
	shopifyLines(d, o)
	shopifyCharges(d, o)
	shopifyPayments(d, p)
	for _, f := range o.list("fulfillments") {
		var items []document
		for _, l := range f.list("line_items") {
			items = append(items, document{"line": l.text("id"), "quantity": l.text("quantity")})
		}
		d.add("shipments", document{"carrier": f.text("tracking_company"), "number": f.text("tracking_number"),
			"url": f.text("tracking_url"), "shipped_at": f.text("created_at"), "items": items})
	}
	return d
}

// shopifyLines converts the lines. The components of a bundle have no line for the bundle, so one is made.
func shopifyLines(d document, o node) {
	made := map[string]bool{}
	for _, l := range o.list("line_items") {
		group := l.text("line_item_group.id")
		if group != "" && !made[group] {
			made[group] = true
			d.add("lines", document{"id": "group-" + group, "name": l.text("line_item_group.title"),
				"quantity": l.text("line_item_group.quantity"), "total": "0"})
		}
		before := times(l.num("price_set"+shopMoney), l.num("quantity"))
		line := document{"id": l.text("id"), "sku": l.text("sku"), "name": l.text("title"),
			"quantity": l.text("quantity"), "unit_price": l.text("price_set" + shopMoney), "subtotal": before,
			"total": minus(before, total(l.list("discount_allocations"), "amount_set"+shopMoney))}
		if group != "" {
			line["parent"] = "group-" + group
		}
		d.add("lines", line)
	}
}

func shopifyCharges(d document, o node) {
	sums := map[string]*big.Rat{}
	for _, l := range append(o.list("line_items"), o.list("shipping_lines")...) {
		for _, a := range l.list("discount_allocations") {
			at := a.text("discount_application_index")
			if sums[at] == nil {
				sums[at] = new(big.Rat)
			}
			sums[at].Add(sums[at], a.num("amount_set"+shopMoney))
		}
	}
	for i, a := range o.list("discount_applications") {
		d.add("discounts", document{"label": a.text("title"), "code": a.text("code"),
			"amount": sums[big.NewInt(int64(i)).String()]})
	}
	for kind, amount := range map[string]*big.Rat{"tip": o.num("total_tip_received"),
		"duty":  o.num("original_total_duties_set" + shopMoney),
		"other": o.num("original_total_additional_fees_set" + shopMoney)} {
		if amount.Sign() != 0 {
			d.add("fees", document{"kind": kind, "amount": amount})
		}
	}
	for _, t := range o.list("tax_lines") {
		d.add("taxes", document{"label": t.text("title"), "amount": t.num("price_set" + shopMoney),
			"rate": times(t.num("rate"), big.NewRat(100, 1)).FloatString(6)})
	}
	var methods []string
	for _, s := range o.list("shipping_lines") {
		methods = append(methods, s.text("title"))
	}
	d["shipping_method"] = strings.Join(methods, ", ")
}

func shopifyPayments(d document, p node) {
	o, paid := p.at("order"), new(big.Rat)
	for _, t := range p.list("transactions") {
		paid.Add(paid, t.num("amount"))
		kind := map[string]string{"shopify_payments": "card", "gift_card": "gift_card",
			"shopify_store_credit": "store_credit"}[t.text("gateway")]
		d.add("payments", document{"method": t.text("gateway"), "kind": kind, "amount": t.num("amount"),
			"currency": t.text("currency"), "at": t.text("processed_at"),
			"last_digits": t.text("receipt.gift_card_last_characters") + t.text("payment_details.credit_card_number")})
	}
	d.amounts(map[string]*big.Rat{"amount_paid": paid, "amount_due": o.num("total_outstanding")})
	for _, r := range o.list("refunds") {
		refund := document{"amount": total(r.list("transactions"), "amount"), "at": r.text("created_at"),
			"reason": r.text("note")}
		var lines []document
		for _, l := range r.list("refund_line_items") {
			amount := l.num("subtotal_set" + shopMoney)
			if !o.yes("taxes_included") {
				amount.Add(amount, l.num("total_tax_set"+shopMoney))
			}
			lines = append(lines, document{"line": l.text("line_item_id"), "quantity": l.text("quantity"),
				"amount": rounded(amount, d["currency"].(string))})
		}
		refund["lines"] = lines
		for _, a := range r.list("order_adjustments") {
			name := map[string]string{"shipping_refund": "shipping", "refund_discrepancy": "adjustment"}[a.text("kind")]
			refund[name] = negative(plus(a.num("amount_set"+shopMoney), a.num("tax_amount_set"+shopMoney)))
		}
		d.add("refunds", refund)
	}
}

// shopifyRows reads the rows as Shopify's page of an order shows them.
func shopifyRows(p node) ledger {
	var l ledger
	o := p.at("order")
	for _, line := range o.list("line_items") {
		before := times(line.num("price_set"+shopMoney), line.num("quantity"))
		after := before
		for _, a := range line.list("discount_allocations") {
			after = minus(after, a.num("amount_set"+shopMoney))
		}
		l.add("line "+line.text("title"), after)
		l.add("line before discounts "+line.text("title"), before)
	}
	l.add("subtotal", o.num("total_line_items_price_set"+shopMoney))
	l.add("discount", o.num("total_discounts_set"+shopMoney))
	for i, a := range o.list("discount_applications") {
		sum := new(big.Rat)
		for _, member := range []string{"line_items", "shipping_lines"} {
			for _, line := range o.list(member) {
				for _, share := range line.list("discount_allocations") {
					if share.num("discount_application_index").Cmp(big.NewRat(int64(i), 1)) == 0 {
						sum = plus(sum, share.num("amount_set"+shopMoney))
					}
				}
			}
		}
		l.add("discount "+a.text("title")+a.text("code"), sum)
	}
	l.add("fee tip", o.num("total_tip_received"))
	l.add("fee duty", o.num("original_total_duties_set"+shopMoney))
	l.add("fee other", o.num("original_total_additional_fees_set"+shopMoney))
	l.add("shipping", o.num("total_shipping_price_set"+shopMoney))
	l.add("tax", o.num("total_tax_set"+shopMoney))
	for _, t := range o.list("tax_lines") {
		l.add("tax of "+times(t.num("rate"), big.NewRat(100, 1)).FloatString(3), t.num("price_set"+shopMoney))
	}
	l.add("total", o.num("total_price_set"+shopMoney))
	for _, t := range p.list("transactions") {
		l.add("payment "+t.text("gateway"), t.num("amount"))
	}
	l.add("paid", total(p.list("transactions"), "amount"))
	l.add("due", o.num("total_outstanding"))
	return append(l, shopifyRefunds(o)...)
}

func shopifyRefunds(o node) ledger {
	var l ledger
	sum := new(big.Rat)
	for _, r := range o.list("refunds") {
		sum = plus(sum, total(r.list("transactions"), "amount"))
	}
	l.add("refunded", sum)
	for i, r := range o.list("refunds") {
		name := "refund " + big.NewInt(int64(i)).String()
		l.add(name, total(r.list("transactions"), "amount"))
		for _, line := range r.list("refund_line_items") {
			amount := line.num("subtotal_set" + shopMoney)
			if !o.yes("taxes_included") {
				amount = plus(amount, line.num("total_tax_set"+shopMoney))
			}
			l.add(name+" of "+line.text("line_item_id"), amount)
		}
		for _, a := range r.list("order_adjustments") {
			if a.text("kind") == "shipping_refund" {
				l.add(name+" of shipping", negative(a.num("amount_set"+shopMoney)))
			} else {
				l.add(name+" adjusted", negative(a.num("amount_set"+shopMoney)))
			}
		}
	}
	return l
}
