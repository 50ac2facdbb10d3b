package bank

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"postern/portal/money"
)

// Payment is a bank transfer that a customer is asked for.
type Payment struct {
	Name      string // of the account's holder
	IBAN, BIC string // as ParseIBAN and ParseBIC return them
	Amount    money.Amount
	// The symbols of Czech and Slovak payments, or "".
	VariableSymbol, ConstantSymbol, SpecificSymbol string
	Reference                                      string    // the message for the recipient, or ""
	Due                                            time.Time // in the shop's time zone; zero if not given
}

// Format is a standard for a payment as text, which banking apps read from a QR code.
type Format string

// The formats.
const (
	FormatEPC         Format = "epc"           // EPC069-12, for transfers in euro
	FormatSPAYD       Format = "spayd"         // the Czech one
	FormatPayBySquare Format = "pay_by_square" // the Slovak one
)

// Code is a payment as the text of a QR code.
type Code struct {
	Format  Format
	Payload string
}

// Code returns the payment in the format that the apps of the payer's bank read most likely: SPAYD and PAY by
// square are read in their own country only, EPC069-12 in most others. payer is a country, "" if unknown. The
// second result is false if no format can carry the payment.
func (p Payment) Code(payer string) (Code, bool) {
	if p.IBAN == "" || p.Amount.Minor <= 0 {
		return Code{}, false
	}
	home, euro := p.IBAN[:2], p.Amount.Currency == "EUR"
	domestic := payer == "" || payer == home
	switch {
	case p.Amount.Currency == "CZK" || home == "CZ" && (domestic || !euro):
		return Code{FormatSPAYD, p.spayd()}, true
	case euro && home == "SK" && domestic:
		return Code{FormatPayBySquare, p.payBySquare()}, true
	case euro && p.Name != "":
		return Code{FormatEPC, p.epc()}, true
	}
	return Code{}, false
}

// cut returns at most most characters of a text, on one line.
func cut(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		text = strings.TrimSpace(string(runes[:most]))
	}
	return text
}

// plain returns a text without diacritics, which some banks do not accept.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}
