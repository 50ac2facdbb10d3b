package order_test

import (
	"fmt"
	"math/big"
	"strings"
)

// ecwidDiscounts are the members with the discounts of an Ecwid order besides the coupon's.
func ecwidDiscounts() []string {
	return []string{"volumeDiscount", "membershipBasedDiscount", "totalAndMembershipBasedDiscount"}
}

// ecwidOrder converts {order, profile} of Ecwid's REST API, whose amounts are JSON numbers.
func ecwidOrder(p node) document {
	o := p.at("order")
	d := document{
		"number": o.text("id"), "customer_id": o.text("customerId"), "email": o.text("email"),
		"language": o.text("lang"), "placed_at": o.text("createTimestamp"), "updated_at": o.text("updateTimestamp"),
		"currency": p.text("profile.formatsAndUnits.currency"), "payment": o.text("paymentStatus"),
		"fulfillment": o.text("fulfillmentStatus"), "prices_include_tax": o.yes("pricesIncludeTax"),
		"lines_taxed": o.yes("pricesIncludeTax"), "lines_discounted": false, "vat_id": o.text("customerTaxId"),
		"payment_method": o.text("paymentMethod"), "shipping_method": o.text("shippingOption.shippingMethodName"),
		"customer_note": o.text("orderComments"),
	}
	if o.yes("reversedTaxApplied") {
		d["tax_note"] = "Reverse charge"
	}
	if a := o.at("shippingPerson"); a.value != nil {
		street, rest, _ := strings.Cut(a.text("street"), "\n")
		d["shipping_address"] = document{"first_name": a.text("firstName"), "last_name": a.text("lastName"),
			"line1": street, "line2": rest, "city": a.text("city"), "postal_code": a.text("postalCode"),
			"administrative_area": a.text("stateOrProvinceCode"), "country": a.text("countryCode")}
		d["phone"] = a.text("phone")
	}
	d.amounts(map[string]*big.Rat{
		"subtotal": o.num("subtotal"), "discount": plus(o.num("discount"), o.num("couponDiscount")),
		"shipping": o.num("shippingOption.shippingRate"), "tax": o.num("tax"), "total": o.num("total"),
		"store_credit": o.num("loyalty.redemption.amount"), "refunded": o.num("refundedAmount"),
	})
	ecwidItems(d, o)
	for _, member := range ecwidDiscounts() {
		if o.num(member).Sign() != 0 {
			d.add("discounts", document{"label": member, "amount": o.num(member)})
		}
	}
	for _, n := range o.list("customDiscount") {
		d.add("discounts", document{"label": "customDiscount", "amount": n.num("")})
	}
	if o.num("couponDiscount").Sign() != 0 {
		d.add("discounts", document{"label": o.text("discountCoupon.name"), "code": o.text("discountCoupon.code"),
			"amount": o.num("couponDiscount")})
	}
	ecwidCharges(d, o)
	return d
}

func ecwidItems(d document, o node) {
	for _, i := range o.list("items") {
		line := document{"id": i.text("id"), "sku": i.text("sku"), "name": i.text("name"),
			"quantity": i.text("quantity"), "unit_price": i.text("price"), "picture": i.text("imageUrl"),
			"total": times(i.num("price"), i.num("quantity"))}
		var options []document
		for _, option := range i.list("selectedOptions") {
			options = append(options, document{"name": option.text("name"), "value": option.text("value")})
		}
		line["options"] = options
		d.add("lines", line)
		for _, f := range i.list("files") {
			d.add("downloads", document{"line": i.text("id"), "name": f.text("name"), "url": f.text("customerUrl"),
				"until": f.text("expire"), "left": f.text("remainingDownloads")})
		}
	}
}

func ecwidCharges(d document, o node) {
	if h := o.at("handlingFee"); h.value != nil {
		d.add("fees", document{"kind": "handling", "label": h.text("name"), "amount": h.num("value")})
	}
	for _, s := range o.list("customSurcharges") {
		kind := map[string]string{"Tip": "tip"}[s.text("id")]
		d.add("fees", document{"kind": kind, "label": s.text("description"), "amount": s.num("total")})
	}
	if o.has("giftCardRedemption") {
		d.add("gift_cards", document{"last_digits": lastFour(o.text("giftCardCode")),
			"amount": o.num("giftCardRedemption")})
	}
	paid, due := o.num("total"), new(big.Rat)
	if o.text("paymentStatus") == "AWAITING_PAYMENT" {
		paid, due = due, paid
	} else {
		d.add("payments", document{"method": o.text("paymentMethod"), "amount": paid})
	}
	d.amounts(map[string]*big.Rat{"amount_paid": paid, "amount_due": due})
	for _, r := range o.list("refunds") {
		d.add("refunds", document{"amount": r.num("amount"), "at": r.text("date"), "reason": r.text("reason"),
			"method": r.text("source")})
	}
}

// ecwidRows reads the rows as Ecwid's page of an order shows them.
func ecwidRows(p node) ledger {
	var l ledger
	o := p.at("order")
	for _, i := range o.list("items") {
		l.add("line "+i.text("name"), times(i.num("quantity"), i.num("price")))
	}
	l.add("subtotal", o.num("subtotal"))
	l.add("discount", plus(o.num("couponDiscount"), o.num("discount")))
	for _, member := range ecwidDiscounts() {
		l.add("discount "+member, o.num(member))
	}
	for _, n := range o.list("customDiscount") {
		l.add("discount customDiscount", n.num(""))
	}
	l.add("discount "+o.text("discountCoupon.name")+o.text("discountCoupon.code"), o.num("couponDiscount"))
	l.add("fee handling", o.num("handlingFee.value"))
	for _, s := range o.list("customSurcharges") {
		kind := "fee other"
		if s.text("id") == "Tip" {
			kind = "fee tip"
		}
		l.add(kind, s.num("total"))
	}
	l.add("shipping", o.num("shippingOption.shippingRate"))
	l.add("tax", o.num("tax"))
	if code := o.text("giftCardCode"); code != "" {
		l.add("gift card "+lastFour(code), o.num("giftCardRedemption"))
	}
	l.add("store credit", o.num("loyalty.redemption.amount"))
	l.add("total", o.num("total"))
	if o.text("paymentStatus") == "AWAITING_PAYMENT" {
		l.add("due", o.num("total"))
	} else {
		l.add("payment "+o.text("paymentMethod"), o.num("total"))
		l.add("paid", o.num("total"))
	}
	l.add("refunded", o.num("refundedAmount"))
	for i, r := range o.list("refunds") {
		l.add(fmt.Sprint("refund ", i), r.num("amount"))
	}
	return l
}
