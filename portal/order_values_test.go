package portal_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"postern/portal/order"
	"postern/portal/validate"

	"github.com/google/go-cmp/cmp"
)

// decision is the expected handling of a value that real systems send in one member of an order: refused
// with a reason, or accepted with a warning ("" for none) and kept in another form.
type decision struct {
	at     string // JSON pointer
	sent   any
	refuse string
	warn   string
	keeps  string // as the accepted order shows it
	shown  func(order.Order) string
}

// fullOrder has every member of an order.
const fullOrder = `{"number":"1","customer_id":"7","email":"jan@example.com","phone":"+421905123456","placed_at":"2026-03-05T10:00:00Z",
"updated_at":"2026-03-05T10:00:00Z","currency":"EUR","state":"open","payment":"paid","fulfillment":"shipped","payment_kind":"card",
"source_status":"done","source_label":"Done","is_digital":false,"business":false,"language":"sk",
"lines":[{"id":"1","parent":"","warranty_months":24,"subtotal":"12.50","sku":"B","name":"Book","options":[{"name":"Cover","value":"hard"}],"quantity":"1","unit_price":"12.5",
"total":"12.50","tax_rate":"20","picture":"https://shop.example/b.jpg","url":"https://shop.example/b","fulfillment":"shipped","withdrawal":""}],
"subtotal":"12.50","discount":"0","shipping":"0","tax":"2.08","refunded":"0","total":"12.50","prices_include_tax":true,
"taxes":[{"label":"VAT","rate":"20","amount":"2.08"}],"fees":[{"kind":"cod","label":"Dobierka","amount":"1.00","tax_rate":"23"}],
"gift_cards":[{"label":"Gift card","last_digits":"ABCD","amount":"5.00"}],"store_credit":"1.00","amount_paid":"12.50","amount_due":"0.00",
"payments":[{"kind":"card","method":"Visa","amount":"12.50","currency":"","at":"2026-03-05T10:00:00Z","last_digits":"4242"}],
"refunds":[{"amount":"0","at":"2026-03-09T10:00:00Z","reason":"Damaged","method":"card","lines":[{"line":"1","quantity":"1","amount":"0"}],"shipping":"0","adjustment":"0"}],
"lines_discounted":true,"lines_taxed":true,
"payment_instructions":{"account_name":"Shop","iban":"SK3112000000198742637541","bic":"TATRSKBX","account":"","variable_symbol":"2026001",
"constant_symbol":"0308","specific_symbol":"1","reference":"Order 1","amount":"12.50","due_at":"2026-03-19"},
"downloads":[{"line":"1","name":"Book.pdf","url":"https://shop.example/d","until":"2027-03-05T10:00:00Z","left":3}],
"returns":[{"number":"R1","request":"","state":"approved","reason":"Too small","declined":"","lines":[{"line":"1","quantity":"1"}],
"label_url":"https://shop.example/l","carrier":"DHL","tracking_number":"9","tracking_url":"https://dhl.com/9","updated_at":"2026-03-08T10:00:00Z"}],
"discounts":[{"label":"Spring","code":"S","amount":"1.00"}],"tax_note":"",
"vat_id":"SK2021234567","shipping_method":"DHL","payment_method":"Card","customer_note":"Ring","notes":[{"text":"Hi","at":"2026-03-05T10:00:00Z"}],
"shipping_address":{"last_name":"Nová","line1":"Mostná 5","city":"Bratislava","postal_code":"81101","country":"SK","phone":"0905 123 456"},
"billing_address":{"last_name":"Nová","country":"SK"},
"shipments":[{"carrier":"dhl","number":"1","url":"https://dhl.com/1","shipped_at":"2026-03-06T10:00:00Z","delivered_at":"2026-03-07T10:00:00Z",
"expected_from":"2026-03-06T10:00:00Z","expected_to":"2026-03-08T10:00:00Z","pickup_point":"Box 1","pickup_hours":"9-17","items":[{"line":"1","quantity":"1"}]}],
"links":{"invoice":"https://shop.example/i","storefront":"https://shop.example/o","payment":"https://shop.example/p",
"reorder":"https://shop.example/r","return":"https://shop.example/t","cancel":"https://shop.example/c"},
"events":[{"type":"paid","at":"2026-03-05T11:00:00Z","label":"Paid"}]}`

func line(o order.Order) order.Line         { return o.Lines[0] }
func shipment(o order.Order) order.Shipment { return o.Shipments[0] }

