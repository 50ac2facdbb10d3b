package demo

import (
	"fmt"
	"strings"
	"time"

	"postern/portal/order"
)

// firm is a company in the shop's own country: it pays by invoice, and the order has its VAT ID.
func firm(g *orderGenerator, o *orderDoc, i int) {
	o.VATID, o.PaymentKind, o.PaymentMethod = g.person.company.VATID, "invoice", "Faktúra, splatnosť 14 dní"
	if i%3 == 0 {
		o.Discounts = []discountDoc{{Label: "Zľava pre firmy 8 %", Amount: decimal(percent(o.subtotal(), 8))}}
		o.off = percent(o.subtotal(), 8)
	}
}

// reverseCharge is a company in another member state: it is charged no tax, and the order says why.
func reverseCharge(g *orderGenerator, o *orderDoc, i int) {
	o.vat, o.VATID = 0, g.person.company.VATID
	o.TaxNote = "Reverse charge: VAT is to be accounted for by the recipient (Art. 196, Directive 2006/112/EC)."
	o.PaymentKind, o.PaymentMethod = "transfer", "SEPA-Überweisung"
	if i%4 == 1 {
		o.ShippingMethod, o.CustomerNote = "Spedition bis Bordsteinkante", "Anlieferung bitte nur werktags zwischen 7 und 11 Uhr über den Lieferanteneingang."
	}
}

// manyLines is the number of lines of the longest order.
const manyLines = 120

func longOrders(g *orderGenerator, o *orderDoc, i int) {
	if i != g.person.orders-3 {
		return
	}
	o.Lines = nil
	for n := range manyLines {
		all := products()
		line := g.line(all[n%len(all)])
		line.SKU = fmt.Sprintf("%s/%d", line.SKU, n+1)
		o.Lines = append(o.Lines, line)
	}
	o.shipping = 2490
}

// gallery has an order for each payment and fulfilment status, followed by some that the portal does not
// know.
func gallery(g *orderGenerator, o *orderDoc, i int) {
	payments, fulfillments, strange := order.Payments(), order.Fulfillments(), strangeWords()
	switch {
	case i < len(payments):
		o.set(order.StateOpen, payments[i], order.Processing)
	case i < len(payments)+len(fulfillments):
		o.set(order.StateOpen, order.PaymentPaid, fulfillments[i-len(payments)])
	default:
		word := strange[i-len(payments)-len(fulfillments)]
		o.set(order.StateOpen, order.PaymentPaid, word[0])
		o.SourceStatus, o.SourceLabel = word[1], word[2]
	}
	switch o.Payment {
	case order.PaymentPartiallyRefunded:
		o.back = percent(o.subtotal(), 30)
	case order.PaymentRefunded:
		o.back = o.subtotal() + o.shipping
	}
	switch o.Fulfillment {
	case order.FulfillmentStopped:
		o.State = order.StateCancelled
	case order.Delivered, order.Returned:
		o.State = order.StateCompleted
	}
}

// strangeWords returns fulfilment statuses that the portal does not know: the word, the source's own word
// and the shop's label.
func strangeWords() [][3]string {
	return [][3]string{
		{"unknown", "CUSTOM_FULFILLMENT_STATUS_2", "Gravíruje sa"},
		{"engraving", "wc-engraving", "Gravírovanie: ešte dva dni"},
		{"unknown", "waiting-for-the-moon", ""},
		{"teleported", "", ""},
	}
}

func galleryOrders() int {
	return len(order.Payments()) + len(order.Fulfillments()) + len(strangeWords())
}

