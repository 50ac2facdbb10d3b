package order

import (
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"

	"postern/portal/money"
	"postern/portal/validate"
)

// Fee is a row of the totals besides goods, discounts, shipping and tax. It is part of the total. Amount has
// the sign that the feed gave: a rounding may be negative.
type Fee struct {
	Kind    string        `bson:"kind,omitempty"` // one of FeeKinds
	Label   string        `bson:"label,omitempty"`
	Amount  int64         `bson:"amount"`
	TaxRate money.Decimal `bson:"tax_rate,omitempty"` // percent
}

// FeeKinds lists the kinds of a fee.
func FeeKinds() []string {
	return []string{"cod", "payment", "gift_wrap", "handling", "insurance", "tip", "deposit", "duty", "rounding",
		"other"}
}

// GiftCard is a gift card that the shop has already taken off the total. A gift card that paid an unreduced
// total is a Payment of the kind "gift_card". Amount is the reduction as a positive number.
type GiftCard struct {
	Label      string `bson:"label,omitempty"`
	LastDigits string `bson:"last_digits,omitempty"` // of its code, at most four
	Amount     int64  `bson:"amount"`
}

// Payment is money that the shop received for the order.
type Payment struct {
	Kind       string     `bson:"kind,omitempty"`   // one of PaymentKinds, PaymentByGiftCard, PaymentByCredit, or the feed's word
	Method     string     `bson:"method,omitempty"` // in the shop's words
	Amount     int64      `bson:"amount"`
	Currency   string     `bson:"currency,omitempty"` // "" for the order's
	At         *time.Time `bson:"at,omitempty"`
	LastDigits string     `bson:"last_digits,omitempty"` // of a card or an account, at most four
}

// Refund is money that the shop paid back. Amount is positive. If its parts are given, it is their sum.
type Refund struct {
	Amount     int64        `bson:"amount"`
	At         *time.Time   `bson:"at,omitempty"`
	Reason     string       `bson:"reason,omitempty"`
	Method     string       `bson:"method,omitempty"`
	Lines      []RefundLine `bson:"lines,omitempty"`
	Shipping   *int64       `bson:"shipping,omitempty" json:",omitempty"`
	Adjustment *int64       `bson:"adjustment,omitempty" json:",omitempty"` // a gesture, or below 0 a fee for the return
}

// RefundLine is a line, or a part of it, that a refund is for.
type RefundLine struct {
	Line     string        `bson:"line"` // the line's id
	Quantity money.Decimal `bson:"quantity,omitempty"`
	Amount   *int64        `bson:"amount,omitempty"`
}

// The kinds of a Payment besides PaymentKinds.
const (
	PaymentByGiftCard = "gift_card"
	PaymentByCredit   = "store_credit"
)

type feeWire struct {
	Kind    string          `json:"kind,omitzero"`
	Label   string          `json:"label,omitzero"`
	Amount  validate.Number `json:"amount"`
	TaxRate validate.Number `json:"tax_rate,omitzero"`
}

type giftCardWire struct {
	Label      string          `json:"label,omitzero"`
	LastDigits validate.Number `json:"last_digits,omitzero"`
	Amount     validate.Number `json:"amount"`
}

type paymentWire struct {
	Kind       string          `json:"kind,omitzero"`
	Method     string          `json:"method,omitzero"`
	Amount     validate.Number `json:"amount"`
	Currency   string          `json:"currency,omitzero"`
	At         validate.Time   `json:"at,omitzero"`
	LastDigits validate.Number `json:"last_digits,omitzero"`
}

type refundWire struct {
	Amount     validate.Number  `json:"amount"`
	At         validate.Time    `json:"at,omitzero"`
	Reason     string           `json:"reason,omitzero"`
	Method     string           `json:"method,omitzero"`
	Lines      []refundLineWire `json:"lines,omitzero"`
	Shipping   *validate.Number `json:"shipping,omitzero"`
	Adjustment *validate.Number `json:"adjustment,omitzero"`
}

type refundLineWire struct {
	Line     string           `json:"line"`
	Quantity validate.Number  `json:"quantity,omitzero"`
	Amount   *validate.Number `json:"amount,omitzero"`
}

