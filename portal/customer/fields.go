package customer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/portal/validate"
	"postern/storage"
)

// The fields of a customer are named as in the API. Some names have a second part: "company." and "consents."
// a member's name, "addresses." an address's id, "default_addresses." a use, "tags." a tag, "groups." a
// group's id.
const (
	fieldConsents  = "consents."
	fieldAddresses = "addresses."
	fieldDefaults  = "default_addresses."
	fieldTags      = "tags."
	fieldErasure   = "erasure_at"
	fieldDisabled  = "disabled"
	fieldMerged    = "merged."
	fieldInto      = "merged_into"
)

// Fields returns the customer's own data by name, for comparing two states. An address is JSON. Fields that
// are empty are left out.
func (c Customer) Fields() map[string]string {
	fields := map[string]string{"customer_id": c.FeedID, "email": c.Email, fieldDisabled: c.Disabled.text()}
	for name, value := range c.texts() {
		fields[name] = *value
	}
	for _, purpose := range Purposes() {
		if said := c.Consent(purpose); said.Status != ConsentNever {
			fields[fieldConsents+string(purpose)] = strings.TrimSpace(string(said.Status) + " " +
				said.At.UTC().Format(time.RFC3339) + " " + said.Source + " " + said.Note)
		}
	}
	for _, a := range c.Addresses {
		if text, err := json.Marshal(a.Address); err == nil { // texts always have a form in JSON
			fields[fieldAddresses+a.ID] = string(text)
		}
		if a.DefaultShipping {
			fields[fieldDefaults+UseShipping] = a.ID
		}
		if a.DefaultBilling {
			fields[fieldDefaults+UseBilling] = a.ID
		}
	}
	for _, tag := range c.Tags {
		fields[fieldTags+tag] = "yes"
	}
	for _, m := range c.Merged {
		fields[fieldMerged+m.ID] = strings.TrimSpace(m.Emails[0] + " " + m.FeedID)
	}
	fields[fieldInto] = c.Tombstone.Into
	for _, m := range c.Groups {
		fields[fieldGroups+m.Group] = membershipText(m)
	}
	if !c.Erasure.At.IsZero() {
		fields[fieldErasure] = c.Erasure.At.UTC().Format(time.RFC3339)
	}
	for name, value := range fields {
		if value == "" {
			delete(fields, name)
		}
	}
	return fields
}

// texts returns the fields that are single texts.
func (c *Customer) texts() map[string]*string {
	return map[string]*string{
		"title": &c.Title, "first_name": &c.FirstName, "last_name": &c.LastName, "birth_date": &c.BirthDate,
		"phone": &c.Phone, "language": &c.Language,
		"company.name": &c.Company.Name, "company.country": &c.Company.Country,
		"company.registration_number": &c.Company.RegistrationNumber,
		"company.tax_number":          &c.Company.TaxNumber, "company.vat_id": &c.Company.VATID,
		"tax_exempt.reason": &c.TaxExempt.Reason, "tax_exempt.certificate": &c.TaxExempt.Certificate,
	}
}

// setField gives a field a value that Fields returned for it before, "" for a field that was left out.
func (c *Customer) setField(name, value string) error {
	kind, rest, _ := strings.Cut(name, ".")
	switch {
	case c.texts()[name] != nil:
		c.SetText(name, value)
	case kind+"." == fieldConsents:
		return c.takeBack(Purpose(rest), value)
	case kind+"." == fieldAddresses:
		return c.putBack(rest, value)
	case kind+"." == fieldDefaults:
		c.setDefault(rest, value)
	case kind+"." == fieldTags:
		c.SetTag(rest, value != "")
	case kind+"." == fieldGroups:
		return c.setMembership(rest, value)
	case name == fieldErasure && value == "":
		return c.CancelErasure()
	case name == fieldErasure:
		at, err := time.Parse(time.RFC3339, value)
		c.Erasure.At = at
		return err
	case name == fieldDisabled:
		disabled, err := readDisabled(value)
		c.Disabled = disabled
		return err
	default: // an email or an id leads to the customer by a document of its own
		return validate.NewError(validate.Conflict, "undo.never")
	}
	return nil
}

