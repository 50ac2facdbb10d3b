package validate

import (
	"errors"

	"postern/portal/vat"
)

func (f *Validator) VATID(field, text, country string) string {
	id, err := vat.Parse(text, country)
	var wrong *vat.Error
	if errors.As(err, &wrong) {
		f.Reject(field, "vat."+string(wrong.Reason), "Example", wrong.Example)
	}
	return id.String()
}
