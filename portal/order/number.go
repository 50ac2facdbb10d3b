package order

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"postern/portal/validate"
)

// numberWord matches what people write before an order number, in the portal's languages: "No. 2001", "č.
// 2001", "objednávka č. 2001", "#2001".
var numberWord = regexp.MustCompile(`(?i)^(?:(?:order|objednávka|objednavka|objednávky|zamówienie|bestellung|number|nummer|numer|číslo|cislo|no|nr|č|c|nº|n°|№)[.:]*[\s.:#]+|[#№\s]+|(?:no|nr|č|c)\.)+`)

// BareNumber returns an order number as typed, without the word before it.
func BareNumber(text string) string {
	plain := strings.TrimSpace(validate.HalfWidth(text))
	if bare := strings.TrimSpace(numberWord.ReplaceAllString(plain, "")); bare != "" {
		return bare
	}
	return plain
}

// The format of an order number: letters, digits and the separators that shops use, but no long words.
var (
	numberSigns = regexp.MustCompile(`^[\pL\p{Nd}#/._ -]*\p{Nd}[\pL\p{Nd}#/._ -]*$`)
	longWord    = regexp.MustCompile(`\pL{7}`)
)

const (
	maxShapedNumber = 24 // characters
	maxNumberGroups = 3  // with spaces between them
)

// LooksLikeNumber reports whether a text is plausible as an order number, with or without a word such as
// "No." before it. Other texts may still be order numbers, so the result is no reason to reject anything;
// it only decides whether an email may repeat the text.
func LooksLikeNumber(text string) bool {
	text = BareNumber(text)
	return utf8.RuneCountInString(text) <= maxShapedNumber && len(strings.Fields(text)) <= maxNumberGroups &&
		numberSigns.MatchString(text) && !longWord.MatchString(text) && !validate.HostDot.MatchString(text)
}
