package shopper

import (
	"cmp"
	"strings"
	"time"

	"postern/portal/address"
	"postern/portal/bank"
	"postern/portal/order"
)

// transfer is how to pay an order by bank transfer.
type transfer struct {
	Facts   []copied
	Code    *bank.Picture // nil if no format of QR code can carry the payment
	CodeFor string        // which apps read the code
}

// copied is a value that can be copied. Copy is "" for one that nobody needs to type.
type copied struct {
	Label, Value, Copy, CopyLabel string
	Late                          bool // a day that has passed
	Whole                         bool // fits into one line of a wide page and is easier to check there
}

// maxWholeIBAN is the length of the longest IBAN that is kept in one line.
const maxWholeIBAN = 24

// transfer returns how to pay, in the order in which banks ask, or nil if the order needs no payment or names no
// account. The words and the code say the same.
func (p *orderPage) transfer(now time.Time, drawings *bank.Drawings) (*transfer, error) {
	in := p.Order.Transfer()
	if in == nil {
		return nil, nil //nolint:nilnil // most orders have none
	}
	due := p.Order.Amount(p.Order.Due())
	made := &transfer{}
	add := func(key, value, raw string) {
		if value != "" {
			label := p.T(key)
			made.Facts = append(made.Facts, copied{Label: label, Value: value, Copy: raw,
				CopyLabel: p.T("payment.copy.what", "What", label)})
		}
	}
	name, reference := cmp.Or(in.AccountName, p.Shop.Name), in.Reference
	if reference == "" && in.VariableSymbol == "" { // or the shop could not tell what was paid
		reference = p.Order.Number
	}
	add("payment.account_name", name, name)
	if add("payment.iban", bank.Grouped(in.IBAN), in.IBAN); in.IBAN != "" {
		made.Facts[len(made.Facts)-1].Whole = len(in.IBAN) <= maxWholeIBAN
	}
	add("payment.account", in.Account, in.Account)
	add("payment.bic", in.BIC, in.BIC)
	add("payment.amount", p.Money(due), due.Decimal())
	if in.DueAt != nil {
		add("payment.due", p.dueDay(*in.DueAt, now), "")
		made.Facts[len(made.Facts)-1].Late = p.isLate(now)
	}
	add("payment.variable_symbol", in.VariableSymbol, in.VariableSymbol)
	add("payment.specific_symbol", in.SpecificSymbol, in.SpecificSymbol)
	add("payment.constant_symbol", in.ConstantSymbol, in.ConstantSymbol)
	add("payment.reference", reference, reference)
	asked := bank.Payment{
		Name: name, IBAN: in.IBAN, BIC: in.BIC, Amount: due,
		VariableSymbol: in.VariableSymbol, ConstantSymbol: in.ConstantSymbol, SpecificSymbol: in.SpecificSymbol,
		Reference: reference,
	}
	if in.DueAt != nil {
		asked.Due = in.DueAt.In(p.Shop.Location())
	}
	code, ok := asked.Code(payerCountry(p.Order))
	if !ok {
		return made, nil
	}
	picture, err := drawings.QR(code.Payload)
	if err != nil {
		return nil, err
	}
	made.Code, made.CodeFor = &picture, p.T("payment.qr."+string(code.Format))
	return made, nil
}

// isLate reports whether the last day to pay an unpaid order has passed.
func (p *orderPage) isLate(now time.Time) bool {
	in := p.Order.Instructions
	return p.Order.Status.Unpaid() && in != nil && in.DueAt != nil && in.DueAt.Before(startOfDay(now))
}

// dueDay names the last day to pay and, once it has passed, says how long ago that was.
func (p *orderPage) dueDay(due, now time.Time) string {
	if !p.isLate(now) {
		return p.L.DayDate(due)
	}
	days := int(startOfDay(now).Sub(startOfDay(due.In(now.Location()))).Round(24*time.Hour) / (24 * time.Hour))
	return p.T("payment.due.late", "Due", due, "Count", days)
}

// payerCountry returns the country of the payer's address, or "".
func payerCountry(o order.View) string {
	for _, a := range []*address.Address{o.BillingAddress, o.ShippingAddress} {
		if a != nil {
			return a.Country
		}
	}
	return ""
}

// paymentSentence returns the sentence about the payment that the headline has the key of, with the amounts.
func (p *orderPage) paymentSentence(now time.Time) string {
	o, key := p.Order, p.Order.Headline.Payment
	if key == "" {
		return ""
	}
	word, amount := paymentKeys()[key], o.Due()
	switch {
	case word == "refunded":
		amount = o.RefundedTotal()
	case strings.HasPrefix(word, order.PaymentFailed) && o.Links.Payment == "" && o.Transfer() == nil:
		word = "" // "Pay again" would lead nowhere
	}
	if word == "" || amount == 0 {
		return p.T(key)
	}
	if word == order.PaymentPending && o.Links.Payment != "" && len(o.Downloads) > 0 && o.LocksDownloads() {
		return p.T("payment.sentence.files", "Amount", o.Amount(amount))
	}
	payNow := word == "transfer" && o.Links.Payment != "" && o.Transfer() == nil && o.Status.IsUnsent()
	if payNow { // the page gives no account, but a way to pay at once
		word = "pending"
	}
	in := o.Instructions
	if in != nil && in.DueAt != nil && o.Status.Unpaid() && (word == "transfer" || word == "invoice" || word == "pending") {
		switch {
		case isToday(*in.DueAt, now):
			word += ".today"
		case !p.isLate(now):
			word += ".on"
		case o.Links.Payment != "" || o.Transfer() != nil:
			word = "late.open"
		default:
			word = "late"
		}
		return p.T("payment.sentence."+word, "Amount", o.Amount(amount), "Due", *in.DueAt)
	}
	if payNow {
		word = "open"
	}
	return p.T("payment.sentence."+word, "Amount", o.Amount(amount), "Paid", o.Amount(o.Paid()),
		"Total", o.Amount(o.Total))
}

// paymentKeys returns the headlines that have a longer sentence on the order's page.
func paymentKeys() map[string]string {
	const key = "headline.payment."
	return map[string]string{
		key + "transfer": "transfer", key + order.PaymentPending: "pending", key + "invoice": "invoice",
		key + order.PaymentByCOD: "cod", key + order.PaymentPartiallyPaid: "partly",
		key + order.PaymentRequiresAction: "requires_action",
		key + order.PaymentFailed:         "failed", key + order.PaymentFailed + ".card": "failed.card",
		key + order.PaymentPartiallyRefunded: "refunded", key + order.PaymentRefunded: "refunded",
	}
}

// payments returns the payments that the shop received: the way, and the amount with its date.
func (p *orderPage) payments() []fact {
	var facts []fact
	for _, paid := range p.Order.Payments {
		way := paid.Method
		if way == "" {
			way = p.paymentKind(paid.Kind)
		}
		value := p.Money(paid.Money(p.Order.Order))
		if paid.At != nil {
			value = p.T("payment.made", "Amount", value, "When", *paid.At)
		}
		facts = append(facts, fact{masked(way, paid.LastDigits), value})
	}
	return facts
}

// paymentKind names a kind of payment. A feed's own word is shown as it is.
func (p *orderPage) paymentKind(kind string) string {
	if kind == "" {
		kind = "other"
	}
	if key := "payment.kind." + kind; p.L.Has(key) {
		return p.T(key)
	}
	return kind
}
