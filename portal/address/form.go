package address

import (
	"slices"

	data "github.com/Boostport/address"
)

// MaxLength is the maximum length of a field in runes, in every country.
const MaxLength = 100

// Field is one input of a country's form.
type Field struct {
	Name Name
	// Label is one of Labels.
	Label string
	// Autocomplete is the HTML autofill token that WCAG 1.3.5 requires.
	Autocomplete string
	// Required tells the browser to insist on the field. It is set for the last name, although Validate
	// accepts a company alone, which business orders often have.
	Required bool
	// MaxLength is in runes.
	MaxLength int
	// Choices is the closed list of values, empty for free text.
	Choices []Choice
	// Example is a postal code of the country, if one is known.
	Example string
}

// Choice is a value of a closed list, named in English or in the country's own language.
type Choice struct{ Code, Name string }

// Form lists a country's input fields in the order in which the address is written there, with the phone
// number last. The country itself is not included. An unknown code gives nil. The lists are shared, so
// callers must not modify them.
func (a *Formats) Form(country string) []Field {
	if n := a.country(country); n != nil {
		return n.form
	}
	return nil
}

func (n *country) newForm(d data.CountryData, example string) []Field {
	var form []Field
	for _, element := range n.latin.fields() {
		required := slices.Contains(d.Required, element)
		for _, name := range inputs(element, n.familyFirst()) {
			f := Field{Name: name, Label: label(name, d), Autocomplete: token(name), MaxLength: MaxLength}
			f.Required = required && name != Line2 || name == LastName
			switch name {
			case AdministrativeArea:
				f.Choices = n.choices
			case PostalCode:
				f.Example = example
			}
			form = append(form, f)
		}
	}
	return append(form, Field{Name: Phone, Label: "phone", Autocomplete: token(Phone), MaxLength: MaxLength})
}

// inputs returns the input fields for an element of the format.
func inputs(element data.Field, familyFirst bool) []Name {
	switch element {
	case data.Name:
		if familyFirst {
			return []Name{LastName, FirstName}
		}
		return []Name{FirstName, LastName}
	case data.Organization:
		return []Name{Company}
	case data.StreetAddress:
		return []Name{Line1, Line2}
	case data.DependentLocality:
		return []Name{DependentLocality}
	case data.Locality:
		return []Name{City}
	case data.AdministrativeArea:
		return []Name{AdministrativeArea}
	case data.PostCode:
		return []Name{PostalCode}
	case data.SortingCode:
		return []Name{SortingCode}
	}
	return nil
}

// token returns the autofill token of a field in the HTML standard. Address levels count from the largest
// unit.
func token(n Name) string {
	switch n {
	case FirstName:
		return "given-name"
	case LastName:
		return "family-name"
	case Company:
		return "organization"
	case Line1:
		return "address-line1"
	case Line2:
		return "address-line2"
	case DependentLocality:
		return "address-level3"
	case City:
		return "address-level2"
	case AdministrativeArea:
		return "address-level1"
	case PostalCode:
		return "postal-code"
	case Country:
		return "country"
	case Phone:
		return "tel"
	}
	return "off"
}
