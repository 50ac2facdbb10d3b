package portal

import (
	"context"
	"time"

	"postern/storage"
)

// consentsWire is what a feed says of consents, by purpose.
type consentsWire struct {
	Newsletter    *consentWire `json:"newsletter"`
	PartnerOffers *consentWire `json:"partner_offers"`
}

type consentWire struct {
	Status  string `json:"status"`
	At      string `json:"at"`
	Source  string `json:"source"`
	Wording string `json:"wording"`
}

// consents reads what a feed says. The source is its own word, but not one of ours: that a customer said a
// thing in the account is nobody's to claim but the account's.
func (f *form) consents(w *consentsWire, now time.Time) []Consent {
	if w == nil {
		return nil
	}
	var list []Consent
	for purpose, given := range map[Purpose]*consentWire{Newsletter: w.Newsletter, PartnerOffers: w.PartnerOffers} {
		if given != nil {
			list = append(list, f.consent("/consents/"+string(purpose), purpose, *given, now))
		}
	}
	return list
}

func (f *form) consent(at string, purpose Purpose, w consentWire, now time.Time) Consent {
	said := Consent{
		Purpose: purpose, Status: ConsentStatus(statusKey(w.Status)), At: f.moment(at+"/at", w.At),
		Source: f.cut(at+"/source", w.Source, maxWord), Wording: f.prose(at+"/wording", w.Wording, maxText),
	}
	if said.Status != ConsentGiven && said.Status != ConsentWithdrawn {
		f.fault(at+"/status", "consent.status")
	}
	if said.At.After(now.Add(clockSkew)) {
		f.fault(at+"/at", "consent.future")
	}
	if said.Source == "" || said.Source == SourceAccount || said.Source == SourceUnsubscribe {
		said.Source = SourceFeed
	}
	said.Version = WordingVersion(said.Wording)
	return said
}

// learn takes over what a feed says where it is newer than what is known of the purpose, and reports
// whether anything was: what a customer took back here stays so whatever comes late.
func (c *Customer) learn(told []Consent) (learned bool) {
	for _, said := range told {
		last := c.Consent(said.Purpose)
		if !said.At.After(last.At) {
			continue
		}
		learned = true
		c.remember(said)
	}
	return learned
}

// ConsentRecord is a consent as a feed reads it.
type ConsentRecord struct {
	Status         ConsentStatus `json:"status"`
	At             *time.Time    `json:"at,omitempty"`
	Source         string        `json:"source,omitempty"`
	Wording        string        `json:"wording,omitempty"`
	WordingVersion string        `json:"wording_version,omitempty"`
	UnsubscribeURL string        `json:"unsubscribe_url"` // for List-Unsubscribe (RFC 8058)
}

// consentRecords are the customer's consents, each with the address that takes it back.
func (f Feed) consentRecords(ctx context.Context, c Customer) (map[Purpose]ConsentRecord, error) {
	key, err := f.app.unsubscribeKey(ctx, f.shop)
	if err != nil {
		return nil, err
	}
	records := map[Purpose]ConsentRecord{}
	for _, purpose := range Purposes() {
		said := c.Consent(purpose)
		record := ConsentRecord{
			Status: said.Status, Source: said.Source, Wording: said.Wording, WordingVersion: said.Version,
			UnsubscribeURL: f.shop.URL(UnsubscribePrefix + unsubscribe{c.ID, purpose}.token(f.shop.ID, key)),
		}
		if said.Status != ConsentNever {
			record.At = &said.At
		}
		records[purpose] = record
	}
	return records, nil
}

// learnLate takes over the consents of a change that is stale for the rest: each goes by its own time.
func (f Feed) learnLate(ctx context.Context, id string, change customerChange) error {
	if len(change.consents) == 0 {
		return nil
	}
	_, err := f.app.changeCustomer(ctx, f.shop.ID, id, func(c *Customer) error {
		return c.learnLate(change.consents, f.app.now())
	})
	return err
}

func (c *Customer) learnLate(told []Consent, now time.Time) error {
	if !c.learn(told) {
		return storage.ErrUnchanged
	}
	c.ChangedAt = now
	return nil
}