func (w feeWire) fee(f *validate.Validator, at string) Fee {
	return Fee{
		Kind:    readFeeKind(f, at+"/kind", w.Kind),
		Label:   f.Cut(at+"/label", w.Label, validate.MaxName),
		Amount:  f.RoundedAmount(at+"/amount", w.Amount),
		TaxRate: f.Explained(at+"/tax_rate", w.TaxRate),
	}
}

// readFeeKind reads the kind of a fee in any usual spelling. An unknown word counts as "other".
func readFeeKind(f *validate.Validator, field, word string) string {
	key := validate.StatusKey(word)
	if validate.SaysNothing(key) {
		return "other"
	}
	if kind := feeVocabulary()[key]; kind != "" {
		return kind
	}
	f.Warn(field, "order.fee.kind", "Words", strings.Join(FeeKinds(), ", "))
	return "other"
}

var feeVocabulary = sync.OnceValue(func() validate.Vocabulary {
	return validate.NewVocabulary(FeeKinds(), map[string]string{
		"cod":       "cash_on_delivery cod_fee",
		"payment":   "payment_fee surcharge card_fee",
		"gift_wrap": "gift_wrapping wrapping giftwrap",
		"handling":  "handling_fee service_fee service",
		"insurance": "shipping_insurance",
		"tip":       "gratuity tips",
		"deposit":   "bottle_deposit recycling_fee",
		"duty":      "duties customs import_duty",
		"rounding":  "cash_rounding",
	})
})

func (w giftCardWire) giftCard(f *validate.Validator, at string) GiftCard {
	return GiftCard{
		Label:      f.Cut(at+"/label", w.Label, validate.MaxName),
		LastDigits: readLastDigits(f, at+"/last_digits", w.LastDigits),
		Amount:     validate.Reduced(f.RoundedAmount(at+"/amount", w.Amount)),
	}
}

// maxLastDigits is how much of a card's or an account's number is kept.
const maxLastDigits = 4

// masked matches the letters that stand for the digits before the last ones.
var masked = regexp.MustCompile(`^[xX]{2,}`)

// readLastDigits keeps the last characters of a number or code, whatever masks the others: "**** 4242" and
// "xxxx4242" are 4242, "k3f9" stays.
func readLastDigits(f *validate.Validator, field string, given validate.Number) string {
	text := f.Cut(field, string(given), validate.MaxWord)
	kept := []rune(masked.ReplaceAllString(strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) || unicode.IsLetter(r) {
			return r
		}
		return -1
	}, text), ""))
	if len(kept) > maxLastDigits {
		f.Warn(field, "order.last_digits")
		kept = kept[len(kept)-maxLastDigits:]
	}
	return string(kept)
}

// payment reads a payment. One in another currency keeps it and is never added to the order's amounts. A
// negative one is a refund in the wrong place and is dropped, with a warning.
func (w paymentWire) payment(f *validate.Validator, at string) Payment {
	own := f.Currency
	other := w.Currency != "" && !strings.EqualFold(strings.TrimSpace(w.Currency), own)
	if other {
		f.Currency = f.CurrencyCode(at+"/currency", w.Currency)
		f.Warn(at+"/currency", "order.payment.currency")
	}
	p := Payment{
		Kind:       paymentKind(f.Cut(at+"/kind", w.Kind, validate.MaxWord)),
		Method:     f.Cut(at+"/method", w.Method, validate.MaxName),
		Amount:     f.RoundedAmount(at+"/amount", w.Amount),
		At:         f.FedTime(at+"/at", w.At),
		LastDigits: readLastDigits(f, at+"/last_digits", w.LastDigits),
	}
	if other {
		p.Currency, f.Currency = f.Currency, own
	}
	if p.Amount < 0 {
		f.Warn(at+"/amount", "order.payment.negative")
		return Payment{}
	}
	return p
}

