package customer

import (
	"strings"
	"time"

	"postern/portal/address"
	"postern/portal/validate"
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

func (c Customer) Profile() Profile {
	return Profile{
		Title: c.Title, FirstName: c.FirstName, LastName: c.LastName, BirthDate: c.BirthDate, Phone: c.Phone,
		Language: c.Language, Company: c.Company.Name, Version: c.ProfileVersion,
	}
}

// Field returns a pointer to a field by its name.
func (p *Profile) Field(name string) *string {
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

func (c *Customer) SetProfile(p Profile) {
	c.Title, c.FirstName, c.LastName = p.Title, p.FirstName, p.LastName
	c.BirthDate, c.Phone, c.ProfileVersion = p.BirthDate, p.Phone, p.Version
	if p.Language != "" {
		c.Language = p.Language
	}
	if p.Company != "" && c.Company.Name == "" {
		c.Company.Name, c.Company.Version = p.Company, storage.NewID()
	}
}

// Country returns the customer's country if known. It is used to read a phone number without a country
// code.
func (c Customer) Country() string {
	for _, a := range c.Addresses {
		if a.DefaultBilling {
			return a.Address.Country
		}
	}
	return c.Company.Country
}

// firstBirthYear is the earliest accepted year of birth; an earlier one must be a typo.
const firstBirthYear = 1900

// ReadBirthDate reads a date of birth. today is the date in the shop's time zone.
func ReadBirthDate(f *validate.Validator, field, value string, today time.Time) string {
	value = strings.TrimSpace(value)
	if value == "" {
		return ""
	}
	day, err := time.Parse(time.DateOnly, value)
	switch {
	case err != nil && validate.DayShape(value):
		f.Reject(field, "period.date")
	case err != nil:
		f.Reject(field, "birth_date.form")
	case day.Year() < firstBirthYear:
		f.Reject(field, "birth_date.early")
	case value > today.Format(time.DateOnly):
		f.Reject(field, "birth_date.future")
	default:
		return value
	}
	return ""
}

// ReadPhone converts a phone number to E.164. The number is in international form with +, or as dialled in
// country ("" if unknown).
func ReadPhone(f *validate.Validator, field, value, country string) string {
	value = f.Text(field, value, validate.MaxWord)
	if value == "" {
		return ""
	}
	number, err := address.ParsePhone(value, country)
	if reason := address.PhoneReason(err); reason != "" {
		f.Reject(field, "address."+string(reason))
	}
	return number
}
