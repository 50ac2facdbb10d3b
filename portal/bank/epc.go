package bank

import "strings"

// The lengths of EPC069-12 in characters.
const (
	epcName        = 70
	epcText        = 140
	epcStructured  = 25 // an ISO 11649 reference
	epcStructured4 = 4  // its prefix and check digits
)

// epc writes EPC069-12, version 002, in UTF-8. The purpose is left out; so are empty elements at the end.
func (p Payment) epc() string {
	structured, text := "", p.remittance()
	if reference := compact(p.Reference); isCreditorReference(reference) {
		structured, text = reference, ""
	}
	lines := []string{"BCD", "002", "1", "SCT", p.BIC, cut(p.Name, epcName), p.IBAN,
		"EUR" + p.Amount.Decimal(), "",
		structured, text}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// remittance returns the reference, with the symbols of a Czech or Slovak payment as their banks write them
// in SEPA transfers.
func (p Payment) remittance() string {
	if p.VariableSymbol == "" {
		return cut(p.Reference, epcText)
	}
	symbols := "/VS" + p.VariableSymbol + "/SS" + p.SpecificSymbol + "/KS" + p.ConstantSymbol
	return cut(symbols+" "+p.Reference, epcText)
}

// isCreditorReference reports whether a text is a structured reference (ISO 11649), such as RF18539007547034.
func isCreditorReference(text string) bool {
	if len(text) <= epcStructured4 || len(text) > epcStructured || !strings.HasPrefix(text, "RF") {
		return false
	}
	for _, r := range text {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return remainder(text[epcStructured4:]+text[:epcStructured4]) == 1
}
