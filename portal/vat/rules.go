package vat

// rule holds the published rules for one country's numbers. The shapes come from the VIES FAQ, question 11
// (for CH and NO, from eCH-0097 and Brønnøysundregistrene). The checks follow the "VIES VAT Number
// Construction Rules" (European Commission, DG TAXUD) and the sources that each one names.
type rule struct {
	example string // a valid body
	check   func(body string) bool
	shapes  []string // # is a digit, @ a letter, ? a digit, a letter, + or *; any other character stands for itself
}

// ruleOf returns the rule of a prefix. It is a switch, because a map would be a global.
func ruleOf(prefix string) (rule, bool) {
	switch prefix {
	case "AT":
		return rule{"U12345675", checkAT, []string{"U########"}}, true
	case "BE":
		return rule{"0123456749", checkBE, []string{"##########"}}, true
	case "BG":
		return rule{"123456786", checkBG, []string{"#########", "##########"}}, true
	case "CH":
		return rule{"E123456788", checkCH, []string{"E#########"}}, true
	case "CY":
		return rule{"01234567U", checkCY, []string{"########@"}}, true
	case "CZ":
		return rule{"12345679", checkCZ, []string{"########", "#########", "##########"}}, true
	case "DE":
		return rule{"123456788", checkDE, []string{"#########"}}, true
	case "DK":
		return rule{"12345674", checkDK, []string{"########"}}, true
	case "EE":
		return rule{"123456780", checkEE, []string{"#########"}}, true
	case "EL":
		return rule{"123456783", checkEL, []string{"#########"}}, true
	case "ES":
		return rule{"12345678Z", checkES, []string{"########@", "@#######@", "@########"}}, true
	case "FI":
		return rule{"12345671", checkFI, []string{"########"}}, true
	case "FR":
		return rule{"11123456782", checkFR, []string{"??#########"}}, true
	case "GB", "XI":
		return rule{"123456782", checkGB, []string{"#########", "############", "GD###", "HA###"}}, true
	case "HR":
		return rule{"12345678903", checkHR, []string{"###########"}}, true
	case "HU":
		return rule{"12345676", checkHU, []string{"########"}}, true
	case "IE":
		return rule{"1234567T", checkIE, []string{"#######@", "#######@@", "#?#####@"}}, true
	case "IT":
		return rule{"12345670017", checkIT, []string{"###########"}}, true
	case "LT":
		return rule{"123456715", checkLT, []string{"#######1#", "##########1#"}}, true
	case "LU":
		return rule{"12345613", checkLU, []string{"########"}}, true
	case "LV":
		return rule{"41234567891", checkLV, []string{"###########"}}, true
	case "MT":
		return rule{"12345634", checkMT, []string{"########"}}, true
	case "NL":
		return rule{"123456782B90", checkNL, []string{"#########B##"}}, true
	case "NO":
		return rule{"123456785", checkNO, []string{"#########"}}, true
	case "PL":
		return rule{"1234567883", checkPL, []string{"##########"}}, true
	case "PT":
		return rule{"123456789", checkPT, []string{"#########"}}, true
	case "RO":
		return rule{"1234567897", checkRO, upTo("##########", 2)}, true
	case "SE":
		return rule{"123456789701", checkSE, []string{"############"}}, true
	case "SI":
		return rule{"12345679", checkSI, []string{"########"}}, true
	case "SK":
		return rule{"1234567895", checkSK, []string{"##########"}}, true
	}
	return rule{}, false
}

// upTo returns the prefixes of shape that have least characters or more.
func upTo(shape string, least int) []string {
	var all []string
	for n := least; n <= len(shape); n++ {
		all = append(all, shape[:n])
	}
	return all
}

func (r rule) fits(body string) bool {
	for _, shape := range r.shapes {
		if matches(shape, body) {
			return true
		}
	}
	return false
}

func matches(shape, body string) bool {
	if len(shape) != len(body) {
		return false
	}
	for i := range len(shape) {
		c := body[i]
		switch shape[i] {
		case '#':
			if !isDigit(c) {
				return false
			}
		case '@':
			if !isLetter(c) {
				return false
			}
		case '?':
			// normalise has left only these characters
		default:
			if c != shape[i] {
				return false
			}
		}
	}
	return true
}
