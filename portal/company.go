package portal

import (
	"context"
	"errors"
	"strings"

	"postern/portal/address"
	"postern/portal/vat"
	"postern/storage"
)

// Company holds the details of a business customer. VATID is canonical (VIES prefix and body), or "". The
// registration and tax numbers have other names in each country (IČO and DIČ in Slovakia) and are kept as
// written.
type Company struct {
	Name               string `bson:"name,omitempty" json:"name,omitzero"`
	Country            string `bson:"country,omitempty" json:"country,omitzero"` // ISO 3166-1 alpha-2
	RegistrationNumber string `bson:"registration_number,omitempty" json:"registration_number,omitzero"`
	TaxNumber          string `bson:"tax_number,omitempty" json:"tax_number,omitzero"`
	VATID              string `bson:"vat_id,omitempty" json:"vat_id,omitzero"`
	Version            string `bson:"version,omitempty" json:"-"`
}

// Company is the customer's company as this request found it.
func (s Shopper) Company() Company { return s.customer.Company }

// SaveCompany changes the company. Faults are at "name", "country", "registration_number", "tax_number" and
// "vat_id"; the last has the key "vat." plus a reason of package vat, and Args Example. If Version differs
// from the stored one, it is a Conflict.
func (s Shopper) SaveCompany(ctx context.Context, c Company) (Company, error) {
	f := &form{}
	c = f.company(s.app.atlas, "", c)
	if err := invalid(f.faults); err != nil {
		return c, err
	}
	shown := c.Version
	c.Version = storage.NewID()
	save := func(customer *Customer) error {
		if stored := customer.Company; stored.Version != shown {
			twin := c
			if twin.Version = stored.Version; twin == stored {
				c = twin // a form that was sent twice is saved once
				return storage.ErrUnchanged
			}
			return failure(Conflict, "company.changed")
		}
		customer.Company = c
		return nil
	}
	if s.customer.Company.VATID == c.VATID {
		_, err := s.change(ctx, save)
		return c, err
	}
	err := s.changeAndTell(ctx, newsVATID, save)
	return c, err
}

// company reads a company from fields with the given name prefix.
func (f *form) company(atlas *address.Atlas, prefix string, c Company) Company {
	out := Company{
		Name:               f.text(prefix+"name", c.Name, maxName),
		Country:            f.text(prefix+"country", c.Country, maxWord),
		RegistrationNumber: f.text(prefix+"registration_number", c.RegistrationNumber, maxWord),
		TaxNumber:          f.text(prefix+"tax_number", c.TaxNumber, maxWord),
		Version:            c.Version,
	}
	if code := atlas.CountryCode(out.Country); code != "" {
		out.Country = code
	} else if out.Country != "" {
		f.fault(prefix+"country", "address.unknown")
	}
	if strings.TrimSpace(c.VATID) != "" {
		out.VATID = f.vatID(prefix+"vat_id", c.VATID, out.Country)
	}
	return out
}

// fedCompany reads a company from the shop's records. An unknown country and placeholders for a VAT ID
// ("N/A") are dropped; a wrong VAT ID is refused, because taxes depend on it.
func (f *form) fedCompany(atlas *address.Atlas, c Company) Company {
	at := "/company/"
	c.Name = f.cut(at+"name", c.Name, maxName)
	c.RegistrationNumber = f.cut(at+"registration_number", c.RegistrationNumber, maxWord)
	c.TaxNumber = f.cut(at+"tax_number", c.TaxNumber, maxWord)
	c.VATID = f.taxID(at+"vat_id", c.VATID)
	c.Country = f.cut(at+"country", c.Country, maxWord)
	if c.Country != "" && atlas.CountryCode(c.Country) == "" {
		f.warn(at+"country", "address.country_dropped")
		c.Country = ""
	}
	return f.company(atlas, at, c)
}

func (f *form) vatID(field, text, country string) string {
	id, err := vat.Parse(text, country)
	var wrong *vat.Error
	if errors.As(err, &wrong) {
		f.fault(field, "vat."+string(wrong.Reason), "Example", wrong.Example)
	}
	return id.String()
}
