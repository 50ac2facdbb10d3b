package order_test

import (
	"fmt"
	"math/big"
	"strings"
)

// wooOrder converts {order, refunds, downloads} of WooCommerce's REST API. WooCommerce rounds net amounts and
// taxes apart, so that its rows may miss the total by cents; a row of rounding then makes them add up.
func wooOrder(p node) document {
	o := p.at("order")
	d := document{
		"number": o.text("number"), "customer_id": o.text("customer_id"), "email": o.text("billing.email"),
		"placed_at": o.text("date_created_gmt") + "Z", "updated_at": o.text("date_modified_gmt") + "Z",
		"currency": o.text("currency"), "state": o.text("status"), "prices_include_tax": o.yes("prices_include_tax"),
		"lines_taxed": o.yes("prices_include_tax"), "lines_discounted": true,
		"payment_method": o.text("payment_method_title"), "customer_note": o.text("customer_note"),
		"billing_address": wooAddress(o.at("billing")), "shipping_address": wooAddress(o.at("shipping")),
	}
	d.amounts(map[string]*big.Rat{"tax": o.num("total_tax"), "total": o.num("total"),
		"discount": wooAmount(o, o, "discount_total", "discount_tax"),
		"shipping": wooAmount(o, o, "shipping_total", "shipping_tax")})
	sum := wooLines(d, o)
	for _, c := range o.list("coupon_lines") {
		d.add("discounts", document{"code": c.text("code"), "amount": wooAmount(o, c, "discount", "discount_tax")})
	}
	for _, f := range o.list("fee_lines") {
		d.add("fees", document{"kind": wooFee(f.text("name")), "label": f.text("name"),
			"amount": wooAmount(o, f, "total", "total_tax")})
		sum = plus(sum, wooAmount(o, f, "total", "total_tax"))
	}
	for _, g := range o.list("gift_cards") {
		d.add("gift_cards", document{"last_digits": lastFour(g.text("code")), "amount": g.num("amount")})
		sum = minus(sum, g.num("amount"))
	}
	var methods []string
	for _, s := range o.list("shipping_lines") {
		methods = append(methods, s.text("method_title"))
	}
	d["shipping_method"] = strings.Join(methods, ", ")
	for _, t := range o.list("tax_lines") {
		d.add("taxes", document{"label": t.text("label"), "rate": t.text("rate_percent"),
			"amount": plus(t.num("tax_total"), t.num("shipping_tax_total"))})
	}
	sum = minus(plus(sum, wooAmount(o, o, "shipping_total", "shipping_tax")),
		wooAmount(o, o, "discount_total", "discount_tax"))
	if !o.yes("prices_include_tax") {
		sum = plus(sum, o.num("total_tax"))
	}
	if cents := minus(o.num("total"), sum); cents.Sign() != 0 {
		d.add("fees", document{"kind": "rounding", "amount": cents})
	}
	wooPayments(d, p)
	return d
}

// wooAmount returns an amount as the shop shows it: with tax if its prices have it.
func wooAmount(o, row node, net, tax string) *big.Rat {
	if o.yes("prices_include_tax") {
		return plus(row.num(net), row.num(tax))
	}
	return row.num(net)
}

func wooFee(name string) string {
	return map[string]string{"Dobierka": "cod", "Dobírka": "cod", "Tip": "tip", "Pfand": "deposit",
		"Kerekítés": "rounding", "Zaokrouhlení": "rounding"}[name]
}

// wooLines converts the lines and returns their sum before discounts.
func wooLines(d document, o node) *big.Rat {
	sum := new(big.Rat)
	for _, l := range o.list("line_items") {
		before := wooAmount(o, l, "subtotal", "subtotal_tax")
		sum = plus(sum, before)
		d.add("lines", document{"id": l.text("id"), "parent": l.text("bundled_by") + l.text("composite_parent"),
			"sku": l.text("sku"), "name": l.text("name"), "quantity": l.text("quantity"), "subtotal": before,
			"total": wooAmount(o, l, "total", "total_tax"), "picture": l.text("image.src")})
	}
	d.amounts(map[string]*big.Rat{"subtotal": sum})
	return sum
}

func wooAddress(a node) document {
	return document{"first_name": a.text("first_name"), "last_name": a.text("last_name"), "company": a.text("company"),
		"line1": a.text("address_1"), "line2": a.text("address_2"), "city": a.text("city"),
		"postal_code": a.text("postcode"), "administrative_area": a.text("state"), "country": a.text("country"),
		"phone": a.text("phone")}
}