// unpaid has orders that the customer still has to pay: in turn on delivery, by bank transfer and online.
func unpaid(g *orderGenerator, o *orderDoc, i int) {
	switch i % 3 {
	case 0:
		o.PaymentKind, o.PaymentMethod = order.PaymentByCOD, "Dobierka"
		o.Fees, o.fee = []feeDoc{{Kind: "cod", Amount: decimal(codFee)}}, codFee
		if o.State == order.StateOpen {
			o.Payment = order.PaymentPending
		}
	case 1:
		o.PaymentKind, o.PaymentMethod = "transfer", "Bankový prevod"
		if g.now.Sub(o.PlacedAt) < 30*day {
			o.set(order.StateOpen, order.PaymentPending, order.Unfulfilled)
			o.Instructions = &instructionsDoc{AccountName: "Hájenka, s. r. o.", IBAN: "SK3112000000198742637541",
				BIC: "UNCRSKBX", VariableSymbol: strings.TrimPrefix(o.Number, "HJ-"), DueAt: o.PlacedAt.Add(14 * day)}
		}
	case 2:
		if g.now.Sub(o.PlacedAt) < 30*day {
			o.set(order.StateOpen, order.PaymentRequiresAction, order.Unfulfilled)
			o.Links.Payment = g.outside("pay/" + o.Number)
		}
	}
}

// codFee is the fee for cash on delivery in cents.
const codFee = 150

// files returns the downloads of an order: one without a limit, then one that expired, one that was used up.
func (g *orderGenerator) files(o *orderDoc) []downloadDoc {
	none, three := 0, 3
	formats := []downloadDoc{{Name: "epub", Left: &three, Until: g.now.Add(400 * day)}, {Name: "pdf"},
		{Name: "mobi", Until: o.PlacedAt.Add(time.Hour)}, {Name: "mp3", Left: &none}}
	for i := range formats {
		file := &formats[i]
		file.Line, file.URL = "1", g.outside("downloads/"+o.Number+"."+file.Name)
		file.Name = o.Lines[0].Name + "." + file.Name
	}
	return formats
}

// digital buys downloads in every other order.
func digital(g *orderGenerator, o *orderDoc, i int) {
	o.vat, o.PaymentKind, o.PaymentMethod = 20, "other", "PayPal"
	o.ShippingMethod = "Royal Mail Tracked 48"
	if i%2 == 0 {
		return
	}
	o.IsDigital, o.Lines, o.shipping, o.ShippingMethod, o.ShippingAddress = true, g.lines(1+i%2,
		true), 0, "", nil
	o.set(order.StateCompleted, order.PaymentPaid, order.Delivered)
	o.back = 0
	if o.Downloads = g.files(o); i%4 == 1 {
		o.Downloads = o.Downloads[:1]
	}
}

// parcels go to a pickup point, or are split into several shipments.
func parcels(g *orderGenerator, o *orderDoc, i int) {
	o.ShippingMethod = "Výdajné miesto Packeta"
	const point = "Packeta Trnava, Kvetinárstvo Pri Kostole, Hlavná 17"
	o.Lines = g.lines(3, false)
	o.seal() // numbers the lines
	switch {
	case i == g.person.orders-2:
		o.set(order.StateOpen, order.PaymentPaid, order.ReadyForPickup)
		o.Shipments = []shipmentDoc{{Carrier: "Packeta", Number: "Z0000000017", PickupPoint: point,
			PickupHours: "Po–Pi 8:00–18:00\nSo 9:00–12:00",
			ShippedAt:   g.after(o, day)}}
	case i == g.person.orders-3:
		o.set(order.StateOpen, order.PaymentPaid, order.PartiallyShipped)
		o.Shipments = []shipmentDoc{g.parcel(o, o.Lines[:1])}
	case i == g.person.orders-4:
		o.set(order.StateOpen, order.PaymentPaid, order.PartiallyDelivered)
		o.Shipments = []shipmentDoc{g.parcel(o, o.Lines[:1]), g.parcel(o, o.Lines[1:2]),
			g.parcel(o, o.Lines[2:])}
		o.Shipments[0].DeliveredAt = g.after(o, 3*day)
		o.Shipments[1].Carrier, o.Shipments[1].ExpectedTo = "Slovenská pošta", time.Time{}
	case o.Fulfillment == order.Delivered:
		o.Shipments = []shipmentDoc{g.parcel(o, o.Lines[:2]), g.parcel(o, o.Lines[2:])}
		o.Shipments[0].PickupPoint = point
	}
}

