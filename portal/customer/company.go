package customer

import (
	"strings"

	"postern/portal/address"
	"postern/portal/validate"
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

// IsZero reports whether nothing is known; it is then not stored.
func (c Company) IsZero() bool { return c == Company{} }

// ReadCompany reads a company from fields with the given name prefix.
func ReadCompany(f *validate.Validator, formats *address.Formats, prefix string, c Company) Company {
	out := Company{
		Name:               f.Text(prefix+"name", c.Name, validate.MaxName),
		Country:            f.Text(prefix+"country", c.Country, validate.MaxWord),
		RegistrationNumber: f.Text(prefix+"registration_number", c.RegistrationNumber, validate.MaxWord),
		TaxNumber:          f.Text(prefix+"tax_number", c.TaxNumber, validate.MaxWord),
		Version:            c.Version,
	}
	if code := formats.CountryCode(out.Country); code != "" {
		out.Country = code
	} else if out.Country != "" {
		f.Reject(prefix+"country", "address.unknown")
	}
	if strings.TrimSpace(c.VATID) != "" {
		out.VATID = f.VATID(prefix+"vat_id", c.VATID, out.Country)
	}
	return out
}

// ReadFedCompany reads a company from the shop's records. An unknown country and placeholders for a VAT ID
// ("N/A") are dropped; a wrong VAT ID is refused, because taxes depend on it.
func ReadFedCompany(f *validate.Validator, formats *address.Formats, c Company) Company {
	at := "/company/"
	c.Name = f.Cut(at+"name", c.Name, validate.MaxName)
	c.RegistrationNumber = f.Cut(at+"registration_number", c.RegistrationNumber, validate.MaxWord)
	c.TaxNumber = f.Cut(at+"tax_number", c.TaxNumber, validate.MaxWord)
	c.VATID = f.TaxID(at+"vat_id", c.VATID)
	c.Country = f.Cut(at+"country", c.Country, validate.MaxWord)
	if c.Country != "" && formats.CountryCode(c.Country) == "" {
		f.Warn(at+"country", "address.country_dropped")
		c.Country = ""
	}
	return ReadCompany(f, formats, at, c)
}
