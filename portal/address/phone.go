package address

import (
	"errors"
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"postern/portal/clean"
)

// The errors of ParsePhone.
var (
	// ErrPhone means that a text is not a phone number.
	ErrPhone = errors.New("address: telephone number")
	// ErrPhoneWords means that the text contains words, or letters in place of digits.
	ErrPhoneWords = errors.New("address: telephone number: words")
	// ErrPhoneExtension means that an extension follows the number, which E.164 cannot represent.
	ErrPhoneExtension = errors.New("address: telephone number: extension")
)

// extension matches a number followed by an extension, with the words for it in the portal's and
// neighbouring languages.
var extension = regexp.MustCompile(`(?i)^[+(\d][^\pL#;]{4,}(?:;?ext(?:ension|n)?\b[.:=]?|x|#|` +
	`(?:kl|linka|l|wew|dw|durchwahl|app|apparat|poste|int|ankn)\b[.:]?)\s*\d{1,7}$`)

// trunk matches a country code followed by the trunk prefix in brackets, which is dialled only within the
// country.
var trunk = regexp.MustCompile(`^(\+[\d ./-]{1,5})\(0\)`)

// ParsePhone converts a number to E.164: "+421905123456". The number is as dialled in a country ("0905 123
// 456" in "SK") or starts with +. Invisible characters are ignored, and letters are never read as digits. A
// number that no network uses is ErrPhone, a text with words ErrPhoneWords, and a number with an extension
// ErrPhoneExtension.
func ParsePhone(text, country string) (string, error) {
	if len(text) > 4*MaxLength {
		return "", ErrPhone
	}
	text = strings.TrimPrefix(tidy(clean.Code(norm.NFKC.String(text))), "tel:")
	text = trunk.ReplaceAllString(text, "$1")
	switch {
	case extension.MatchString(text):
		return "", ErrPhoneExtension
	case strings.ContainsFunc(text, unicode.IsLetter):
		return "", ErrPhoneWords
	case strings.ContainsFunc(text, notDialled):
		return "", ErrPhone
	}
	n, err := phonenumbers.Parse(text, country)
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsValidNumber(n) {
		return "", ErrPhone
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

// notDialled reports whether r cannot be part of a written number, which contains only digits, plus,
// brackets and separators.
func notDialled(r rune) bool {
	dialled := r >= '0' && r <= '9' || strings.ContainsRune("+()[]./\\,~*'’", r)
	return !dialled && !unicode.IsSpace(r) && !unicode.Is(unicode.Pd, r)
}

// e164 matches the results of ParsePhone.
var e164 = regexp.MustCompile(`^\+[1-9]\d{4,14}$`)

// FormatPhone formats an E.164 number for a reader in a country: as dialled within the country if the
// number belongs to it, otherwise with +. Any other text is returned unchanged.
func FormatPhone(number, country string) string {
	if !e164.MatchString(number) {
		return number
	}
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return number
	}
	if phonenumbers.GetRegionCodeForNumber(n) == country {
		return phonenumbers.Format(n, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// NationalPhone returns the digits of an E.164 number as dialled within its country, without a trunk prefix:
// "777888999" for "+420777888999". It is "" for any other text.
func NationalPhone(number string) string {
	if !e164.MatchString(number) {
		return ""
	}
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return ""
	}
	return phonenumbers.GetNationalSignificantNumber(n)
}
