package order_test

import (
	"fmt"
	"math/big"
	"strings"
)

// magentoOrder converts {order, creditmemos, store} of Magento's REST API. Times are UTC without a zone. The
// rows include tax if the catalogue's prices do: only then do Magento's discounts, which are off the prices
// with tax, add up with them.
func magentoOrder(p node) document {
	o, taxed := p.at("order"), p.yes("store.price_includes_tax")
	d := document{
		"number": o.text("increment_id"), "customer_id": o.text("customer_id"), "email": o.text("customer_email"),
		"placed_at": o.text("created_at") + "Z", "updated_at": o.text("updated_at") + "Z",
		"currency": o.text("order_currency_code"), "source_status": o.text("status"),
		"language": p.text("store.locale"), "prices_include_tax": taxed, "lines_taxed": taxed, "lines_discounted": false,
		"payment_method":  strings.TrimSpace(fmt.Sprint(o.list("payment.additional_information")[0].value)),
		"shipping_method": o.text("shipping_description"), "is_digital": o.text("is_virtual") == "1",
	}
	if a := o.list("extension_attributes.shipping_assignments"); len(a) > 0 {
		d["shipping_address"] = magentoAddress(a[0].at("shipping.address"))
	}
	net := map[bool]string{true: "_incl_tax", false: ""}[taxed]
	shipping := map[bool]string{true: "shipping_incl_tax", false: "shipping_amount"}[taxed]
	d.amounts(map[string]*big.Rat{
		"subtotal": o.num("subtotal" + net), "discount": negative(o.num("discount_amount")),
		"shipping": o.num(shipping), "tax": o.num("tax_amount"), "total": o.num("grand_total"),
		"store_credit": plus(o.num("extension_attributes.customer_balance_amount"),
			o.num("extension_attributes.reward_currency_amount")),
		"amount_paid": o.num("total_paid"), "amount_due": o.num("total_due"), "refunded": o.num("total_refunded"),
	})
	magentoItems(d, o, net)
	if o.num("discount_amount").Sign() != 0 {
		d.add("discounts", document{"label": o.text("discount_description"), "code": o.text("coupon_code"),
			"amount": o.num("discount_amount")})
	}
	magentoCharges(d, o, taxed)
	magentoRefunds(d, p)
	return d
}

func magentoAddress(a node) document {
	d := document{"first_name": a.text("firstname"), "last_name": a.text("lastname"), "city": a.text("city"),
		"postal_code": a.text("postcode"), "administrative_area": a.text("region_code"),
		"country": a.text("country_id"), "phone": a.text("telephone")}
	for i, line := range a.list("street") {
		d[fmt.Sprint("line", i+1)] = line.text("")
	}
	return d
}

// magentoItems converts the items. The products of a bundle with a dynamic price have rows whose sum the
// bundle's own row repeats, so their totals become 0.
func magentoItems(d document, o node, net string) {
	own := map[string]*big.Rat{}
	for _, i := range o.list("items") {
		amount, parent := i.num("row_total"+net), i.text("parent_item_id")
		own[i.text("item_id")] = amount
		if parent != "" && own[parent].Sign() != 0 {
			amount = new(big.Rat)
		}
		d.add("lines", document{"id": i.text("item_id"), "parent": parent, "sku": i.text("sku"), "name": i.text("name"),
			"quantity": i.text("qty_ordered"), "unit_price": i.text("price" + net), "total": amount,
			"tax_rate": i.text("tax_percent")})
	}
}