func (w refundWire) refund(f *validate.Validator, at string) Refund {
	r := Refund{
		Amount: validate.Reduced(f.RoundedAmount(at+"/amount", w.Amount)),
		At:     f.FedTime(at+"/at", w.At),
		Reason: f.Cut(at+"/reason", w.Reason, validate.MaxName),
		Method: f.Cut(at+"/method", w.Method, validate.MaxName),

		Shipping: f.Reduction(at+"/shipping", w.Shipping), Adjustment: f.Signed(at+"/adjustment", w.Adjustment),
	}
	r.Lines = validate.Each(f, at+"/lines", maxLines, w.Lines, refundLineWire.line)
	return r
}

func (w refundLineWire) line(f *validate.Validator, at string) RefundLine {
	line := RefundLine{Line: f.Key(at+"/line", w.Line, validate.MaxWord), Amount: f.Reduction(at+"/amount",
		w.Amount)}
	if w.Quantity != "" {
		line.Quantity = f.Quantity(at+"/quantity", w.Quantity)
	}
	return line
}

// checkRefunded sets the sum of the refunds if the feed gives only their list, and warns if it is more than
// the total: that is possible, as a gesture or for the postage of a return, but usually a mistake.
func (o *Order) checkRefunded(f *validate.Validator) {
	if o.Refunded == nil && len(o.Refunds) > 0 {
		sum := o.RefundedTotal()
		o.Refunded = &sum
	}
	if o.Refunded != nil && *o.Refunded > o.Total {
		f.Warn("/refunded", "order.refunded.above_total")
	}
}

func (o Order) feeWires() []feeWire {
	var list []feeWire
	for _, fee := range o.Fees {
		list = append(list, feeWire{Kind: fee.Kind, Label: fee.Label, Amount: o.number(fee.Amount),
			TaxRate: validate.Number(fee.TaxRate)})
	}
	return list
}

func (o Order) giftCardWires() []giftCardWire {
	var list []giftCardWire
	for _, card := range o.GiftCards {
		list = append(list, giftCardWire{Label: card.Label, LastDigits: validate.Number(card.LastDigits),
			Amount: o.number(card.Amount)})
	}
	return list
}

func (o Order) paymentWires() []paymentWire {
	var list []paymentWire
	for _, p := range o.Payments {
		list = append(list, paymentWire{Kind: p.Kind, Method: p.Method, Amount: p.number(o), Currency: p.Currency,
			At: wireTime(p.At), LastDigits: validate.Number(p.LastDigits)})
	}
	return list
}

// Money returns the amount of a payment of the order.
func (p Payment) Money(o Order) money.Amount {
	if p.Currency != "" {
		return money.Amount{Minor: p.Amount, Currency: p.Currency}
	}
	return o.Amount(p.Amount)
}

func (p Payment) number(o Order) validate.Number { return validate.Number(p.Money(o).Decimal()) }

func (o Order) refundWires() []refundWire {
	var list []refundWire
	for _, r := range o.Refunds {
		w := refundWire{Amount: o.number(r.Amount), At: wireTime(r.At), Reason: r.Reason, Method: r.Method,
			Shipping: o.optional(r.Shipping), Adjustment: o.optional(r.Adjustment)}
		for _, line := range r.Lines {
			w.Lines = append(w.Lines, refundLineWire{Line: line.Line, Quantity: validate.Number(line.Quantity),
				Amount: o.optional(line.Amount)})
		}
		list = append(list, w)
	}
	return list
}

// Paid returns what was paid so far: as given, else the sum of the payments in the order's currency.
func (o Order) Paid() int64 {
	if o.AmountPaid != nil {
		return *o.AmountPaid
	}
	var sum int64
	for _, p := range o.Payments {
		if p.Currency == "" {
			sum += p.Amount
		}
	}
	return sum
}

// Due returns what is still to be paid: as given, else what the payments leave of the total. It is not
// negative.
func (o Order) Due() int64 {
	switch {
	case o.AmountDue != nil:
		return max(0, *o.AmountDue)
	case o.Status.Unpaid() && o.Instructions != nil && o.Instructions.Amount != nil:
		return max(0, *o.Instructions.Amount)
	}
	return max(0, o.Total-o.Paid())
}

// number returns an amount as the format writes it.
func (o Order) number(minor int64) validate.Number { return validate.Number(o.Amount(minor).Decimal()) }
