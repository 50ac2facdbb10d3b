package portal

import (
	"context"
	"time"
)

// CustomerRecord is a customer as a storefront needs it to fill in its checkout: names, addresses with
// their defaults, company, VAT ID.
type CustomerRecord struct {
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
	Addresses []savedAddressWire `json:"addresses"`
	ChangedAt time.Time          `json:"changed_at"`

	Consents map[Purpose]ConsentRecord `json:"consents"`
}

// Customer returns the customer with the shop system's id, or NotFound.
func (f Feed) Customer(ctx context.Context, id string) (CustomerRecord, error) {
	customer, err := f.app.introduced(ctx, f.shop.ID, id)
	return f.record(ctx, customer, err)
}

// CustomerByEmail returns the customer with an email address, or NotFound.
func (f Feed) CustomerByEmail(ctx context.Context, email string) (CustomerRecord, error) {
	canonical, ok := CanonicalEmail(email)
	if !ok {
		return CustomerRecord{}, invalid([]Fault{{Field: "email", Key: "email.form"}})
	}
	customer, err := f.app.follow(ctx, f.shop.ID, emailHandle(canonical))
	return f.record(ctx, customer, err)
}

// record returns the record of a customer found by one of their identifiers.
func (f Feed) record(ctx context.Context, id string, err error) (CustomerRecord, error) {
	if err != nil || id == "" {
		return CustomerRecord{}, orNotFound(err)
	}
	c, err := f.app.customer(ctx, f.shop.ID, id)
	if err != nil {
		return CustomerRecord{}, missing(err)
	}
	return f.readOut(ctx, c)
}

// readOut returns the customer's record with the consents and their signed unsubscribe URLs.
func (f Feed) readOut(ctx context.Context, c Customer) (record CustomerRecord, err error) {
	record = c.record()
	record.Consents, err = f.consentRecords(ctx, c)
	return record, err
}

// record returns the customer in the form that the shop's systems may read.
func (c Customer) record() CustomerRecord {
	record := CustomerRecord{
		ID: c.ID, FeedID: c.FeedID, Email: c.Email, FirstName: c.FirstName, LastName: c.LastName,
		Title: c.Title, BirthDate: c.BirthDate, Phone: c.Phone, Language: c.Language, Company: c.Company, Addresses: []savedAddressWire{}, ChangedAt: c.ChangedAt,
	}
	if record.VATStatus = c.VAT.Status; !c.VAT.Last.At.IsZero() {
		record.VATCheck = &c.VAT.Last
	}
	for _, a := range c.Addresses {
		record.Addresses = append(record.Addresses, savedAddressWire{
			ID: a.ID, DefaultShipping: a.DefaultShipping, DefaultBilling: a.DefaultBilling, Address: a.Address,
		})
	}
	return record
}

// orNotFound returns err, or NotFound if it is nil.
func orNotFound(err error) error {
	if err != nil {
		return err
	}
	return failure(NotFound, "customer.not_found")
}
