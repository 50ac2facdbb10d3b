package portal

import (
	"context"
	"slices"
	"strings"
	"time"

	"postern/portal/address"
	"postern/storage"
)

// Profile is what a customer says of themselves. BirthDate is "1980-05-31", Phone E.164 where it could be
// read, "" is nothing said. Version names the state that was shown.
type Profile struct {
	Title     string // before the name: "Ing."
	FirstName string
	LastName  string
	BirthDate string
	Phone     string
	Language  string // "" leaves it as it is
	Company   string // a company's name; only where RequiredFields has it
	Version   string
}

// What a shop may ask of somebody who registers.
const (
	RequireTitle     = "title"
	RequireNames     = "names"
	RequireBirthDate = "birth_date"
	RequirePhone     = "phone"
	RequireCompany   = "company"
)

func requirable() []string {
	return []string{RequireTitle, RequireNames, RequireBirthDate, RequirePhone, RequireCompany}
}

// Profile is the customer's profile as this request found it.
func (s Shopper) Profile() Profile { return s.customer.profile() }

func (c Customer) profile() Profile {
	return Profile{
		Title: c.Title, FirstName: c.FirstName, LastName: c.LastName, BirthDate: c.BirthDate, Phone: c.Phone,
		Language: c.Language, Company: c.Company.Name, Version: c.ProfileVersion,
	}
}

// RequiredFields names the fields of the profile that this customer must fill in to save it: what the shop
// wants to know of who registered here. Of a customer whom the shop's system brought it is nothing, and a
// company that has its name is not asked again.
func (s Shopper) RequiredFields() []string {
	var fields []string
	if !s.customer.Registered {
		return nil
	}
	for _, wanted := range s.shop.RequiredFields {
		switch {
		case wanted == RequireNames:
			fields = append(fields, "first_name", "last_name")
		case wanted != RequireCompany || s.customer.Company.Name == "":
			fields = append(fields, wanted)
		}
	}
	return fields
}

// Lacks reports whether a required field is empty, so that the customer should be asked. Asked, not forced:
// everything else works without it.
func (s Shopper) Lacks() bool {
	p := s.customer.profile()
	return slices.ContainsFunc(s.RequiredFields(), func(field string) bool { return *p.field(field) == "" })
}

// field is the value of a field by its name.
func (p *Profile) field(name string) *string {
	switch name {
	case "title":
		return &p.Title
	case "first_name":
		return &p.FirstName
	case "last_name":
		return &p.LastName
	case "birth_date":
		return &p.BirthDate
	case "phone":
		return &p.Phone
	}
	return &p.Company
}

// SaveProfile changes the profile. Faults stand at "title", "first_name", "last_name", "birth_date",
// "phone", "language" and "company". Another Version than the stored one is a Conflict.
func (s Shopper) SaveProfile(ctx context.Context, p Profile) (Profile, error) {
	wanted := s.RequiredFields()
	f := &form{}
	out := s.readProfile(f, p)
	company := out.Company
	if !slices.Contains(wanted, RequireCompany) {
		out.Company = ""
	}
	for _, field := range wanted {
		f.required(field, *out.field(field))
	}
	if err := invalid(f.faults); err != nil {
		return p, err
	}
	out.Version = storage.NewID()
	c, err := s.change(ctx, func(c *Customer) error {
		if c.ProfileVersion != p.Version {
			twin, again := out, *c
			twin.Version = c.ProfileVersion
			again.setProfile(twin)
			if again.profile() == c.profile() && (company == "" || company == c.Company.Name) {
				return storage.ErrUnchanged // a form that was sent twice is saved once
			}
			return failure(Conflict, "profile.changed")
		}
		c.setProfile(out)
		return nil
	})
	return c.profile(), err
}

func (s Shopper) readProfile(f *form, p Profile) Profile {
	out := Profile{
		Title:     f.text("title", p.Title, maxWord),
		FirstName: f.text("first_name", p.FirstName, maxName),
		LastName:  f.text("last_name", p.LastName, maxName),
		BirthDate: f.birthDate("birth_date", p.BirthDate, s.app.now().In(s.shop.Location())),
		Phone:     strings.TrimSpace(p.Phone),
		Language:  p.Language,
		Company:   f.text("company", p.Company, maxName),
	}
	if out.Phone != s.customer.Phone { // what the shop's system knows is not judged
		out.Phone = f.phone("phone", out.Phone, s.customer.country())
	}
	if out.Language != "" && !slices.Contains(s.shop.Languages, out.Language) {
		f.fault("language", "language.offered")
	}
	return out
}

func (c *Customer) setProfile(p Profile) {
	c.Title, c.FirstName, c.LastName = p.Title, p.FirstName, p.LastName
	c.BirthDate, c.Phone, c.ProfileVersion = p.BirthDate, p.Phone, p.Version
	if p.Language != "" {
		c.Language = p.Language
	}
	if p.Company != "" && c.Company.Name == "" {
		c.Company.Name, c.Company.Version = p.Company, storage.NewID()
	}
}

// country is where the customer is at home as far as it is known, to read a telephone number without a
// country code by.
func (c Customer) country() string {
	for _, a := range c.Addresses {
		if a.DefaultBilling {
			return a.Address.Country
		}
	}
	return c.Company.Country
}

// firstBirthYear: a year before it is a slip of the pen.
const firstBirthYear = 1900

// birthDate reads a day of birth; today is the reader's own.
func (f *form) birthDate(field, value string, today time.Time) string {
	value = strings.TrimSpace(value)
	if value == "" {
		return ""
	}
	day, err := time.Parse(time.DateOnly, value)
	switch {
	case err != nil && dayShape(value):
		f.fault(field, "period.date")
	case err != nil:
		f.fault(field, "birth_date.form")
	case day.Year() < firstBirthYear:
		f.fault(field, "birth_date.early")
	case value > today.Format(time.DateOnly):
		f.fault(field, "birth_date.future")
	default:
		return value
	}
	return ""
}

// dayShape tells a day that does not exist from what is no day at all.
func dayShape(text string) bool {
	const shape = "0000-00-00"
	if len(text) != len(shape) {
		return false
	}
	for i := range shape {
		if digit := text[i] >= '0' && text[i] <= '9'; digit != (shape[i] == '0') {
			return false
		}
	}
	return true
}

// phone reads a telephone number as dialled in a country ("" for unknown) or with +, into E.164.
func (f *form) phone(field, value, country string) string {
	value = f.text(field, value, maxWord)
	if value == "" {
		return ""
	}
	number, err := address.ParsePhone(value, country)
	if reason := address.PhoneReason(err); reason != "" {
		f.fault(field, "address."+string(reason))
	}
	return number
}

// checkRequired keeps the fields that are known, in the order of the form.
func (s *Shop) checkRequired(f *form) {
	wanted := s.RequiredFields
	s.RequiredFields = nil
	for _, field := range requirable() {
		if slices.Contains(wanted, field) {
			s.RequiredFields = append(s.RequiredFields, field)
		}
	}
	for _, field := range wanted {
		if !slices.Contains(requirable(), field) {
			f.fault("required_fields", "shop.required_field", "Field", field)
		}
	}
}