func minor(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

func decisions() []decision {
	long := strings.Repeat("x", 101)
	return append(slices.Concat(keyDecisions(), amountDecisions(), paymentDecisions(), afterSaleDecisions()), []decision{
		{at: "/lines/0/sku", sent: long, warn: "text.cut", keeps: long[:99] + "…", shown: func(o order.Order) string { return line(o).SKU }},
		{at: "/lines/0/name", sent: "O\u0092Brien\u202e", warn: "text.cleaned", keeps: "O’Brien", shown: func(o order.Order) string { return line(o).Name }},
		{at: "/lines/0/name", sent: "Ko\ufffdice", warn: "text.letter_lost", keeps: "Ko\ufffdice", shown: func(o order.Order) string { return line(o).Name }},
		{at: "/lines/0/name", sent: "Acme &amp;amp; O&#8217;Brien &LT;b&gt;", warn: "text.entities", keeps: "Acme & O’Brien <b>", shown: func(o order.Order) string { return line(o).Name }},
		{at: "/lines/0/name", sent: "Q&A; AT&T &nosuch; R&D&copy=1 &", keeps: "Q&A; AT&T &nosuch; R&D&copy=1 &", shown: func(o order.Order) string { return line(o).Name }},
		{at: "/lines/0/name", sent: "Bo\x00ok", warn: "text.cleaned", keeps: "Book", shown: func(o order.Order) string { return line(o).Name }},
		{at: "/lines/0/name", sent: strings.Repeat("x", 501), warn: "text.cut", keeps: strings.Repeat("x", 499) + "…", shown: func(o order.Order) string { return line(o).Name }},
		{at: "/lines/0/name", sent: "", warn: "order.line.named", keeps: "B", shown: func(o order.Order) string { return line(o).Name }},
		{at: "/lines/0/options/0/name", sent: "a\nb", warn: "text.cleaned", keeps: "a b", shown: func(o order.Order) string { return line(o).Options[0].Name }},
		{at: "/lines/0/options/0/value", sent: "", keeps: "", shown: func(o order.Order) string { return line(o).Options[0].Value }},
		{at: "/lines/0/picture", sent: "/media/x.jpg", warn: "url.dropped", shown: func(o order.Order) string { return line(o).Picture }},
		{at: "/lines/0/url", sent: "//cdn.example/x y", warn: "url.completed", keeps: "https://cdn.example/x%20y", shown: func(o order.Order) string { return line(o).URL }},
		{at: "/lines/0/url", sent: "javascript:alert(1)", warn: "url.dropped", shown: func(o order.Order) string { return line(o).URL }},
		{at: "/lines/0/fulfillment", sent: "Versandt\u2029", keeps: "Versandt", shown: func(o order.Order) string { return line(o).Status }},
		{at: "/lines/0/kind", sent: "thing", warn: "order.line.kind", shown: func(o order.Order) string { return line(o).Kind }},
		{at: "/lines/0/kind", sent: "Product", keeps: "goods", shown: func(o order.Order) string { return line(o).Kind }},
		{at: "/lines/0/withdrawal", sent: "never", refuse: "withdrawal.exception"},
		{at: "/state", sent: "to be seen", keeps: "open", shown: func(o order.Order) string { return o.Status.State }},
		{at: "/payment", sent: "Vorkasse", keeps: "unknown", shown: func(o order.Order) string { return o.Status.Payment }},
		{at: "/fulfillment", sent: "verpackt", keeps: "unknown", shown: func(o order.Order) string { return o.Status.Fulfillment }},
		{at: "/payment_kind", sent: long, warn: "text.cut", keeps: long[:99] + "…", shown: func(o order.Order) string { return o.Status.PaymentKind }},
		{at: "/source_status", sent: "a\tb", warn: "text.cleaned", keeps: "a b", shown: func(o order.Order) string { return o.Status.Source }},
		{at: "/source_label", sent: "a\x07b", warn: "text.cleaned", keeps: "ab", shown: func(o order.Order) string { return o.Status.Label }},
		{at: "/language", sent: "Klingonisch", warn: "language.unknown", shown: func(o order.Order) string { return o.Language }},
		{at: "/language", sent: "und-SK", warn: "language.unknown", shown: func(o order.Order) string { return o.Language }},
		{at: "/language", sent: "de-AT", keeps: "de", shown: func(o order.Order) string { return o.Language }},
		{at: "/tax_note", sent: "a\u200bb", warn: "text.cleaned", keeps: "ab", shown: func(o order.Order) string { return o.TaxNote }},
		{at: "/vat_id", sent: "N/A", warn: "vat.dropped", shown: func(o order.Order) string { return o.VATID }},
		{at: "/vat_id", sent: "my own", keeps: "my own", shown: func(o order.Order) string { return o.VATID }},
		{at: "/shipping_method", sent: "\ufeffDHL", warn: "text.cleaned", keeps: "DHL", shown: func(o order.Order) string { return o.ShippingMethod }},
		{at: "/payment_method", sent: "Visa\u0080", warn: "text.cleaned", keeps: "Visa€", shown: func(o order.Order) string { return o.PaymentMethod }},
		{at: "/customer_note", sent: "a\r\nb", keeps: "a\nb", shown: func(o order.Order) string { return o.CustomerNote }},
		{at: "/customer_note", sent: strings.Repeat("é", 5001), warn: "text.cut", keeps: strings.Repeat("é", 4999) + "…", shown: func(o order.Order) string { return o.CustomerNote }},
		{at: "/notes/0/text", sent: "a\x00", warn: "text.cleaned", keeps: "a", shown: func(o order.Order) string { return o.Notes[0].Text }},
		{at: "/notes/0/text", sent: "", keeps: "0", shown: func(o order.Order) string { return strconv.Itoa(len(o.Notes)) }},
		{at: "/notes/0/at", sent: "yesterday", warn: "time.dropped", keeps: "true", shown: func(o order.Order) string { return strconv.FormatBool(o.Notes[0].At == nil) }},
		{at: "/shipments/0/carrier", sent: "d\u200bhl", warn: "text.cleaned", keeps: "dhl", shown: func(o order.Order) string { return shipment(o).Carrier }},
		{at: "/shipments/0/number", sent: long, warn: "text.cut", keeps: long[:99] + "…", shown: func(o order.Order) string { return shipment(o).Number }},
		{at: "/shipments/0/url", sent: "www.dhl.com/track?id=1", warn: "url.completed", keeps: "https://www.dhl.com/track?id=1", shown: func(o order.Order) string { return shipment(o).URL }},
		{at: "/shipments/0/url", sent: "Not available", warn: "url.dropped", shown: func(o order.Order) string { return shipment(o).URL }},
		{at: "/shipments/0/url", sent: "dhl.com/1", warn: "url.dropped", shown: func(o order.Order) string { return shipment(o).URL }},
		{at: "/shipments/0/shipped_at", sent: "0000-00-00", warn: "time.dropped", keeps: "true", shown: func(o order.Order) string { return strconv.FormatBool(shipment(o).ShippedAt == nil) }},
		{at: "/shipments/0/shipped_at", sent: "2026-03-06 11:00:00+0100", keeps: "2026-03-06T10:00:00Z", shown: func(o order.Order) string { return shipment(o).ShippedAt.Format("2006-01-02T15:04:05Z07:00") }},
		{at: "/shipments/0/delivered_at", sent: "0000-00-00 00:00:00", warn: "time.dropped", keeps: "true", shown: func(o order.Order) string { return strconv.FormatBool(shipment(o).DeliveredAt == nil) }},
		{at: "/shipments/0/expected_from", sent: "-0001-11-30T00:00:00Z", warn: "time.dropped", keeps: "true", shown: func(o order.Order) string { return strconv.FormatBool(shipment(o).ExpectedFrom == nil) }},
		{at: "/shipments/0/expected_to", sent: "soon", warn: "time.dropped", keeps: "true", shown: func(o order.Order) string { return strconv.FormatBool(shipment(o).ExpectedTo == nil) }},
		{at: "/shipments/0/pickup_point", sent: "Box\n1", warn: "text.cleaned", keeps: "Box 1", shown: func(o order.Order) string { return shipment(o).PickupPoint }},
		{at: "/links/invoice", sent: "Not available", warn: "url.dropped", shown: func(o order.Order) string { return o.Links.Invoice }},
		{at: "/links/storefront", sent: "/order/1", warn: "url.dropped", shown: func(o order.Order) string { return o.Links.Storefront }},
		{at: "/links/payment", sent: "https://user@shop.example/", warn: "url.dropped", shown: func(o order.Order) string { return o.Links.Payment }},
		{at: "/links/reorder", sent: "www.shop.example/r", warn: "url.completed", keeps: "https://www.shop.example/r", shown: func(o order.Order) string { return o.Links.Reorder }},
		{at: "/links/return", sent: "ftp://shop.example/", warn: "url.dropped", shown: func(o order.Order) string { return o.Links.Return }},
		{at: "/links/cancel", sent: "https://shop.example/" + strings.Repeat("x", 2000), warn: "url.dropped", shown: func(o order.Order) string { return o.Links.Cancel }},
		{at: "/events/0/type", sent: "", warn: "order.event.dropped", keeps: "0", shown: func(o order.Order) string { return strconv.Itoa(len(o.Events)) }},
		{at: "/events/0/label", sent: "a\nb", warn: "text.cleaned", keeps: "a b", shown: func(o order.Order) string { return o.Events[0].Label }},
		{at: "/shipping_address/line1", sent: "Mostná 5\r\nbyt 2", warn: "address.street_split", keeps: "Mostná 5|byt 2", shown: func(o order.Order) string { return o.ShippingAddress.Line1 + "|" + o.ShippingAddress.Line2 }},
		{at: "/shipping_address/company", sent: "Acme &amp; O&#x27;Brien", warn: "text.entities", keeps: "Acme & O'Brien", shown: func(o order.Order) string { return o.ShippingAddress.Company }},
		{at: "/shipping_address/city", sent: "Bratis\u00adlava", warn: "text.cleaned", keeps: "Bratislava", shown: func(o order.Order) string { return o.ShippingAddress.City }},
		{at: "/shipping_address/postal_code", sent: "SK-811 01", keeps: "811 01", shown: func(o order.Order) string { return o.ShippingAddress.PostalCode }},
		{at: "/shipping_address/country", sent: "Slovakia", keeps: "SK", shown: func(o order.Order) string { return o.ShippingAddress.Country }},
		{at: "/shipping_address/country", sent: "Narnia", warn: "address.country_kept", keeps: "Narnia", shown: func(o order.Order) string { return o.ShippingAddress.Country }},
		{at: "/billing_address", sent: map[string]any{"last_name": "Mori", "administrative_area": "JP-13", "country": "JP"}, keeps: "13", shown: func(o order.Order) string { return o.BillingAddress.AdministrativeArea }},
		{at: "/billing_address", sent: map[string]any{"last_name": "Lee", "administrative_area": "US-CA", "country": "US"}, keeps: "CA", shown: func(o order.Order) string { return o.BillingAddress.AdministrativeArea }},
		{at: "/shipping_address/phone", sent: "0905 123 456 mama", keeps: "0905 123 456 mama", shown: func(o order.Order) string { return o.ShippingAddress.Phone }},
		{at: "/shipping_address/phone", sent: "\u202a0905123456\u202c", warn: "text.cleaned", keeps: "+421905123456", shown: func(o order.Order) string { return o.ShippingAddress.Phone }},
		{at: "/billing_address/last_name", sent: strings.Repeat("x", 201), warn: "text.cut", keeps: strings.Repeat("x", 199) + "…", shown: func(o order.Order) string { return o.BillingAddress.LastName }},
	}...)
}

// keyDecisions cover the members that identify an order, its customer and its times: none of them is
// guessed.
func keyDecisions() []decision {
	return []decision{
		{at: "/number", sent: "2", refuse: "order.number.other"},
		{at: "/email", sent: "mailto:jan@example.com", keeps: "jan@example.com", shown: func(o order.Order) string { return o.Email }},
		{at: "/customer_id", sent: strings.Repeat("7", 101), refuse: "text.long"},
		{at: "/customer_id", sent: "7\x007", refuse: "text.control"},
		{at: "/customer_id", sent: "0", warn: "customer_id.nobody_dropped", shown: func(o order.Order) string { return o.FeedCustomer }},
		{at: "/email", sent: "Not available", refuse: "email.form"},
		{at: "/phone", sent: "+421 905 123 456", keeps: "+421905123456", shown: func(o order.Order) string { return o.Phone }},
		{at: "/phone", sent: "call me", keeps: "call me", shown: func(o order.Order) string { return o.Phone }},
		{at: "/placed_at", sent: "2026-03-05T11:00:00", keeps: "2026-03-05T10:00:00Z", shown: placed},
		{at: "/placed_at", sent: "2026-03-05 11:00:00", keeps: "2026-03-05T10:00:00Z", shown: placed},
		{at: "/placed_at", sent: "2026-03-05T05:00:00-0500", keeps: "2026-03-05T10:00:00Z", shown: placed},
		{at: "/placed_at", sent: "2026-03-05 05:00:00 -0500", keeps: "2026-03-05T10:00:00Z", shown: placed},
		{at: "/placed_at", sent: 1772704800, keeps: "2026-03-05T10:00:00Z", shown: placed},
		{at: "/placed_at", sent: "1772704800", keeps: "2026-03-05T10:00:00Z", shown: placed},
		{at: "/placed_at", sent: 1772704800000, keeps: "2026-03-05T10:00:00Z", shown: placed},
		{at: "/placed_at", sent: 20260305, refuse: "time.form"},
		{at: "/placed_at", sent: true, refuse: "json.type"},
		{at: "/email", sent: "\u200bJan@example.com\ufeff", keeps: "jan@example.com", shown: func(o order.Order) string { return o.Email }},
		{at: "/placed_at", sent: "0000-00-00", refuse: "time.form"},
		{at: "/placed_at", sent: "2026-03-05 11:00:00+01:00", keeps: "2026-03-05T10:00:00Z", shown: func(o order.Order) string { return o.PlacedAt.Format("2006-01-02T15:04:05Z07:00") }},
		{at: "/updated_at", sent: "2026-03-05", refuse: "time.form"},
		{at: "/currency", sent: "eur", keeps: "EUR", shown: func(o order.Order) string { return o.Currency }},
		{at: "/currency", sent: "HRK", keeps: "HRK", shown: func(o order.Order) string { return o.Currency }},
		{at: "/currency", sent: "€", refuse: "money.currency"},
		{at: "/is_digital", sent: "no", refuse: "json.type"},
		{at: "/business", sent: 1, refuse: "json.type"},
		{at: "/prices_include_tax", sent: "yes", refuse: "json.type"},
		{at: "/lines/0/id", sent: "a\nb", refuse: "text.control"},
		{at: "/shipments/0/items/0/line", sent: strings.Repeat("1", 101), refuse: "text.long"},
		{at: "/shipments/0/items/0/quantity", sent: "one", refuse: "money.form"},
	}
}

// amountDecisions cover the amounts. An imprecise total is refused; amounts that only explain it are
// rounded.
func amountDecisions() []decision {
	total := func(o order.Order) string { return strconv.FormatInt(o.Total, 10) }
	return []decision{
		{at: "/total", sent: "10.799999999999999", warn: "money.rounded", keeps: "1080", shown: total},
		{at: "/total", sent: json.Number("12.5"), keeps: "1250", shown: total},
		{at: "/total", sent: json.Number("12.299999999999999"), warn: "money.rounded", keeps: "1230", shown: total},
		{at: "/total", sent: json.Number("12.505"), refuse: "money.precision"},
		{at: "/total", sent: json.Number("1e2"), refuse: "money.form"},
		{at: "/total", sent: " 12.5000000 ", keeps: "1250", shown: total},
		{at: "/total", sent: "10.805", refuse: "money.precision"},
		{at: "/total", sent: "12,50", refuse: "money.form"},
		{at: "/total", sent: "-1.00", refuse: "order.total.negative"},
		{at: "/total", sent: "0.00", keeps: "0", shown: total},
		{at: "/subtotal", sent: "12.5049", warn: "money.rounded", keeps: "1250", shown: func(o order.Order) string { return minor(o.Subtotal) }},
		{at: "/subtotal", sent: "-3.00", warn: "money.negative_kept", keeps: "-300", shown: func(o order.Order) string { return minor(o.Subtotal) }},
		{at: "/discount", sent: "-3.00", keeps: "300", shown: func(o order.Order) string { return minor(o.Discount) }},
		{at: "/discount", sent: "3.00", keeps: "300", shown: func(o order.Order) string { return minor(o.Discount) }},
		{at: "/shipping", sent: "4.2016806722", warn: "money.rounded", keeps: "420", shown: func(o order.Order) string { return minor(o.Shipping) }},
		{at: "/tax", sent: "much", refuse: "money.form"},
		{at: "/refunded", sent: "-12.50", keeps: "1250", shown: func(o order.Order) string { return minor(o.Refunded) }},
		{at: "/refunded", sent: "1.005", refuse: "money.precision"},
		{at: "/lines/0/quantity", sent: "0", warn: "order.quantity", keeps: "0", shown: func(o order.Order) string { return line(o).Quantity.String() }},
		{at: "/lines/0/quantity", sent: "-1", warn: "order.quantity", keeps: "-1", shown: func(o order.Order) string { return line(o).Quantity.String() }},
		{at: "/lines/0/quantity", sent: "0.33333333", warn: "money.rounded", keeps: "0.333333", shown: func(o order.Order) string { return line(o).Quantity.String() }},
		{at: "/lines/0/quantity", sent: "many", refuse: "money.form"},
		{at: "/lines/0/unit_price", sent: "10.799999999999999", warn: "money.rounded", keeps: "10.8", shown: func(o order.Order) string { return line(o).UnitPrice.String() }},
		{at: "/lines/0/unit_price", sent: "12,50 €", warn: "money.dropped", shown: func(o order.Order) string { return line(o).UnitPrice.String() }},
		{at: "/lines/0/total", sent: "12.345600", warn: "money.rounded", keeps: "1235", shown: func(o order.Order) string { return strconv.FormatInt(line(o).Total, 10) }},
		{at: "/lines/0/tax_rate", sent: "19.0000000", keeps: "19", shown: func(o order.Order) string { return line(o).TaxRate.String() }},
		{at: "/lines/0/tax_rate", sent: "19 %", keeps: "19", shown: func(o order.Order) string { return line(o).TaxRate.String() }},
		{at: "/taxes/0/label", sent: "\u202aVAT\u202c", warn: "text.cleaned", keeps: "VAT", shown: func(o order.Order) string { return o.Taxes[0].Label }},
		{at: "/taxes/0/rate", sent: "reduced", warn: "money.dropped", shown: func(o order.Order) string { return o.Taxes[0].Rate.String() }},
		{at: "/taxes/0/amount", sent: "2.0833333333", warn: "money.rounded", keeps: "208", shown: func(o order.Order) string { return strconv.FormatInt(o.Taxes[0].Amount, 10) }},
		{at: "/discounts/0/label", sent: "a\x01", warn: "text.cleaned", keeps: "a", shown: func(o order.Order) string { return o.Discounts[0].Label }},
		{at: "/discounts/0/code", sent: strings.Repeat("x", 101), warn: "text.cut", keeps: strings.Repeat("x", 99) + "…", shown: func(o order.Order) string { return o.Discounts[0].Code }},
		{at: "/discounts/0/amount", sent: "-1.00", keeps: "100", shown: func(o order.Order) string { return strconv.FormatInt(o.Discounts[0].Amount, 10) }},
	}
}

func placed(o order.Order) string { return o.PlacedAt.Format("2006-01-02T15:04:05Z07:00") }

// paymentDecisions cover the rows of the totals besides goods, and what was paid, paid back and is due.
func paymentDecisions() []decision {
	fee := func(o order.Order) string { return o.Fees[0].Kind + " " + strconv.FormatInt(o.Fees[0].Amount, 10) }
	return []decision{
		{at: "/fees/0/kind", sent: "Cash on delivery", keeps: "cod 100", shown: fee},
		{at: "/fees/0/kind", sent: "magic", warn: "order.fee.kind", keeps: "other 100", shown: fee},
		{at: "/fees/0/label", sent: "a\nb", warn: "text.cleaned", keeps: "a b", shown: func(o order.Order) string { return o.Fees[0].Label }},
		{at: "/fees/0/amount", sent: "-0.02", keeps: "cod -2", shown: fee},
		{at: "/fees/0/tax_rate", sent: "none", warn: "money.dropped", shown: func(o order.Order) string { return o.Fees[0].TaxRate.String() }},
		{at: "/gift_cards/0/amount", sent: "-5.00", keeps: "500", shown: func(o order.Order) string { return strconv.FormatInt(o.GiftCards[0].Amount, 10) }},
		{at: "/gift_cards/0/last_digits", sent: "GIFT-1234-ABCD", warn: "order.last_digits", keeps: "ABCD", shown: func(o order.Order) string { return o.GiftCards[0].LastDigits }},
		{at: "/store_credit", sent: "-2.00", keeps: "200", shown: func(o order.Order) string { return minor(o.StoreCredit) }},
		{at: "/amount_paid", sent: "much", refuse: "money.form"},
		{at: "/amount_due", sent: "-1.00", warn: "money.negative_kept", keeps: "-100", shown: func(o order.Order) string { return minor(o.AmountDue) }},
		{at: "/payments/0/method", sent: "Vi\u200bsa", warn: "text.cleaned", keeps: "Visa", shown: func(o order.Order) string { return o.Payments[0].Method }},
		{at: "/payments/0/currency", sent: "USD", warn: "order.payment.currency", keeps: "USD 12.50", shown: func(o order.Order) string {
			paid := o.Payments[0].Money(o)
			return paid.Currency + " " + paid.Decimal()
		}},
		{at: "/payments/0/currency", sent: "pearls", refuse: "money.currency", warn: "order.payment.currency"},
		{at: "/payments/0/amount", sent: "-12.50", warn: "order.payment.negative", keeps: "0", shown: func(o order.Order) string { return strconv.Itoa(len(o.Payments)) }},
		{at: "/payments/0/last_digits", sent: "4242424242424242", warn: "order.last_digits", keeps: "4242", shown: func(o order.Order) string { return o.Payments[0].LastDigits }},
		{at: "/payments/0/last_digits", sent: "xxxx xxxx 4242", keeps: "4242", shown: func(o order.Order) string { return o.Payments[0].LastDigits }},
		{at: "/gift_cards/0/last_digits", sent: "x4k3", keeps: "x4k3", shown: func(o order.Order) string { return o.GiftCards[0].LastDigits }},
		{at: "/refunds/0/shipping", sent: "-3.90", keeps: "390", shown: func(o order.Order) string { return minor(o.Refunds[0].Shipping) }},
		{at: "/refunds/0/adjustment", sent: "-2.00", keeps: "-200", shown: func(o order.Order) string { return minor(o.Refunds[0].Adjustment) }},
		{at: "/payments/0/last_digits", sent: "XXXX-4242", keeps: "4242", shown: func(o order.Order) string { return o.Payments[0].LastDigits }},
		{at: "/refunds/0/amount", sent: "-2.00", keeps: "200", shown: func(o order.Order) string { return strconv.FormatInt(o.Refunds[0].Amount, 10) }},
		{at: "/refunded", sent: "99.00", warn: "order.refunded.above_total", keeps: "9900", shown: func(o order.Order) string { return minor(o.Refunded) }},
		{at: "/refunds/0/reason", sent: "a\x00", warn: "text.cleaned", keeps: "a", shown: func(o order.Order) string { return o.Refunds[0].Reason }},
		{at: "/lines_discounted", sent: "yes", refuse: "json.type"},
		{at: "/lines_taxed", sent: 1, refuse: "json.type"},
		{at: "/lines/0/subtotal", sent: "15", keeps: "1500", shown: func(o order.Order) string { return minor(line(o).Subtotal) }},
		{at: "/payment_instructions/account_name", sent: "Sh\u200bop", warn: "text.cleaned", keeps: "Shop", shown: func(o order.Order) string { return o.Instructions.AccountName }},
		{at: "/payment_instructions/iban", sent: "sk31 1200 0000 1987 4263 7541", keeps: "SK3112000000198742637541", shown: func(o order.Order) string { return o.Instructions.IBAN }},
		{at: "/payment_instructions/iban", sent: "SK3212000000198742637541", refuse: "bank.iban"},
		{at: "/payment_instructions/bic", sent: "TATRA", refuse: "bank.bic"},
		{at: "/payment_instructions/account", sent: "1\n2", refuse: "text.control"},
		{at: "/payment_instructions/variable_symbol", sent: 2026001, keeps: "2026001", shown: func(o order.Order) string { return o.Instructions.VariableSymbol }},
		{at: "/payment_instructions/constant_symbol", sent: "03-08", refuse: "bank.symbol"},
		{at: "/payment_instructions/specific_symbol", sent: "12345678901", refuse: "bank.symbol"},
		{at: "/payment_instructions/reference", sent: strings.Repeat("x", 141), warn: "text.cut", keeps: strings.Repeat("x", 139) + "…", shown: func(o order.Order) string { return o.Instructions.Reference }},
		{at: "/payment_instructions/due_at", sent: "2026-03-19", keeps: "2026-03-19T11:00:00Z", shown: func(o order.Order) string { return o.Instructions.DueAt.Format("2006-01-02T15:04:05Z07:00") }},
	}
}

// afterSaleDecisions cover parts of products, warranty, downloads and returns.
func afterSaleDecisions() []decision {
	returned := func(o order.Order) order.Return { return o.Returns[0] }
	return []decision{
		{at: "/lines/0/parent", sent: "1", warn: "order.line.parent", shown: func(o order.Order) string { return line(o).Parent }},
		{at: "/lines/0/parent", sent: "9", warn: "order.line.parent", shown: func(o order.Order) string { return line(o).Parent }},
		{at: "/lines/0/warranty_months", sent: "two years", warn: "number.dropped", keeps: "0", shown: func(o order.Order) string { return strconv.FormatInt(line(o).Warranty, 10) }},
		{at: "/lines/0/warranty_months", sent: 100000, warn: "number.dropped", keeps: "0", shown: func(o order.Order) string { return strconv.FormatInt(line(o).Warranty, 10) }},
		{at: "/shipments/0/pickup_hours", sent: "Mon 9-17\nSat 9-12", keeps: "Mon 9-17\nSat 9-12", shown: func(o order.Order) string { return shipment(o).PickupHours }},
		{at: "/downloads/0/name", sent: "B\u200bk", warn: "text.cleaned", keeps: "Bk", shown: func(o order.Order) string { return o.Downloads[0].Name }},
		{at: "/downloads/0/url", sent: "javascript:alert(1)", warn: "url.dropped", keeps: "0", shown: func(o order.Order) string { return strconv.Itoa(len(o.Downloads)) }},
		{at: "/downloads/0/until", sent: "2027-03-05", keeps: "2027-03-05T22:59:59Z", shown: func(o order.Order) string { return o.Downloads[0].Until.Format("2006-01-02T15:04:05Z07:00") }},
		{at: "/shipments/0/expected_to", sent: "2026-03-07", keeps: "2026-03-07T11:00:00Z", shown: func(o order.Order) string { return o.Shipments[0].ExpectedTo.Format("2006-01-02T15:04:05Z07:00") }},
		{at: "/downloads/0/until", sent: "never", warn: "time.dropped", keeps: "true", shown: func(o order.Order) string { return strconv.FormatBool(o.Downloads[0].Until == nil) }},
		{at: "/downloads/0/left", sent: "-1", warn: "number.dropped", shown: func(o order.Order) string { return minor(o.Downloads[0].Left) }},
		{at: "/returns/0/number", sent: "", refuse: "text.required"},
		{at: "/returns/0/request", sent: "a\x00b", refuse: "text.control"},
		{at: "/returns/0/state", sent: "Rejected", keeps: "declined", shown: func(o order.Order) string { return returned(o).State }},
		{at: "/returns/0/state", sent: "lost", refuse: "order.return.state"},
		{at: "/returns/0/declined", sent: "Worn\r\nout", keeps: "Worn\nout", shown: func(o order.Order) string { return returned(o).Declined }},
		{at: "/returns/0/label_url", sent: "/label", warn: "url.dropped", shown: func(o order.Order) string { return returned(o).LabelURL }},
		{at: "/returns/0/tracking_number", sent: "a\nb", warn: "text.cleaned", keeps: "a b", shown: func(o order.Order) string { return returned(o).TrackingNumber }},
		{at: "/returns/0/tracking_url", sent: "dhl", warn: "url.dropped", shown: func(o order.Order) string { return returned(o).TrackingURL }},
		{at: "/returns/0/lines/0/quantity", sent: "x", refuse: "money.form"},
		{at: "/returns/0/lines/0/line", sent: "9", warn: "order.line.unknown", keeps: "9", shown: func(o order.Order) string { return returned(o).Lines[0].Line }},
		{at: "/refunds/0/lines/0/line", sent: "9", warn: "order.line.unknown", keeps: "9", shown: func(o order.Order) string { return o.Refunds[0].Lines[0].Line }},
		{at: "/shipments/0/items/0/line", sent: "9", warn: "order.line.unknown", keeps: "9", shown: func(o order.Order) string { return shipment(o).Items[0].Line }},
		{at: "/downloads/0/line", sent: "9", warn: "order.line.unknown", keeps: "9", shown: func(o order.Order) string { return o.Downloads[0].Line }},
	}
}

// TestEveryValueOfAnOrderIsDecided checks that an order is refused with a reason for a bad value in an
// essential member, but never for one in a decorative member.
func TestEveryValueOfAnOrderIsDecided(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed, shopper := h.feed(), h.signInAs(jan)
	for i, d := range decisions() {
		number := strconv.Itoa(i + 1000)
		receipt, err := feed.PutOrder(t.Context(), number, with(t, strings.Replace(fullOrder, `"number":"1",`, `"number":"`+number+`",`, 1), d.at, d.sent))
		var said []string
		for _, warning := range receipt.Warnings {
			said = append(said, warning.Key)
		}
		var refused []string
		for _, wrong := range validate.FieldErrors(err) {
			refused = append(refused, wrong.Key)
		}
		if got, want := strings.Join(refused, " "), d.refuse; got != want {
			t.Errorf("%s %.60q: refused with %q, want %q (%v)", d.at, d.sent, got, want, err)
			continue
		}
		if got := strings.Join(said, " "); d.refuse == "" && got != d.warn {
			t.Errorf("%s %.60q: warns %q, want %q", d.at, d.sent, got, d.warn)
		}
		if d.shown == nil {
			continue
		}
		order, err := shopper.Order(t.Context(), number)
		if err != nil {
			t.Errorf("%s %.60q: %v", d.at, d.sent, err)
		} else if got := d.shown(order.Order); got != d.keeps {
			t.Errorf("%s %.60q: is shown as %q, want %q", d.at, d.sent, got, d.keeps)
		}
	}
}

// TestNoMemberOfAnOrderIsUndecided reads the list of members from the source.
func TestNoMemberOfAnOrderIsUndecided(t *testing.T) {
	t.Parallel()
	var source []byte
	for _, file := range []string{"wire", "charge", "instructions", "download", "returned"} {
		text, err := os.ReadFile("order/" + file + ".go")
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, text...)
	}
	decided := map[string]bool{}
	for _, d := range decisions() {
		for part := range strings.SplitSeq(d.at, "/") {
			decided[part] = true
		}
	}
	var missing []string
	for _, match := range regexp.MustCompile(`json:"([a-z_]+)`).FindAllStringSubmatch(string(source), -1) {
		if !decided[match[1]] {
			missing = append(missing, match[1])
		}
	}
	if diff := cmp.Diff([]string(nil), missing); diff != "" {
		t.Error(diff)
	}
}

// with returns the document with the value at a JSON pointer replaced.
func with(t *testing.T, document, at string, value any) []byte {
	t.Helper()
	var root any
	if err := json.Unmarshal([]byte(document), &root); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(at, "/")[1:]
	here := root
	for _, part := range parts[:len(parts)-1] {
		if list, ok := here.([]any); ok {
			n, _ := strconv.Atoi(part)
			here = list[n]
			continue
		}
		here = here.(map[string]any)[part]
	}
	here.(map[string]any)[parts[len(parts)-1]] = value
	body, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
