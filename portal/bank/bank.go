// Package bank reads the accounts that customers pay to, and writes payment orders that banking apps read
// from a QR code.
//
// It must not know of orders.
package bank

import (
	"errors"
	"regexp"
	"strings"
	"unicode"
)

// ErrAccount means that a text is not an account number of the expected form, or that its check digits are
// wrong.
var ErrAccount = errors.New("bank: account number")

// ibanForm is the general form of an IBAN (ISO 13616): country, check digits, account.
var ibanForm = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$`)

// ParseIBAN returns an IBAN without spaces, in capital letters, or "" for an empty text. It checks the form
// and the check digits, not the length that each country prescribes.
func ParseIBAN(text string) (string, error) {
	iban := strings.TrimPrefix(compact(text), "IBAN")
	if iban == "" {
		return "", nil
	}
	if !ibanForm.MatchString(iban) || remainder(iban[4:]+iban[:4]) != 1 {
		return "", ErrAccount
	}
	return iban, nil
}

// bicForm is the form of a BIC (ISO 9362): bank, country, place, and optionally a branch.
var bicForm = regexp.MustCompile(`^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$`)

// ParseBIC returns a BIC in capital letters, or "" for an empty text.
func ParseBIC(text string) (string, error) {
	bic := compact(text)
	if bic != "" && !bicForm.MatchString(bic) {
		return "", ErrAccount
	}
	return bic, nil
}

// Grouped writes an IBAN in groups of four, as on paper.
func Grouped(iban string) string {
	var out strings.Builder
	for i, r := range iban {
		if i > 0 && i%4 == 0 {
			out.WriteByte(' ')
		}
		out.WriteRune(r)
	}
	return out.String()
}

func compact(text string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == '-' || r == '.' || r == ':' {
			return -1
		}
		return r
	}, text))
}

// remainder returns a number modulo 97, with letters as the numbers from 10 to 35 (ISO 7064).
func remainder(text string) int {
	rest := 0
	for _, r := range text {
		if r >= 'A' {
			rest = (rest*100 + int(r-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(r-'0')) % 97
		}
	}
	return rest
}
