package vat

import "strings"

// separators are dropped wherever they occur. Besides characters that people type, they include those
// pasted from documents: narrow and no-break spaces, typographic dashes, and two invisible characters.
const separators = " \t\r\n.-/" +
	"\u00a0\u2009\u202f" + // no-break, thin and narrow no-break space
	"\u2010\u2011\u2012\u2013\u2014\u2212" + // hyphens, dashes, minus
	"\u200b\ufeff" // zero-width space, byte order mark

// normalise returns text in upper case without separators, or the reason why it cannot. It does not use
// Unicode case folding, which would turn foreign letters into ASCII ones.
func normalise(text string) (string, Reason) {
	if len(text) > maxLen {
		return "", Format
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune(separators, r):
		case r >= 'a' && r <= 'z':
			b.WriteByte(byte(r) - 'a' + 'A')
		case r <= 0x7f && (isLetter(byte(r)) || isDigit(byte(r)) || r == '+' || r == '*'):
			b.WriteByte(byte(r))
		default:
			return "", Characters
		}
	}
	if b.Len() == 0 {
		return "", Empty
	}
	return b.String(), ""
}

// prefixOf returns the VAT prefix of an ISO 3166 code, or "" if there is no rule for it. Monaco is part of
// the French VAT territory, and the Isle of Man of the British one (Directive 2006/112/EC, article 7, and
// the Customs and Excise Agreement of 1979).
func prefixOf(country string) string {
	c := strings.ToUpper(strings.TrimSpace(country))
	switch c {
	case "GR":
		c = "EL"
	case "MC":
		c = "FR"
	case "IM":
		c = "GB"
	}
	if _, ok := ruleOf(c); !ok {
		return ""
	}
	return c
}

// complete converts different spellings of a body to the canonical one: it removes suffixes required by law
// and adds what older numbers lack.
func complete(prefix, body string) string {
	switch prefix {
	case "BE", "EL":
		return padOld(prefix, body)
	case "CH":
		return swiss(body)
	case "NO":
		return strings.TrimSuffix(body, "MVA")
	}
	return body
}

// padOld adds the leading zero that 9-digit Belgian numbers got in 2005, and 8-digit Greek numbers later.
func padOld(prefix, body string) string {
	if prefix == "BE" && allDigits(body) && len(body) == 9 {
		return "0" + body
	}
	if prefix == "EL" && allDigits(body) && len(body) == 8 {
		return "0" + body
	}
	return body
}

// swiss removes the abbreviation for VAT in the national languages and adds the E of CHE to bare digits.
func swiss(body string) string {
	for _, word := range []string{"MWST", "TVA", "IVA", "TPV"} {
		if cut, ok := strings.CutSuffix(body, word); ok {
			body = cut
			break
		}
	}
	if len(body) == 9 && allDigits(body) {
		return "E" + body
	}
	return body
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' }

func allDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }
