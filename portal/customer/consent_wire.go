package customer

import (
	"slices"
	"time"

	"postern/portal/validate"
	"postern/storage"
)

// ConsentsWire holds the consents that a feed sends, by purpose.
type ConsentsWire struct {
	Newsletter    *consentWire `json:"newsletter"`
	PartnerOffers *consentWire `json:"partner_offers"`
}

type consentWire struct {
	Status  string        `json:"status"`
	At      validate.Time `json:"at"`
	Source  string        `json:"source"`
	Wording string        `json:"wording"`
}

// ReadConsents reads the consents that a feed sends. The feed names their source, but may not use ours: only
// the account can record that a customer decided there.
func ReadConsents(f *validate.Validator, w *ConsentsWire, now time.Time) []Consent {
	if w == nil {
		return nil
	}
	var list []Consent
	for purpose, given := range map[Purpose]*consentWire{Newsletter: w.Newsletter,
		PartnerOffers: w.PartnerOffers} {
		if given != nil {
			list = append(list, readConsent(f, "/consents/"+string(purpose), purpose, *given, now))
		}
	}
	return list
}

func readConsent(f *validate.Validator, at string, purpose Purpose, w consentWire, now time.Time) Consent {
	said := Consent{
		Purpose: purpose, Status: ConsentStatus(validate.StatusKey(w.Status)), At: f.Moment(at+"/at", w.At),
		Source:  f.Cut(at+"/source", w.Source, validate.MaxWord),
		Wording: f.Prose(at+"/wording", w.Wording, validate.MaxText),
	}
	if said.Status != ConsentGiven && said.Status != ConsentWithdrawn {
		f.Reject(at+"/status", "consent.status")
	}
	if said.At.After(now.Add(validate.MaxClockSkew)) {
		f.Reject(at+"/at", "consent.future")
	}
	if said.Source == "" || slices.Contains(ownSources(), said.Source) {
		said.Source = SourceFeed
	}
	said.Version = WordingVersion(said.Wording)
	return said
}

// Learn takes consents from a feed that are newer than the known ones, and reports whether there were any:
// a late delivery never undoes a withdrawal made here.
func (c *Customer) Learn(told []Consent) (learned bool) {
	for _, said := range told {
		last := c.Consent(said.Purpose)
		if !said.At.After(last.At) {
			continue
		}
		learned = true
		c.Remember(said)
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

// ownSources lists the sources that a feed may not claim.
func ownSources() []string { return []string{SourceAccount, SourceUnsubscribe, SourceStaff} }

func (c *Customer) LearnLate(told []Consent, now time.Time) error {
	if !c.Learn(told) {
		return storage.ErrUnchanged
	}
	c.ChangedAt = now
	return nil
}
