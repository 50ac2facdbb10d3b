package address

import (
	"errors"

	"github.com/nyaruka/phonenumbers"
)

// ErrPhone says that a text is no telephone number.
var ErrPhone = errors.New("address: telephone number")

// ParsePhone reads a number as dialled in a country ("0905 123 456" in "SK") or with +, and gives E.164:
// "+421905123456". Numbers that no network has given out and numbers with an extension, which E.164
// cannot hold, are ErrPhone.
func ParsePhone(text, country string) (string, error) {
	if len(text) > 4*MaxLength {
		return "", ErrPhone
	}
	n, err := phonenumbers.Parse(text, country)
	if err != nil || n.GetExtension() != "" || !phonenumbers.IsValidNumber(n) {
		return "", ErrPhone
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

// FormatPhone writes an E.164 number for a reader in a country: as dialled at home where the number is of
// that country, else with +. What is no number is given back unchanged.
func FormatPhone(e164, country string) string {
	n, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return e164
	}
	if phonenumbers.GetRegionCodeForNumber(n) == country {
		return phonenumbers.Format(n, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}
