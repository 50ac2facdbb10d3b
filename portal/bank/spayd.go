package bank

import (
	"fmt"
	"strings"
)

// The lengths of a Short Payment Descriptor in characters.
const (
	spaydName = 35
	spaydText = 60
)

// spayd writes a Short Payment Descriptor 1.0 of the Czech Banking Association.
func (p Payment) spayd() string {
	var out strings.Builder
	out.WriteString("SPD*1.0")
	add := func(key, value string) {
		if value != "" {
			out.WriteString("*" + key + ":" + escaped(value))
		}
	}
	account := p.IBAN
	if p.BIC != "" {
		account += "+" + p.BIC
	}
	add("ACC", account)
	add("AM", p.Amount.Decimal())
	add("CC", p.Amount.Currency)
	if !p.Due.IsZero() {
		add("DT", p.Due.Format("20060102"))
	}
	add("MSG", cut(p.Reference, spaydText))
	add("RN", cut(p.Name, spaydName))
	add("X-KS", p.ConstantSymbol)
	add("X-SS", p.SpecificSymbol)
	add("X-VS", p.VariableSymbol)
	return out.String()
}

// escaped writes what is not printable ASCII, and the signs with a meaning, as percent and two digits a byte.
func escaped(value string) string {
	var out strings.Builder
	for i := range len(value) {
		switch c := value[i]; {
		case c < ' ' || c > '~' || c == '*' || c == '%':
			fmt.Fprintf(&out, "%%%02X", c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}
