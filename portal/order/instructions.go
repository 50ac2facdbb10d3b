package order

import (
	"cmp"
	"strings"
	"time"

	"postern/portal/bank"
	"postern/portal/validate"
)

// Instructions tell the customer how to pay an order by bank transfer.
type Instructions struct {
	AccountName string `bson:"account_name,omitempty"`
	IBAN        string `bson:"iban,omitempty"` // ISO 13616, without spaces
	BIC         string `bson:"bic,omitempty"`  // ISO 9362
	// Account is the account in the national format, for shops without an IBAN.
	Account string `bson:"account,omitempty"`
	// The symbols of Czech and Slovak payments, at most ten digits each.
	VariableSymbol string     `bson:"variable_symbol,omitempty"`
	ConstantSymbol string     `bson:"constant_symbol,omitempty"`
	SpecificSymbol string     `bson:"specific_symbol,omitempty"`
	Reference      string     `bson:"reference,omitempty"` // the message for the recipient
	Amount         *int64     `bson:"amount,omitempty"`    // nil for the amount that is due
	DueAt          *time.Time `bson:"due_at,omitempty"`
	DueDay         string     `bson:"due_day,omitempty" json:",omitempty"` // DueAt as it was sent, if that was a day
}

// usable reports whether the instructions name an account. nil is not usable.
func (in *Instructions) usable() bool { return in != nil && (in.IBAN != "" || in.Account != "") }

// Transfer returns how to pay the order by bank transfer, or nil if it needs no payment or no account is
// known.
func (o Order) Transfer() *Instructions {
	if !o.Status.Unpaid() || !o.Instructions.usable() {
		return nil
	}
	return o.Instructions
}

type instructionsWire struct {
	AccountName    string           `json:"account_name,omitzero"`
	IBAN           string           `json:"iban,omitzero"`
	BIC            string           `json:"bic,omitzero"`
	Account        string           `json:"account,omitzero"`
	VariableSymbol validate.Number  `json:"variable_symbol,omitzero"`
	ConstantSymbol validate.Number  `json:"constant_symbol,omitzero"`
	SpecificSymbol validate.Number  `json:"specific_symbol,omitzero"`
	Reference      string           `json:"reference,omitzero"`
	Amount         *validate.Number `json:"amount,omitzero"`
	DueAt          validate.Time    `json:"due_at,omitzero"`
}

// maxReference is the length of a SEPA remittance information (EPC069-12).
const maxReference = 140

// instructions reads how to pay. A wrong account is refused, not dropped: somebody would miss it, or pay
// somebody else.
func (w *instructionsWire) instructions(f *validate.Validator, at string) *Instructions {
	if w == nil {
		return nil
	}
	in := &Instructions{
		AccountName:    f.Cut(at+"/account_name", w.AccountName, validate.MaxWord),
		Account:        f.Key(at+"/account", w.Account, validate.MaxWord),
		VariableSymbol: readSymbol(f, at+"/variable_symbol", w.VariableSymbol),
		ConstantSymbol: readSymbol(f, at+"/constant_symbol", w.ConstantSymbol),
		SpecificSymbol: readSymbol(f, at+"/specific_symbol", w.SpecificSymbol),
		Reference:      f.Cut(at+"/reference", w.Reference, maxReference),
		Amount:         f.OptionalAmount(at+"/amount", w.Amount),
	}
	in.DueAt, in.DueDay = f.FedDay(at+"/due_at", w.DueAt)
	var err error
	if in.IBAN, err = bank.ParseIBAN(w.IBAN); err != nil {
		f.Reject(at+"/iban", "bank.iban")
	}
	if in.BIC, err = bank.ParseBIC(w.BIC); err != nil {
		f.Reject(at+"/bic", "bank.bic")
	}
	return in
}

// maxSymbol is the length of a symbol in Czech and Slovak payments.
const maxSymbol = 10

func readSymbol(f *validate.Validator, field string, given validate.Number) string {
	text := f.Key(field, strings.TrimSpace(string(given)), validate.MaxWord)
	if strings.Trim(text, "0123456789") != "" || len(text) > maxSymbol {
		f.Reject(field, "bank.symbol")
		return ""
	}
	return text
}

func (o Order) instructionsWire() *instructionsWire {
	in := o.Instructions
	if in == nil {
		return nil
	}
	return &instructionsWire{
		AccountName: in.AccountName, IBAN: in.IBAN, BIC: in.BIC, Account: in.Account,
		VariableSymbol: validate.Number(in.VariableSymbol), ConstantSymbol: validate.Number(in.ConstantSymbol),
		SpecificSymbol: validate.Number(in.SpecificSymbol), Reference: in.Reference,
		Amount: o.optional(in.Amount), DueAt: cmp.Or(validate.Time(in.DueDay), wireTime(in.DueAt)),
	}
}
