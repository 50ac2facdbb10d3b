package order_test

import (
	"fmt"
	"math/big"
	"strings"
)

// shopwareOrder converts an order of Shopware's Admin API with its associations. Discounts are line items
// and deliveries with a negative price.
func shopwareOrder(p node) document {
	o := p.at("order")
	d := document{
		"number": o.text("orderNumber"), "customer_id": o.text("orderCustomer.customerNumber"),
		"email": o.text("orderCustomer.email"), "language": o.text("language.locale.code"),
		"placed_at": o.text("orderDateTime"), "updated_at": o.text("updatedAt"), "currency": o.text("currency.isoCode"),
		"source_status": o.text("stateMachineState.technicalName"), "prices_include_tax": o.text("taxStatus") == "gross",
		"lines_taxed": o.text("taxStatus") != "net", "lines_discounted": false, "customer_note": o.text("customerComment"),
		"business":         o.text("orderCustomer.company") != "",
		"shipping_address": shopwareAddress(o.at("billingAddress")),
	}
	if ids := o.list("orderCustomer.vatIds"); len(ids) > 0 {
		d["vat_id"] = ids[0].text("")
	}
	d.amounts(map[string]*big.Rat{"tax": total(o.list("price.calculatedTaxes"), "tax"), "total": o.num("amountTotal")})
	shopwareItems(d, o)
	for _, t := range o.list("price.calculatedTaxes") {
		d.add("taxes", document{"rate": t.text("taxRate"), "amount": t.num("tax")})
	}
	if cents := minus(o.num("price.totalPrice"), o.num("price.rawTotal")); cents.Sign() != 0 {
		d.add("fees", document{"kind": "rounding", "amount": cents})
	}
	shopwarePayments(d, o)
	return d
}

func shopwareAddress(a node) document {
	return document{"first_name": a.text("firstName"), "last_name": a.text("lastName"), "company": a.text("company"),
		"line1": a.text("street"), "line2": a.text("additionalAddressLine1"), "city": a.text("city"),
		"postal_code": a.text("zipcode"), "administrative_area": a.text("countryState.shortCode"),
		"country": a.text("country.iso"), "phone": a.text("phoneNumber")}
}

func shopwareItems(d document, o node) {
	goods, discounts, credit, shipping := new(big.Rat), new(big.Rat), new(big.Rat), new(big.Rat)
	for _, i := range o.list("lineItems") {
		amount := i.num("totalPrice")
		switch {
		case i.text("type") == "promotion":
			d.add("discounts", document{"label": i.text("label"), "code": i.text("payload.code"), "amount": amount})
			discounts = minus(discounts, amount)
			continue
		case i.text("type") == "credit":
			credit = minus(credit, amount)
			continue
		case i.text("payload.fee") != "":
			d.add("fees", document{"kind": i.text("payload.fee"), "label": i.text("label"), "amount": amount})
			continue
		}
		goods = plus(goods, amount)
		var options []document
		for _, option := range i.list("payload.options") {
			options = append(options, document{"name": option.text("group"), "value": option.text("option")})
		}
		d.add("lines", document{"id": i.text("id"), "parent": i.text("parentId"), "sku": i.text("payload.productNumber"),
			"name": i.text("label"), "quantity": i.text("quantity"), "unit_price": i.text("unitPrice"), "total": amount,
			"picture": i.text("cover.url"), "options": options})
		for _, f := range i.list("downloads") {
			d.add("downloads", document{"line": i.text("id"), "url": f.text("url"),
				"name": f.text("media.fileName") + "." + f.text("media.fileExtension")})
		}
	}
	var methods []string
	for _, delivery := range o.list("deliveries") {
		amount := delivery.num("shippingCosts.totalPrice")
		if amount.Sign() < 0 {
			d.add("discounts", document{"label": delivery.text("shippingMethod.name"), "amount": amount})
			discounts = minus(discounts, amount)
			continue
		}
		shipping = plus(shipping, amount)
		methods = append(methods, delivery.text("shippingMethod.name"))
		d["fulfillment"] = delivery.text("stateMachineState.technicalName")
		for _, code := range delivery.list("trackingCodes") {
			d.add("shipments", document{"carrier": delivery.text("shippingMethod.name"), "number": code.text("")})
		}
	}
	d["shipping_method"] = strings.Join(methods, ", ")
	d.amounts(map[string]*big.Rat{"subtotal": goods, "discount": discounts, "store_credit": credit, "shipping": shipping})
}