func wooPayments(d document, p node) {
	o := p.at("order")
	paid, due := new(big.Rat), o.num("total")
	if at := o.text("date_paid_gmt"); at != "" {
		paid, due = due, paid
		d.add("payments", document{"method": o.text("payment_method_title"), "amount": paid, "at": at + "Z"})
	}
	d.amounts(map[string]*big.Rat{"amount_paid": paid, "amount_due": due})
	for _, r := range p.list("refunds") {
		shipping := negative(plus(total(r.list("shipping_lines"), "total"), total(r.list("shipping_lines"), "total_tax")))
		rest := minus(r.num("amount"), shipping)
		var lines []document
		for _, l := range r.list("line_items") {
			amount := negative(plus(l.num("total"), l.num("total_tax")))
			rest = minus(rest, amount)
			lines = append(lines, document{"line": l.list("meta_data")[0].text("value"),
				"quantity": negative(l.num("quantity")).FloatString(0), "amount": rounded(amount, o.text("currency"))})
		}
		refund := document{"amount": r.num("amount"), "at": r.text("date_created_gmt") + "Z",
			"reason": r.text("reason"), "lines": lines}
		if len(lines) > 0 || shipping.Sign() != 0 {
			refund["shipping"], refund["adjustment"] = shipping, rest
		}
		d.add("refunds", refund)
	}
	for _, f := range p.list("downloads") {
		file := document{"name": f.text("download_name"), "url": f.text("download_url")}
		if f.has("access_expires_gmt") {
			file["until"] = f.text("access_expires_gmt") + "Z"
		}
		if f.text("downloads_remaining") != "unlimited" {
			file["left"] = f.text("downloads_remaining")
		}
		d.add("downloads", file)
	}
}

// wooRows reads the rows as WooCommerce's page of an order shows them.
func wooRows(p node) ledger {
	var l ledger
	o := p.at("order")
	with := func(row node, net, tax string) *big.Rat {
		if o.yes("prices_include_tax") {
			return plus(row.num(net), row.num(tax))
		}
		return row.num(net)
	}
	for _, line := range o.list("line_items") {
		l.add("line "+line.text("name"), with(line, "total", "total_tax"))
		l.add("line before discounts "+line.text("name"), with(line, "subtotal", "subtotal_tax"))
	}
	subtotal := total(o.list("line_items"), "subtotal")
	if o.yes("prices_include_tax") {
		subtotal = plus(subtotal, total(o.list("line_items"), "subtotal_tax"))
	}
	l.add("subtotal", subtotal)
	l.add("discount", with(o, "discount_total", "discount_tax"))
	for _, c := range o.list("coupon_lines") {
		l.add("discount "+c.text("code"), with(c, "discount", "discount_tax"))
	}
	kinds := []string{"Dobierka cod", "Dobírka cod", "Tip tip", "Pfand deposit", "Kerekítés rounding",
		"Zaokrouhlení rounding", "Store credit other"}
	for _, f := range o.list("fee_lines") {
		for _, kind := range kinds {
			if word, found := strings.CutPrefix(kind, f.text("name")+" "); found {
				l.add("fee "+word, with(f, "total", "total_tax"))
			}
		}
	}
	l.add("fee rounding", wooCents(o))
	l.add("shipping", with(o, "shipping_total", "shipping_tax"))
	l.add("tax", o.num("total_tax"))
	for _, t := range o.list("tax_lines") {
		l.add("tax of "+t.num("rate_percent").FloatString(3), plus(t.num("tax_total"), t.num("shipping_tax_total")))
	}
	for _, g := range o.list("gift_cards") {
		code := g.text("code")
		l.add("gift card "+code[len(code)-4:], g.num("amount"))
	}
	l.add("total", o.num("total"))
	if o.has("date_paid_gmt") {
		l.add("payment "+o.text("payment_method_title"), o.num("total"))
		l.add("paid", o.num("total"))
	} else {
		l.add("due", o.num("total"))
	}
	l.add("refunded", negative(total(o.list("refunds"), "total")))
	for i, r := range p.list("refunds") {
		name := fmt.Sprint("refund ", i)
		l.add(name, negative(o.list("refunds")[i].num("total")))
		parts := new(big.Rat)
		for _, line := range r.list("line_items") {
			l.add(name+" of "+line.list("meta_data")[0].text("value"), negative(plus(line.num("total"), line.num("total_tax"))))
			parts = minus(parts, plus(line.num("total"), line.num("total_tax")))
		}
		for _, line := range r.list("shipping_lines") {
			l.add(name+" of shipping", negative(plus(line.num("total"), line.num("total_tax"))))
			parts = minus(parts, plus(line.num("total"), line.num("total_tax")))
		}
		if parts.Sign() != 0 {
			l.add(name+" adjusted", minus(r.num("amount"), parts))
		}
	}
	return l
}

// wooCents returns by how much the printed rows of an order miss its total.
func wooCents(o node) *big.Rat {
	sum := new(big.Rat)
	for _, member := range []string{"line_items", "shipping_lines", "fee_lines"} {
		sum = plus(sum, total(o.list(member), "total"))
		if o.yes("prices_include_tax") {
			sum = plus(sum, total(o.list(member), "total_tax"))
		}
	}
	if !o.yes("prices_include_tax") {
		sum = plus(sum, o.num("total_tax"))
	}
	return minus(minus(o.num("total"), sum), negative(total(o.list("gift_cards"), "amount")))
}
