package shopper

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/web/page"
)

// fields returns the inputs of a country's address form.
func (p *addressPage) fields(form []address.Field) ([]page.Field, error) {
	var fields []page.Field
	for _, given := range form {
		made, err := p.field(given)
		if err != nil {
			return nil, err
		}
		fields = append(fields, made)
	}
	inPairs(fields)
	return fields, nil
}

// inPairs gives an input the whole row if the next one does not share it.
func inPairs(fields []page.Field) {
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

func (p *addressPage) field(given address.Field) (page.Field, error) {
	attributes := []string{"autocomplete", given.Autocomplete, "maxlength", fmt.Sprint(given.MaxLength),
		"required", yes(given.Required)}
	attributes = append(attributes, "optional", yes(!given.Required), "half", yes(isHalf(given.Name)))
	switch {
	case given.Name == address.Phone:
		attributes = append(attributes, "type", "tel", "inputmode", "tel", "hint", p.T("address.phone.hint"))
	case given.Name == address.PostalCode && given.Example != "":
		attributes = append(attributes, "plain", "yes", "hint",
			p.T("address.postal_code.hint", "Example", given.Example))
	}
	label := p.T("address.label." + given.Label)
	if len(given.Choices) == 0 {
		return p.Form.Field(string(given.Name), label, attributes...)
	}
	options := []page.Option{{Label: p.T("address.choice.choose")}}
	for _, choice := range given.Choices {
		options = append(options, page.Option{Value: choice.Code, Label: choice.Name})
	}
	return p.Form.Select(string(given.Name), label, options, attributes...)
}

// labels returns the field names that the error summary shows.
func (p *addressPage) labels() map[string]string {
	labels := map[string]string{"country": p.T("address.label.country")}
	for _, field := range p.Fields {
		labels[field.Name] = field.Label
	}
	return labels
}

// isHalf reports whether the input takes half a row.
func isHalf(name address.Name) bool {
	switch name {
	case address.FirstName, address.LastName, address.PostalCode, address.City:
		return true
	}
	return false
}

// showConflict shows the typed address beside the one that another window has saved since.
func (h *Handler) showConflict(c *fiber.Ctx, s portal.Shopper, typed customer.SavedAddress) error {
	stored, err := s.Address(c.UserContext(), typed.ID)
	if err != nil {
		return err
	}
	data := conflictPage{Base: h.base(c, s, "addresses", "address.conflict.title"),
		Action: addressPath(typed.ID), Discard: addressesPath}
	data.Mine, data.Stored = h.card(typed, data.L.Lang()), h.card(stored, data.L.Lang())
	values := addressValues(typed)
	for _, name := range address.Names() {
		data.Fields = append(data.Fields, page.Hidden{Name: string(name), Value: values[string(name)]})
	}
	for _, name := range []string{"default_shipping", "default_billing"} {
		data.Fields = append(data.Fields, page.Hidden{Name: name, Value: values[name]})
	}
	data.Fields = append(data.Fields, page.Hidden{Name: "version", Value: stored.Version})
	return h.pages.Render(c, fiber.StatusConflict, "shopper/address-conflict", data)
}
