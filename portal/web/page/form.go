package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"postern/portal/validate"

	"github.com/gofiber/fiber/v2"
)

// Form is a form as it is shown, with the typed values and the errors.
type Form struct {
	Values      map[string]string // by field name
	FieldErrors map[string]string // by field name: sentences
	Summary     string            // above the form, "" if there are no errors
	Labels      map[string]string // by field name: precede in the summary what names no field; may be nil

	order     []string        // the invalid fields in the order of the errors
	vague     map[string]bool // the fields whose sentence could stand at any field
	optional  string
	fragments *fragments
}

// Values reads the named fields of a submitted form.
func Values(c *fiber.Ctx, names ...string) map[string]string {
	values := make(map[string]string, len(names))
	for _, name := range names {
		values[name] = c.FormValue(name)
	}
	return values
}

// Form returns a form with the values and with the error that a use case returned for them, or nil. Errors
// of fields become sentences at the fields; an error that names no field appears above the form.
func (b Base) Form(values map[string]string, err error) Form {
	f := Form{Values: values, FieldErrors: make(map[string]string), vague: make(map[string]bool),
		optional: b.T("form.optional"), fragments: b.fragments}
	if err == nil {
		return f
	}
	f.Summary = b.T(summaryKey(err))
	if b.refused != nil {
		*b.refused = true
	}
	for _, wrong := range validate.FieldErrors(err) {
		if _, known := f.FieldErrors[wrong.Field]; known {
			continue
		}
		sentence := b.T(wrong.Key, wrong.Args)
		if wrong.Field == "" { // an error of the whole form
			f.Summary = sentence
			continue
		}
		f.FieldErrors[wrong.Field] = sentence
		f.order = append(f.order, wrong.Field)
		f.vague[wrong.Field] = isVague(wrong.Key)
	}
	return f
}

// isVague reports whether the sentence of an error does not name its field, so that it makes no sense in the
// summary without the field's label. "Enter your full name." does; "Required." does not.
func isVague(key string) bool {
	return strings.HasPrefix(key, "text.") || slices.Contains([]string{"address.required", "birth_date.early",
		"birth_date.form", "edit.conflict", "filter.number", "filter.unknown", "merge.choose", "period.date",
		"url.form", "vat.country", "withdrawal.link", "withdrawal.quantity"}, key)
}

// ChooseAgain returns a form that was sent with files and is shown again: it asks for them at their field,
// after the error there, since no page can keep a file.
func (f Form) ChooseAgain(name, sentence string) Form {
	if wrong := f.FieldErrors[name]; wrong != "" {
		f.FieldErrors[name] = wrong + " " + sentence
		return f
	}
	f.FieldErrors[name] = sentence
	f.order = append(f.order, name)
	return f
}

// InOrder returns the form with its summary in the order of the named fields. Errors of other fields follow.
func (f Form) InOrder(names ...string) Form {
	place := func(name string) int {
		if i := slices.Index(names, name); i >= 0 {
			return i
		}
		return len(names)
	}
	slices.SortStableFunc(f.order, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	return f
}

// HasErrors reports whether the form has any error.
func (f Form) HasErrors() bool { return f.Summary != "" }

// ErrorLink is one line of the summary: an error that links to its field.
type ErrorLink struct{ ID, Text string }

// List returns the lines of the summary.
func (f Form) List() []ErrorLink {
	list := make([]ErrorLink, 0, len(f.order))
	for _, name := range f.order {
		text := f.FieldErrors[name]
		if label := f.Labels[name]; label != "" && f.vague[name] {
			text = label + ": " + text
		}
		list = append(list, ErrorLink{ID: fieldID(name), Text: text})
	}
	return list
}

// Field returns an input of the form. attributes are pairs of names and values: type, autocomplete,
// inputmode, autocapitalize, maxlength, accept, hint; and, set by any value but "": required, optional (marks
// the label), autofocus, plain, half, code. Any other name is an error, which fails the page.
func (f Form) Field(name, label string, attributes ...string) (Field, error) {
	field := Field{
		ID: fieldID(name), Name: name, Label: label, Type: "text",
		Value: f.Values[name], Error: f.FieldErrors[name], Checked: f.Values[name] == "yes",
		fragments: f.fragments,
	}
	if len(attributes)%2 != 0 {
		return field, fmt.Errorf("page: field %s: an attribute without a value", name)
	}
	for i := 1; i < len(attributes); i += 2 {
		if err := field.set(attributes[i-1], attributes[i], f.optional); err != nil {
			return field, err
		}
	}
	return field, nil
}

// Select returns a select list. The option with the form's value is selected.
func (f Form) Select(name, label string, options []Option, attributes ...string) (Field, error) {
	field, err := f.Field(name, label, attributes...)
	field.Options = make([]Option, len(options))
	for i, option := range options {
		option.Selected = option.Value == field.Value
		field.Options[i] = option
	}
	return field, err
}

// HasAny reports whether a field whose name begins so has a value or an error.
func (f Form) HasAny(prefix string) bool {
	for name, value := range f.Values {
		if value != "" && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	for name := range f.FieldErrors {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
