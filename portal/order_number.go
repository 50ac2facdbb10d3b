package portal

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// numberWord is what people write before an order's number, in the portal's languages: "No. 2001", "č.
// 2001", "objednávka č. 2001", "#2001".
var numberWord = regexp.MustCompile(`(?i)^(?:(?:order|objednávka|objednavka|objednávky|zamówienie|bestellung|number|nummer|numer|číslo|cislo|no|nr|č|c|nº|n°|№)[.:]*[\s.:#]+|[#№\s]+|(?:no|nr|č|c)\.)+`)

// halfWidth writes a number as ASCII has its digits and letters: input methods of Chinese and Japanese give
// wide ones.
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

// The shape of an order's number: letters, digits and the marks that shops set between them, and no word
// among them.
var (
	numberSigns = regexp.MustCompile(`^[\pL\p{Nd}#/._ -]*\p{Nd}[\pL\p{Nd}#/._ -]*$`)
	longWord    = regexp.MustCompile(`\pL{7}`)
)

const (
	maxShapedNumber = 24 // characters
	maxNumberGroups = 3  // with spaces between them
)

// looksLikeNumber reports whether a text can be no more than an order's number, with or without a word such
// as "No." before it. A number that does not may be one all the same: it is no reason to refuse anything,
// only to repeat the text to nobody.
func looksLikeNumber(text string) bool {
	text = bareNumber(text)
	return utf8.RuneCountInString(text) <= maxShapedNumber && len(strings.Fields(text)) <= maxNumberGroups &&
		numberSigns.MatchString(text) && !longWord.MatchString(text) && !hostDot.MatchString(text)
}
