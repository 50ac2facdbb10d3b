package portal

import (
	"regexp"
	"strings"
)

// numberWord is what people write before an order's number, in the portal's languages: "No. 2001", "č. 2001", "objednávka č. 2001", "#2001".
var numberWord = regexp.MustCompile(`(?i)^(?:(?:order|objednávka|objednavka|objednávky|zamówienie|bestellung|number|nummer|numer|číslo|cislo|no|nr|č|c|nº|n°|№)[.:]*[\s.:#]+|[#№\s]+|(?:no|nr|č|c)\.)+`)

// halfWidth writes a number as ASCII has its digits and letters: input methods of Chinese and Japanese give wide ones.
func halfWidth(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '\u3000':
			return ' '
		}
		return r
	}, text)
}

// bareNumber is an order's number as people write it, without the word before it.
func bareNumber(text string) string {
	plain := strings.TrimSpace(halfWidth(text))
	if bare := strings.TrimSpace(numberWord.ReplaceAllString(plain, "")); bare != "" {
		return bare
	}
	return plain
}
