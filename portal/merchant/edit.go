package merchant

import (
	"context"
	"maps"
	"slices"
	"strings"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/staff"
	"postern/portal/validate"
)

// Edit is a form with the fields of a customer, named as in customer.Fields. "tags" holds all tags, separated
// by commas. Base has the values that the form was made from, so that only what somebody typed is saved.
type Edit struct {
	Customer string
	Base     map[string]string
	Values   map[string]string
	Reason   string
}

// fieldTags is the field of an Edit with all tags.
const fieldTags = "tags"

// EditFields lists the fields that an Edit may have, in the order of the form.
func EditFields() []string {
	return []string{"title", "first_name", "last_name", "birth_date", "phone", "language", "company.name",
		"company.country", "company.registration_number", "company.tax_number", "company.vat_id",
		"tax_exempt.reason", "tax_exempt.certificate", fieldTags}
}

// EditValues returns the present values of the fields of an Edit.
func EditValues(c customer.Customer) map[string]string {
	fields, values := c.Fields(), map[string]string{}
	for _, name := range EditFields() {
		values[name] = fields[name]
	}
	values[fieldTags] = strings.Join(c.Tags, ", ")
	return values
}

// EditCustomer changes what was typed. A field that somebody else changed since to something else is a
// Conflict with an error at the field, whose argument "Stored" is the present value; then nothing is changed.
// Changes of other fields are kept. Field errors are at the names of the fields and at "reason". It returns
// the id of the act,
// "" if nothing changed.
func (s Staff) EditCustomer(ctx context.Context, e Edit) (act string, err error) {
	made, err := s.newAct(audit.CustomerChanged, e.Customer, e.Reason)
	if err != nil {
		return "", err
	}
	changed := false
	_, err = s.actOn(ctx, staff.PermissionEditCustomers, made, func(c *customer.Customer) error {
		before := c.Fields()
		if err := s.applyEdit(c, e); err != nil {
			return err
		}
		changed = len(audit.Changes(before, c.Fields())) > 0
		return nil
	})
	if err != nil || !changed {
		return "", err
	}
	return made.ID, nil
}

func (s Staff) applyEdit(c *customer.Customer, e Edit) error {
	typed, err := e.merge(*c)
	if err != nil {
		return err
	}
	f := &validate.Validator{}
	values := EditValues(*c)
	maps.Copy(values, typed)
	if tags, ok := typed[fieldTags]; ok {
		changeTags(f, c, e.Base[fieldTags], tags)
		delete(typed, fieldTags)
	}
	for name, value := range s.readEdit(f, *c, typed, values) {
		c.SetText(name, value)
	}
	if c.TaxExempt.Reason == "" && c.TaxExempt.Certificate != "" {
		f.Reject("tax_exempt.reason", "tax_exempt.reason_missing")
	}
	return validate.InvalidFields(f.Rejected)
}

// merge returns the fields that somebody typed in and that nobody else changed since the form was made.
func (e Edit) merge(c customer.Customer) (map[string]string, error) {
	present, typed := EditValues(c), map[string]string{}
	var conflicts []validate.FieldError
	for _, name := range EditFields() {
		value, sent := e.Values[name]
		switch base := e.Base[name]; {
		case !sent || value == base || value == present[name]:
		case present[name] != base && name != fieldTags:
			conflicts = append(conflicts, validate.FieldError{Field: name, Key: "edit.conflict",
				Args: map[string]string{"Stored": present[name]}})
		default:
			typed[name] = value
		}
	}
	if len(conflicts) > 0 {
		return nil, &validate.Error{Kind: validate.Conflict, Key: "edit.changed", Fields: conflicts}
	}
	return typed, nil
}

// readEdit checks the typed fields. all has the other fields, too, since the country decides how a number is
// read.
func (s Staff) readEdit(f *validate.Validator, c customer.Customer, typed,
	all map[string]string) map[string]string {
	read, company := map[string]string{}, map[string]string{}
	if slices.ContainsFunc(slices.Collect(maps.Keys(typed)), isCompany) {
		company = customer.Customer{Company: s.readCompany(f, all)}.Fields()
	}
	for name, value := range typed {
		switch name {
		case "birth_date":
			value = customer.ReadBirthDate(f, name, value, s.today())
		case "phone":
			value = customer.ReadPhone(f, name, value, c.Country())
		case "language":
			if value != "" && !slices.Contains(s.shop.Languages, value) {
				f.Reject(name, "language.offered")
			}
		case "title":
			value = f.Text(name, value, validate.MaxWord)
		case "first_name", "last_name":
			value = f.Text(name, value, validate.MaxName)
		case "tax_exempt.reason", "tax_exempt.certificate":
			value = f.Text(name, value, validate.MaxText)
		default:
			value = company[name]
		}
		read[name] = value
	}
	return read
}

func isCompany(field string) bool { return strings.HasPrefix(field, "company.") }

func (s Staff) readCompany(f *validate.Validator, values map[string]string) customer.Company {
	return customer.ReadCompany(f, s.app.AddressFormats(), "company.", customer.Company{
		Name: values["company.name"], Country: values["company.country"], VATID: values["company.vat_id"],
		RegistrationNumber: values["company.registration_number"], TaxNumber: values["company.tax_number"],
	})
}

// changeTags adds and removes the tags by which typed differs from base.
func changeTags(f *validate.Validator, c *customer.Customer, base, typed string) {
	before, after := customer.ReadTags(f, fieldTags, base), customer.ReadTags(f, fieldTags, typed)
	for _, tag := range before {
		if !slices.Contains(after, tag) {
			c.SetTag(tag, false)
		}
	}
	for _, tag := range after {
		if !slices.Contains(before, tag) {
			c.SetTag(tag, true)
		}
	}
	if len(c.Tags) > customer.MaxTags {
		f.Reject(fieldTags, "tags.too_many", "Most", "50")
	}
}
