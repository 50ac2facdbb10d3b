package address

import (
	"errors"
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"postern/portal/validate"
)

// What ParsePhone refuses.
var (
	// ErrPhone says that a text is no telephone number.
	ErrPhone = errors.New("address: telephone number")
	// ErrPhoneWords says that there are words beside the number, or letters in place of digits.
	ErrPhoneWords = errors.New("address: telephone number: words")
	// ErrPhoneExtension says that there is an extension behind the number, which E.164 cannot hold.
	ErrPhoneExtension = errors.New("address: telephone number: extension")
)

// extension is a number and what is dialled after it, with the words of the languages around us.
var extension = regexp.MustCompile(`(?i)^[+(\d][^\pL#;]{4,}(?:;?ext(?:ension|n)?\b[.:=]?|x|#|` +
	`(?:kl|linka|l|wew|dw|durchwahl|app|apparat|poste|int|ankn)\b[.:]?)\s*\d{1,7}$`)

// trunk is the nought that is dialled at home only, as it stands in brackets behind a country's code.
var trunk = regexp.MustCompile(`^(\+[\d ./-]{1,5})\(0\)`)

// ParsePhone reads a number as dialled in a country ("0905 123 456" in "SK") or with +, and gives E.164:
// "+421905123456". Marks that cannot be seen do not count, and no letter is read as a digit. Numbers that
// no network has given out are ErrPhone, numbers with words ErrPhoneWords, and those with an extension
// ErrPhoneExtension.
func ParsePhone(text, country string) (string, error) {
	if len(text) > 4*MaxLength {
		return "", ErrPhone
	}
	text = strings.TrimPrefix(tidy(validate.Code(norm.NFKC.String(text))), "tel:")
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

// notDialled finds what a written number does not have: digits, plus, brackets, and what parts groups.
func notDialled(r rune) bool {
	dialled := r >= '0' && r <= '9' || strings.ContainsRune("+()[]./\\,~*'’", r)
	return !dialled && !unicode.IsSpace(r) && !unicode.Is(unicode.Pd, r)
}

// e164 is the form that ParsePhone gives.
var e164 = regexp.MustCompile(`^\+[1-9]\d{4,14}$`)

// FormatPhone writes an E.164 number for a reader in a country: as dialled at home where the number is of
// that country, else with +. What is no such number is given back unchanged.
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