// SetText gives a field that is a single text a value that was checked.
func (c *Customer) SetText(name, value string) {
	*c.texts()[name] = value
	c.renew(name)
}

// renew gives the part of the customer that has a field a new version, so that a form made before is refused.
func (c *Customer) renew(field string) {
	if strings.HasPrefix(field, "company.") {
		c.Company.Version = storage.NewID()
		if bare := c.Company; bare == (Company{Version: bare.Version}) {
			c.Company = Company{}
		}
		return
	}
	c.ProfileVersion = storage.NewID()
}

// takeBack drops the latest consent for a purpose, before which its field had a value. A withdrawal that
// staff did not record is the customer's word, and stays.
func (c *Customer) takeBack(purpose Purpose, value string) error {
	for i, said := range slices.Backward(c.Consents) {
		if said.Purpose == purpose {
			if said.Status == ConsentWithdrawn && said.Source != SourceStaff {
				return validate.NewError(validate.Conflict, "undo.never")
			}
			c.Consents = slices.Delete(slices.Clone(c.Consents), i, i+1)
			break
		}
	}
	if len(c.Consents) == 0 {
		c.Consents = nil
	}
	if c.Fields()[fieldConsents+string(purpose)] != value {
		return fmt.Errorf("customer: the consent before is no longer known: %w",
			validate.NewError(validate.Conflict, "undo.conflict"))
	}
	return nil
}

// putBack gives an address an earlier state, in the JSON of Fields; "" removes it.
func (c *Customer) putBack(id, value string) error {
	at := slices.IndexFunc(c.Addresses, func(a SavedAddress) bool { return a.ID == id })
	if value == "" {
		if at < 0 {
			return nil
		}
		c.Addresses = slices.Delete(slices.Clone(c.Addresses), at, at+1)
		if len(c.Addresses) == 0 {
			c.Addresses = nil
		}
		return nil
	}
	back := SavedAddress{ID: id, Version: storage.NewID()}
	if err := json.Unmarshal([]byte(value), &back.Address); err != nil {
		return err
	}
	c.Removed = slices.DeleteFunc(slices.Clone(c.Removed), func(r RemovedAddress) bool { return r.ID == id })
	if at < 0 {
		c.Addresses = append(slices.Clone(c.Addresses), back)
		return nil
	}
	c.Addresses = slices.Clone(c.Addresses)
	back.DefaultShipping, back.DefaultBilling = c.Addresses[at].DefaultShipping, c.Addresses[at].DefaultBilling
	c.Addresses[at] = back
	return nil
}

// setDefault makes the address with an id the default for a use, and with "" none.
func (c *Customer) setDefault(use, id string) {
	c.Addresses = slices.Clone(c.Addresses)
	for i := range c.Addresses {
		a := &c.Addresses[i]
		flag := &a.DefaultShipping
		if use == UseBilling {
			flag = &a.DefaultBilling
		}
		if *flag != (a.ID == id) {
			*flag, a.Version = a.ID == id, storage.NewID()
		}
	}
}

// TaxExemption is why a customer pays no tax, with the number of the certificate that shows it.
type TaxExemption struct {
	Reason      string `bson:"reason,omitempty"`
	Certificate string `bson:"certificate,omitempty"`
}

// IsZero reports whether the customer is not exempt; it is then not stored.
func (t TaxExemption) IsZero() bool { return t == TaxExemption{} }

// SetTag adds a tag or removes it.
func (c *Customer) SetTag(tag string, on bool) {
	at, found := slices.BinarySearch(c.Tags, tag)
	switch {
	case on && !found:
		c.Tags = slices.Insert(slices.Clone(c.Tags), at, tag)
	case !on && found:
		c.Tags = slices.Delete(slices.Clone(c.Tags), at, at+1)
	}
	if len(c.Tags) == 0 {
		c.Tags = nil
	}
}

// IsFed reports whether the shop's system may send a field with the time of its change. What staff change in
// other fields makes nothing that it sends later stale.
func IsFed(field string) bool {
	kind, _, _ := strings.Cut(field, ".")
	return !slices.Contains([]string{fieldConsents, fieldTags, fieldGroups, fieldMerged, fieldInto + ".",
		"tax_exempt.", fieldDisabled + ".", fieldErasure + "."},
		kind+".")
}
