package customer

import (
	"time"
)

// Record is a customer as a storefront needs it to fill in its checkout: names, addresses with
// their defaults, company, VAT ID.
type Record struct {
	ID        string             `json:"id"`          // ours
	FeedID    string             `json:"customer_id"` // the shop system's, "" when it never named one
	Email     string             `json:"email"`
	FirstName string             `json:"first_name"`
	LastName  string             `json:"last_name"`
	Title     string             `json:"title"`
	BirthDate string             `json:"birth_date"` // "1980-05-31"
	Phone     string             `json:"phone"`
	Language  string             `json:"language"`
	Company   Company            `json:"company"`
	VATStatus VATStatus          `json:"vat_status"` // "" without a VAT ID
	VATCheck  *VATAnswer         `json:"vat_check"`  // the answer that the status is from, null for none
	Addresses []SavedAddressWire `json:"addresses"`
	ChangedAt time.Time          `json:"changed_at"`

	Consents map[Purpose]ConsentRecord `json:"consents"`
}

// Record returns the customer in the form that the shop's systems may read.
func (c Customer) Record() Record {
	record := Record{
		ID: c.ID, FeedID: c.FeedID, Email: c.Email, FirstName: c.FirstName, LastName: c.LastName,
		Title: c.Title, BirthDate: c.BirthDate, Phone: c.Phone, Language: c.Language, Company: c.Company,
		Addresses: []SavedAddressWire{}, ChangedAt: c.ChangedAt,
	}
	if record.VATStatus = c.VAT.Status; !c.VAT.Last.At.IsZero() {
		record.VATCheck = &c.VAT.Last
	}
	for _, a := range c.Addresses {
		record.Addresses = append(record.Addresses, SavedAddressWire{
			ID: a.ID, DefaultShipping: a.DefaultShipping, DefaultBilling: a.DefaultBilling,
			Address: a.Address,
		})
	}
	return record
}