func magentoCharges(d document, o node, taxed bool) {
	extra := o.at("extension_attributes")
	cod, wrapping := extra.num("msp_cod_amount"), extra.num("gw_price")
	if taxed {
		cod, wrapping = plus(cod, extra.num("msp_cod_tax_amount")), extra.num("gw_price_incl_tax")
	}
	for kind, amount := range map[string]*big.Rat{"cod": cod, "gift_wrap": wrapping} {
		if amount.Sign() != 0 {
			d.add("fees", document{"kind": kind, "amount": amount})
		}
	}
	for _, g := range extra.list("gift_cards") {
		d.add("gift_cards", document{"last_digits": lastFour(g.text("code")), "amount": g.num("amount")})
	}
	for _, t := range extra.list("applied_taxes") {
		d.add("taxes", document{"label": t.text("title"), "rate": t.text("percent"), "amount": t.num("amount")})
	}
	if o.num("total_paid").Sign() != 0 {
		d.add("payments", document{"method": d["payment_method"], "amount": o.num("payment.amount_paid"),
			"last_digits": o.text("payment.cc_last4")})
	}
}

func magentoRefunds(d document, p node) {
	for _, m := range p.list("creditmemos") {
		var lines []document
		for _, i := range m.list("items") {
			lines = append(lines, document{"line": i.text("order_item_id"), "quantity": i.text("qty"),
				"amount": rounded(i.num("row_total_incl_tax"), d["currency"].(string))})
		}
		refund := document{"amount": m.num("grand_total"), "at": m.text("created_at") + "Z", "lines": lines,
			"shipping": m.num("shipping_incl_tax"), "adjustment": m.num("adjustment")}
		if comments := m.list("comments"); len(comments) > 0 {
			refund["reason"] = comments[0].text("comment")
		}
		d.add("refunds", refund)
	}
}

// magentoRows reads the rows as Magento's page of an order shows them.
func magentoRows(p node) ledger {
	var l ledger
	o := p.at("order")
	extra := o.at("extension_attributes")
	shown := func(net, gross string) *big.Rat {
		if p.yes("store.price_includes_tax") {
			return o.num(gross)
		}
		return o.num(net)
	}
	bundles := map[string]bool{}
	for _, i := range o.list("items") {
		bundles[i.text("item_id")] = i.text("product_type") == "bundle"
		amount := i.num("row_total")
		if p.yes("store.price_includes_tax") {
			amount = i.num("row_total_incl_tax")
		}
		if bundles[i.text("parent_item_id")] {
			amount = new(big.Rat) // Magento shows the products of a bundle without a price of their own
		}
		l.add("line "+i.text("name"), amount)
	}
	l.add("subtotal", shown("subtotal", "subtotal_incl_tax"))
	l.add("discount", negative(o.num("discount_amount")))
	l.add("discount "+o.text("discount_description")+o.text("coupon_code"), negative(o.num("discount_amount")))
	if p.yes("store.price_includes_tax") {
		l.add("fee cod", plus(extra.num("msp_cod_amount"), extra.num("msp_cod_tax_amount")))
		l.add("fee gift_wrap", extra.num("gw_price_incl_tax"))
	}
	l.add("shipping", shown("shipping_amount", "shipping_incl_tax"))
	l.add("tax", o.num("tax_amount"))
	for _, t := range extra.list("applied_taxes") {
		l.add("tax of "+t.num("percent").FloatString(3), t.num("amount"))
	}
	for _, g := range extra.list("gift_cards") {
		l.add("gift card "+lastFour(g.text("code")), g.num("amount"))
	}
	l.add("store credit", plus(extra.num("customer_balance_amount"), extra.num("reward_currency_amount")))
	l.add("total", o.num("grand_total"))
	l.add("payment "+o.list("payment.additional_information")[0].text(""), o.num("total_paid"))
	l.add("paid", o.num("total_paid"))
	l.add("due", o.num("total_due"))
	l.add("refunded", o.num("total_refunded"))
	for i, m := range p.list("creditmemos") {
		name := fmt.Sprint("refund ", i)
		l.add(name, m.num("grand_total"))
		for _, item := range m.list("items") {
			l.add(name+" of "+item.text("order_item_id"), item.num("row_total_incl_tax"))
		}
		l.add(name+" of shipping", m.num("shipping_incl_tax"))
		l.add(name+" adjusted", minus(m.num("adjustment_positive"), m.num("adjustment_negative")))
	}
	return l
}
