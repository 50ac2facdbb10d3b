package customer

import (
	"encoding/json"
	"time"
)

// Fields returns the customer's own data by the names of the API, for comparing two states: those of the
// profile, "company." and "consents." with a member's name, and "addresses." with an address's id, whose value
// is JSON. Fields that are empty are left out.
func (c Customer) Fields() map[string]string {
	fields := map[string]string{
		"customer_id": c.FeedID, "email": c.Email, "title": c.Title, "first_name": c.FirstName,
		"last_name": c.LastName, "birth_date": c.BirthDate, "phone": c.Phone, "language": c.Language,
		"company.name": c.Company.Name, "company.country": c.Company.Country,
		"company.registration_number": c.Company.RegistrationNumber,
		"company.tax_number":          c.Company.TaxNumber, "company.vat_id": c.Company.VATID,
	}
	for _, purpose := range Purposes() {
		if said := c.Consent(purpose); said.Status != ConsentNever {
			fields["consents."+string(purpose)] = string(said.Status) + " " + said.At.UTC().Format(time.RFC3339) +
				" " + said.Source
		}
	}
	for _, a := range c.Addresses {
		text, err := json.Marshal(SavedAddressWire{DefaultShipping: a.DefaultShipping,
			DefaultBilling: a.DefaultBilling, Address: a.Address})
		if err == nil { // texts and booleans always have a form in JSON
			fields["addresses."+a.ID] = string(text)
		}
	}
	if !c.Erasure.At.IsZero() {
		fields["erasure_at"] = c.Erasure.At.UTC().Format(time.RFC3339)
	}
	for name, value := range fields {
		if value == "" {
			delete(fields, name)
		}
	}
	return fields
}
