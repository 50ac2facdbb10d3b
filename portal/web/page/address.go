package page

import (
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"

	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/validate"
)

// ActionCountry is the value of the button that shows the form of another country. Any other value saves the
// address.
const ActionCountry = "country"

// AddressForm is the form of one address, on the pages of customers and of staff; see partials/address-form.
type AddressForm struct {
	Action    string // path that the form is posted to
	Back      string // path of the page before
	Version   string
	Inputs    Form // named apart from Base.Form
	Countries []Option
	Fields    []Field  // in the country's order; empty until a country is chosen
	Kept      []Hidden // stored values that the country's form has no field for
	Reason    *Field   // why staff change it, nil for a customer
}

// AddressForm returns the form with an address and the errors of a use case.
func (b Base) AddressForm(formats *address.Formats, a customer.SavedAddress, err error) (AddressForm, error) {
	f := AddressForm{Version: a.Version, Countries: CountryOptions(formats, b)}
	form := formats.Form(a.Address.Country)
	if form == nil {
		err = onlyCountry(err)
	}
	order := []string{string(address.Country)}
	for _, field := range form {
		order = append(order, string(field.Name))
	}
	f.Inputs = b.Form(addressValues(a), err).InOrder(order...)
	f.Inputs.Labels = map[string]string{string(address.Country): b.T("address.label.country")}
	for _, given := range form {
		made, wrong := b.addressField(f.Inputs, "", given)
		if wrong != nil {
			return f, wrong
		}
		f.Fields = append(f.Fields, made)
		f.Inputs.Labels[made.Name] = made.Label
	}
	inPairs(f.Fields)
	f.Kept = strays(form, a.Address)
	return f, nil
}

// onlyCountry drops the errors of the other fields, which are shown once there is a country.
func onlyCountry(err error) error {
	var kept []validate.FieldError
	for _, wrong := range validate.FieldErrors(err) {
		if wrong.Field == string(address.Country) {
			kept = append(kept, wrong)
		}
	}
	if len(kept) == 0 {
		return err
	}
	return validate.InvalidFields(kept)
}

// FocusAfterCountry puts the focus on the first field after a country has been chosen.
func (f *AddressForm) FocusAfterCountry(c *fiber.Ctx) {
	if c.FormValue("action") == ActionCountry && len(f.Fields) > 0 {
		f.Fields[0].Autofocus = true
	}
}

// AddressFields returns the inputs of a country's address as a part of another form: their names begin with
// the prefix, and none is required. There are none until a country is chosen.
func (b Base) AddressFields(formats *address.Formats, form Form, country, prefix string) ([]Field, error) {
	var fields []Field
	for _, given := range formats.Form(country) {
		if given.Name == address.Country {
			continue
		}
		given.Required, given.Autocomplete = false, "off"
		made, err := b.addressField(form, prefix, given)
		if err != nil {
			return nil, err
		}
		made.Mark = ""
		fields = append(fields, made)
	}
	inPairs(fields)
	return fields, nil
}

// addressField returns an input of an address. The prefix precedes its name.
func (b Base) addressField(form Form, prefix string, given address.Field) (Field, error) {
	attributes := []string{"autocomplete", given.Autocomplete, "maxlength", fmt.Sprint(given.MaxLength),
		"required", yes(given.Required)}
	attributes = append(attributes, "optional", yes(!given.Required), "half", yes(isHalf(given.Name)))
	switch {
	case given.Name == address.Phone:
		hint := "address.phone.hint"
		if b.Area.Side {
			hint = "address.phone.hint.staff"
		}
		attributes = append(attributes, "type", "tel", "inputmode", "tel", "hint", b.T(hint))
	case given.Name == address.PostalCode && given.Example != "":
		attributes = append(attributes, "plain", "yes", "hint",
			b.T("address.postal_code.hint", "Example", given.Example))
	}
	name, label := prefix+string(given.Name), b.T("address.label."+given.Label)
	if len(given.Choices) == 0 {
		return form.Field(name, label, attributes...)
	}
	options := []Option{{Label: b.T("address.choice.choose")}}
	for _, choice := range given.Choices {
		options = append(options, Option{Value: choice.Code, Label: choice.Name})
	}
	return form.Select(name, label, options, attributes...)
}

// inPairs gives an input the whole row if the next one does not share it.
func inPairs(fields []Field) {
	for i := 0; i < len(fields); i++ {
		if !fields[i].Half {
			continue
		}
		if i+1 < len(fields) && fields[i+1].Half {
			i++
			continue
		}
		fields[i].Half = false
	}
}

func yes(on bool) string {
	if on {
		return "yes"
	}
	return ""
}