// returns uses vouchers, returns items and complains.
func returns(g *orderGenerator, o *orderDoc, i int) {
	if i%5 == 4 {
		o.Lines = g.bundle()
	}
	if i%2 == 0 {
		o.off = min(500, o.subtotal())
		o.Discounts = []discountDoc{{Label: "Narodeninový poukaz", Code: "LUBO-5", Amount: decimal(o.off)}}
	}
	if o.Fulfillment != order.Delivered {
		return
	}
	switch i % 5 {
	case 1:
		o.set(order.StateCompleted, order.PaymentPartiallyRefunded, order.PartiallyReturned)
		o.back = o.Lines[0].cents
		o.Refunds = []refundDoc{{Amount: decimal(o.back), At: g.after(o, 12*day), Reason: "Odstúpenie od zmluvy",
			Lines: []itemDoc{{Line: "1", Quantity: o.Lines[0].Quantity}}}}
		o.Returns = []returnDoc{{Number: "R-" + o.Number, State: order.ReturnRefunded, Reason: "Nesadlo mi to",
			Carrier: "DPD", UpdatedAt: g.after(o, 12*day),
			Lines: []itemDoc{{Line: "1", Quantity: o.Lines[0].Quantity}}}}
		o.Payments = []paymentDoc{{Kind: "card", Method: "Visa", LastDigits: "4242",
			Amount: decimal(o.subtotal() - o.off + o.shipping), At: g.after(o, 4*time.Minute)}}
		o.Notes = []noteDoc{{Text: "Vrátené sme prijali, peniaze prídu na kartu do piatich dní.",
			At: g.after(o, 12*day)}}
	case 2:
		o.set(order.StateCompleted, order.PaymentRefunded, order.Returned)
		o.back = o.subtotal() - o.off + o.shipping
	case 3:
		o.set(order.StateOpen, order.PaymentDisputed, order.Delivered)
	}
}

// bundle returns the lines of a set with its parts, and of one more product.
func (g *orderGenerator) bundle() []lineDoc {
	all := products()
	set := g.line(all[0])
	set.SKU, set.Name, set.Options = "SET-01", "Raňajková sada pre dvoch", nil
	set.Quantity, set.UnitPrice, set.cents = "1", decimal(5490), 5490
	parts := []lineDoc{g.line(all[0]), g.line(all[9]), g.line(all[7])}
	for i := range parts {
		parts[i].Parent, parts[i].Quantity, parts[i].UnitPrice, parts[i].cents = "1", "2", "", 0
	}
	return append(append([]lineDoc{set}, parts...), g.line(all[10]))
}

// regretted is an order in one situation of the right of withdrawal.
type regretted struct {
	age  time.Duration
	what func(o *orderDoc)
}

func regrets() []regretted {
	return []regretted{
		{40 * day, func(*orderDoc) {}}, // the period is over
		{12 * day, func(o *orderDoc) { o.Business = true }},
		{11 * day, func(o *orderDoc) { o.Lines[0].Withdrawal = "custom_made" }},
		{10 * day, func(o *orderDoc) { o.Lines = o.Lines[:1]; o.Lines[0].Withdrawal = "perishable" }},
		{9 * day, func(*orderDoc) {}}, // within the period
		{8 * day, func(*orderDoc) {}}, // the customer withdraws
	}
}

// regret has delivered orders, one for each of the regrets.
func regret(g *orderGenerator, o *orderDoc, i int) {
	o.PlacedAt, o.back, o.Lines = g.now.Add(-regrets()[i].age), 0, g.lines(2, false)
	o.set(order.StateCompleted, order.PaymentPaid, order.Delivered)
	regrets()[i].what(o)
}

// longAgo moves all orders back by three years, so that this year's list is empty.
func longAgo(g *orderGenerator, o *orderDoc, _ int) {
	o.PlacedAt = o.PlacedAt.AddDate(-3, 0, 0)
	o.set(order.StateCompleted, order.PaymentPaid, order.Delivered)
	o.back, o.vat = 0, 21
	for i := range o.Lines {
		line := &o.Lines[i]
		line.cents *= 25
		line.UnitPrice = "" // optional in a feed
	}
	o.shipping = 9900
}