// shopwarePaid lists the states of a transaction whose money has arrived.
func shopwarePaid() []string { return []string{"paid", "refunded", "refunded_partially"} }

func shopwarePayments(d document, o node) {
	paid := new(big.Rat)
	for _, t := range o.list("transactions") {
		state := t.text("stateMachineState.technicalName")
		d["payment"], d["payment_method"] = state, t.text("paymentMethod.name")
		if strings.Contains(strings.Join(shopwarePaid(), " "), state) {
			paid = plus(paid, t.num("amount.totalPrice"))
			d.add("payments", document{"method": t.text("paymentMethod.name"), "amount": t.num("amount.totalPrice"),
				"at": t.text("createdAt")})
		}
		for _, capture := range t.list("captures") {
			for _, r := range capture.list("refunds") {
				var lines []document
				for _, position := range r.list("positions") {
					lines = append(lines, document{"line": position.text("orderLineItemId"), "quantity": position.text("quantity"),
						"amount": rounded(position.num("amount.totalPrice"), d["currency"].(string))})
				}
				d.add("refunds", document{"amount": r.num("amount.totalPrice"), "at": r.text("createdAt"),
					"reason": r.text("reason"), "lines": lines})
			}
		}
	}
	d.amounts(map[string]*big.Rat{"amount_paid": paid, "amount_due": minus(o.num("amountTotal"), paid)})
}

// shopwareRows reads the rows as Shopware's page of an order shows them.
func shopwareRows(p node) ledger {
	var l, charges, discounts, refunds ledger
	o := p.at("order")
	goods, off, back, paid := new(big.Rat), new(big.Rat), new(big.Rat), new(big.Rat)
	credit, shipping := new(big.Rat), new(big.Rat)
	for _, i := range o.list("lineItems") {
		switch amount := i.num("totalPrice"); i.text("type") {
		case "promotion":
			discounts.add("discount "+i.text("label")+i.text("payload.code"), negative(amount))
			off = minus(off, amount)
		case "credit":
			credit = minus(credit, amount)
		case "custom":
			charges.add("fee "+i.text("payload.fee"), amount)
		default:
			l.add("line "+i.text("label"), amount)
			goods = plus(goods, amount)
		}
	}
	for _, delivery := range o.list("deliveries") {
		if amount := delivery.num("shippingCosts.totalPrice"); amount.Sign() < 0 {
			discounts.add("discount "+delivery.text("shippingMethod.name"), negative(amount))
			off = minus(off, amount)
		} else {
			shipping = plus(shipping, amount)
		}
	}
	charges.add("fee rounding", minus(o.num("amountTotal"), o.num("price.rawTotal")))
	l.add("subtotal", goods)
	l.add("discount", off)
	l = append(append(l, discounts...), charges...)
	l.add("shipping", shipping)
	l.add("tax", minus(o.num("amountTotal"), o.num("amountNet")))
	for _, t := range o.list("price.calculatedTaxes") {
		l.add("tax of "+t.num("taxRate").FloatString(3), t.num("tax"))
	}
	l.add("store credit", credit)
	l.add("total", o.num("amountTotal"))
	for _, t := range o.list("transactions") {
		if state := t.text("stateMachineState.technicalName"); state == "paid" || strings.HasPrefix(state, "refunded") {
			l.add("payment "+t.text("paymentMethod.name"), t.num("amount.totalPrice"))
			paid = plus(paid, t.num("amount.totalPrice"))
		}
		for _, capture := range t.list("captures") {
			for _, r := range capture.list("refunds") {
				name := fmt.Sprint("refund ", len(refunds))
				refunds.add(name, r.num("amount.totalPrice"))
				back = plus(back, r.num("amount.totalPrice"))
			}
		}
	}
	l.add("paid", paid)
	l.add("due", minus(o.num("amountTotal"), paid))
	l.add("refunded", back)
	for i, r := range refunds {
		l.add(r.name, r.amount)
		for _, position := range o.list("transactions")[0].list("captures")[0].list("refunds")[i].list("positions") {
			l.add(r.name+" of "+position.text("orderLineItemId"), position.num("amount.totalPrice"))
		}
	}
	return l
}
