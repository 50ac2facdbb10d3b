package merchant

import (
	"context"
	"slices"
	"strings"
	"time"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// ConsentSaid is a customer's decision on emails that staff know of.
type ConsentSaid struct {
	Customer string
	Purpose  customer.Purpose
	Status   string // customer.ConsentGiven or customer.ConsentWithdrawn
	Note     string // how the customer said so, such as "by phone"
	At       string // when, in the form of MomentForm in the shop's time zone
	Stored   string // the ConsentState that the form was made from
	Reason   string
}

// MomentForm is the form of a moment in a form.
const MomentForm = "2006-01-02T15:04"

// maxConsentNote is the maximum length of a ConsentSaid's Note in characters.
const maxConsentNote = 200

// ConsentState identifies a customer's present consent for a purpose.
func ConsentState(c customer.Customer, purpose customer.Purpose) string {
	return c.Fields()["consents."+string(purpose)]
}

// RecordConsent records a decision that the customer really made (Art. 7 GDPR, Art. 13 of Directive
// 2002/58/EC), with how and when: both are required. It is a Conflict at "status" if the consent has changed
// since the form was made. Field errors are at "status", "note", "at" and "reason". It returns the id of the
// act, "" if the consent has that state already.
func (s Staff) RecordConsent(ctx context.Context, said ConsentSaid) (act string, err error) {
	if !slices.Contains(customer.Purposes(), said.Purpose) {
		return "", validate.NewError(validate.NotFound, "")
	}
	made, err := s.newAct(audit.CustomerChanged, said.Customer, said.Reason)
	if err != nil {
		return "", err
	}
	f := &validate.Validator{}
	read := s.readConsent(f, "", said)
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return "", err
	}
	return s.changed(ctx, staff.PermissionEditCustomers, made, func(c *customer.Customer) error {
		return remember(c, read, said.Stored)
	})
}

// readConsent checks a decision. The names of the fields begin with the prefix.
func (s Staff) readConsent(f *validate.Validator, prefix string, said ConsentSaid) customer.Consent {
	read := customer.Consent{Purpose: said.Purpose, Status: customer.ConsentStatus(said.Status),
		Source: customer.SourceStaff,
		Note:   f.Required(prefix+"note", f.Text(prefix+"note", said.Note, maxConsentNote))}
	if read.Status != customer.ConsentGiven && read.Status != customer.ConsentWithdrawn {
		f.Reject(prefix+"status", "customer.consent.choose")
	}
	at, err := time.ParseInLocation(MomentForm, strings.TrimSpace(said.At), s.shop.Location())
	switch {
	case err != nil || at.Year() < 2000:
		f.Reject(prefix+"at", "customer.consent.at_missing")
	case at.After(s.app.Now()):
		f.Reject(prefix+"at", "customer.consent.future")
	}
	read.At = at.UTC()
	return read
}

// remember adds the consent unless a later decision is known.
func remember(c *customer.Customer, said customer.Consent, stored string) error {
	last := c.Consent(said.Purpose)
	switch {
	case last.Status == said.Status:
		return storage.ErrUnchanged
	case ConsentState(*c, said.Purpose) != stored:
		return &validate.Error{Kind: validate.Conflict, Key: "edit.changed",
			Fields: []validate.FieldError{{Field: "status", Key: "customer.consent.changed"}}}
	case !said.At.After(last.At):
		return wrongField("at", "customer.consent.older")
	}
	c.Remember(said)
	return nil
}
