package portal

import (
	"context"
	"time"

	"postern/storage"
)

// consentsWire holds the consents that a feed sends, by purpose.
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

// consents reads the consents that a feed sends. The feed names their source, but may not use ours: only
// the account can record that a customer decided there.
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

// learn takes consents from a feed that are newer than the known ones, and reports whether there were any:
// a late delivery never undoes a withdrawal made here.
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

// ConsentRecord is a consent in the form that a feed reads.
type ConsentRecord struct {
	Status         ConsentStatus `json:"status"`
	At             *time.Time    `json:"at,omitempty"`
	Source         string        `json:"source,omitempty"`
	Wording        string        `json:"wording,omitempty"`
	WordingVersion string        `json:"wording_version,omitempty"`
	UnsubscribeURL string        `json:"unsubscribe_url"` // for List-Unsubscribe (RFC 8058)
}

// consentRecords returns the customer's consents, each with its unsubscribe URL.
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

// learnLate takes the consents of a change that is otherwise stale: each consent has its own time.
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
