package validate

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Number is a decimal number as text. In JSON it may be a string or a number; a number keeps all its digits,
// so that 12.9 is exactly 12.9.
type Number string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (n *Number) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	text, err := readScalar(from)
	*n = Number(text)
	return err
}

// Time is a time as text. In JSON it may be a string or a number of seconds since 1970.
type Time string

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (t *Time) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	text, err := readScalar(from)
	*t = Time(text)
	return err
}

// readScalar reads a string, or the text of a number; null is "".
func readScalar(from *jsontext.Decoder) (string, error) {
	switch from.PeekKind() {
	case '0':
		value, err := from.ReadValue()
		return string(value), err
	case 'n':
		return "", from.SkipValue()
	}
	var text string
	err := json.UnmarshalDecode(from, &text)
	return text, err
}
