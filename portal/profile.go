package portal

import (
	"context"
	"slices"
	"strings"
	"time"

	"postern/portal/address"
	"postern/storage"
)

// Profile holds a customer's details. BirthDate is "1980-05-31"; Phone is E.164 if it could be parsed; ""
// means not given. Version identifies the state that was shown.
type Profile struct {
	Title     string // before the name, such as "Ing."
	FirstName string
	LastName  string
	BirthDate string
	Phone     string
	Language  string // "" leaves it unchanged
	Company   string // the company's name; only if RequiredFields includes it
	Version   string
}

// The fields that a shop may require from customers who register.
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

// RequiredFields lists the profile fields that this customer must fill in to save it: those that the shop
// requires from customers who registered themselves. Customers created by the shop's system have none, and
// a company name that is already known is not required again.
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

// Lacks reports whether a required field is empty, so that the customer should be asked for it. The
// customer need not answer: everything else works without it.
func (s Shopper) Lacks() bool {
	p := s.customer.profile()
	return slices.ContainsFunc(s.RequiredFields(), func(field string) bool { return *p.field(field) == "" })
}

// field returns a pointer to a field by its name.
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

// SaveProfile changes the profile. Faults are at "title", "first_name", "last_name", "birth_date", "phone",
// "language" and "company". If Version differs from the stored one, it is a Conflict.
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
				return storage.ErrUnchanged // a form sent twice is saved once
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
	if out.Phone != s.customer.Phone { // a number from the shop's system is not checked
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

// country returns the customer's country if known. It is used to read a phone number without a country
// code.
func (c Customer) country() string {
	for _, a := range c.Addresses {
		if a.DefaultBilling {
			return a.Address.Country
		}
	}
	return c.Company.Country
}

// firstBirthYear is the earliest accepted year of birth; an earlier one must be a typo.
const firstBirthYear = 1900

// birthDate reads a date of birth. today is the date in the shop's time zone.
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

// dayShape reports whether a text has the form of a date. It tells a nonexistent date from other text.
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

// phone converts a phone number to E.164. The number is in international form with +, or as dialled in
// country ("" if unknown).
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

// checkRequired sorts the required fields into the order of the form and reports unknown ones.
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