// isHalf reports whether the input takes half a row.
func isHalf(name address.Name) bool {
	switch name {
	case address.FirstName, address.LastName, address.PostalCode, address.City:
		return true
	}
	return false
}

// TypedAddress reads the form of an address with an id, "" for a new one.
func TypedAddress(c *fiber.Ctx, id string) customer.SavedAddress {
	typed := customer.SavedAddress{
		ID: id, Version: c.FormValue("version"),
		DefaultShipping: c.FormValue("default_shipping") == "yes",
		DefaultBilling:  c.FormValue("default_billing") == "yes",
	}
	for _, name := range address.Names() {
		typed.Address.Set(name, c.FormValue(string(name)))
	}
	return typed
}

// MovedAddress returns the address in another country, without the values that the country's form has no
// field for.
func MovedAddress(formats *address.Formats, a address.Address, country string) address.Address {
	a.Country = country
	form := formats.Form(country)
	for _, name := range address.Names() {
		if name != address.Country && form != nil && !hasField(form, name) {
			a.Set(name, "")
		}
	}
	return a
}

func hasField(form []address.Field, name address.Name) bool {
	return slices.ContainsFunc(form, func(f address.Field) bool { return f.Name == name })
}

// CountryOptions lists the countries in the page's language, below a first option that asks for a choice.
func CountryOptions(formats *address.Formats, b Base) []Option {
	options := []Option{{Label: b.T("address.country.choose")}}
	for _, country := range formats.Countries(b.L.Lang()) {
		options = append(options, Option{Value: country.Code, Label: country.Name})
	}
	return options
}

func addressValues(a customer.SavedAddress) map[string]string {
	values := map[string]string{}
	for _, name := range address.Names() {
		values[string(name)] = a.Address.Get(name)
	}
	if phone := a.Address.Phone; phone != "" {
		values[string(address.Phone)] = address.FormatPhone(phone, a.Address.Country)
	}
	for name, on := range map[string]bool{"default_shipping": a.DefaultShipping,
		"default_billing": a.DefaultBilling} {
		if on {
			values[name] = "yes"
		}
	}
	return values
}

// strays returns the values that the country's form has no field for. The form keeps them because the shop
// may have sent them and the carrier may need them. Until a country is chosen, strays returns every value.
func strays(form []address.Field, a address.Address) []Hidden {
	var kept []Hidden
	for _, name := range address.Names() {
		if value := a.Get(name); value != "" && name != address.Country && !hasField(form, name) {
			kept = append(kept, Hidden{Name: string(name), Value: value})
		}
	}
	return kept
}

// AddressCard shows one address and the actions on it.
type AddressCard struct {
	Path, Version, Name string
	Lines               []string // below the name
	Phone               string
	Shipping, Billing   bool // default for shipping, for billing
}

// AddressCard returns the card of an address whose page is at a path.
func (b Base) AddressCard(formats *address.Formats, a customer.SavedAddress, path string) AddressCard {
	card := AddressCard{Path: path, Version: a.Version, Shipping: a.DefaultShipping, Billing: a.DefaultBilling,
		Phone: address.FormatPhone(a.Address.Phone, a.Address.Country)}
	if lines := formats.Lines(a.Address, b.L.Lang()); len(lines) > 0 {
		card.Name, card.Lines = lines[0], lines[1:]
	}
	return card
}

// AddressActs is what a page offers for an address; see partials/address-acts.
type AddressActs struct {
	Page Base
	Card AddressCard
}

// Acts returns what the page offers for an address.
func (b Base) Acts(card AddressCard) AddressActs { return AddressActs{b, card} }

// AddressConflict shows both versions of an address that was changed in two windows and lets the reader
// choose one; see partials/address-conflict.
type AddressConflict struct {
	Action       string
	Mine, Stored AddressCard
	Fields       []Hidden // hidden fields of the form that keeps the typed version
	Discard      string   // path that keeps the stored version
}

// AddressConflict returns the choice between a typed address and the stored one, for the address's path.
func (b Base) AddressConflict(formats *address.Formats, typed, stored customer.SavedAddress,
	path string) AddressConflict {
	conflict := AddressConflict{Action: path, Mine: b.AddressCard(formats, typed, path),
		Stored: b.AddressCard(formats, stored, path)}
	values := addressValues(typed)
	for _, name := range address.Names() {
		conflict.Fields = append(conflict.Fields, Hidden{Name: string(name), Value: values[string(name)]})
	}
	for _, name := range []string{"default_shipping", "default_billing"} {
		conflict.Fields = append(conflict.Fields, Hidden{Name: name, Value: values[name]})
	}
	conflict.Fields = append(conflict.Fields, Hidden{Name: "version", Value: stored.Version})
	return conflict
}
