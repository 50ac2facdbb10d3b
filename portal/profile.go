package portal

import (
	"context"
	"slices"
	"strings"

	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// Profile is the customer's profile as this request found it.
func (s Shopper) Profile() customer.Profile { return s.customer.Profile() }

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
		case wanted == shop.RequireNames:
			fields = append(fields, "first_name", "last_name")
		case wanted != shop.RequireCompany || s.customer.Company.Name == "":
			fields = append(fields, wanted)
		}
	}
	return fields
}

// ProfileIncomplete reports whether a required field is empty, so that the customer should be asked for it.
// The customer need not answer: everything else works without it.
func (s Shopper) ProfileIncomplete() bool {
	p := s.customer.Profile()
	return slices.ContainsFunc(s.RequiredFields(), func(field string) bool { return *p.Field(field) == "" })
}

// SaveProfile changes the profile. Field errors are at "title", "first_name", "last_name", "birth_date",
// "phone", "language" and "company". If Version differs from the stored one, it is a Conflict.
func (s Shopper) SaveProfile(ctx context.Context, p customer.Profile) (customer.Profile, error) {
	wanted := s.RequiredFields()
	f := &validate.Validator{}
	out := s.readProfile(f, p)
	company := out.Company
	if !slices.Contains(wanted, shop.RequireCompany) {
		out.Company = ""
	}
	for _, field := range wanted {
		f.Required(field, *out.Field(field))
	}
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return p, err
	}
	out.Version = storage.NewID()
	c, err := s.change(ctx, func(c *customer.Customer) error {
		if c.ProfileVersion != p.Version {
			twin, again := out, *c
			twin.Version = c.ProfileVersion
			again.SetProfile(twin)
			if again.Profile() == c.Profile() && (company == "" || company == c.Company.Name) {
				return storage.ErrUnchanged // a form sent twice is saved once
			}
			return validate.NewError(validate.Conflict, "profile.changed")
		}
		c.SetProfile(out)
		return nil
	})
	return c.Profile(), err
}

func (s Shopper) readProfile(f *validate.Validator, p customer.Profile) customer.Profile {
	out := customer.Profile{
		Title:     f.Text("title", p.Title, validate.MaxWord),
		FirstName: f.Text("first_name", p.FirstName, validate.MaxName),
		LastName:  f.Text("last_name", p.LastName, validate.MaxName),
		BirthDate: customer.ReadBirthDate(f, "birth_date", p.BirthDate, s.app.now().In(s.shop.Location())),
		Phone:     strings.TrimSpace(p.Phone),
		Language:  p.Language,
		Company:   f.Text("company", p.Company, validate.MaxName),
	}
	if out.Phone != s.customer.Phone { // a number from the shop's system is not checked
		out.Phone = customer.ReadPhone(f, "phone", out.Phone, s.customer.Country())
	}
	if out.Language != "" && !slices.Contains(s.shop.Languages, out.Language) {
		f.Reject("language", "language.offered")
	}
	return out
}
