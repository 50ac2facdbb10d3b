package customer

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// Purpose is a reason for which a customer may be sent email.
type Purpose string

// The purposes. Each needs its own consent.
const (
	Newsletter    Purpose = "newsletter"
	PartnerOffers Purpose = "partner_offers"
)

// Purposes lists them in the order they are shown.
func Purposes() []Purpose { return []Purpose{Newsletter, PartnerOffers} }

// ConsentStatus is the latest answer to a purpose.
type ConsentStatus string

// The states of a consent. Only the customer's own action changes the state, which staff and feeds may
// report.
const (
	ConsentNever     ConsentStatus = "never_asked"
	ConsentGiven     ConsentStatus = "given"
	ConsentWithdrawn ConsentStatus = "withdrawn"
)

// The sources of a consent or its withdrawal. A feed may name others, such as "checkout".
const (
	SourceAccount     = "account"
	SourceUnsubscribe = "unsubscribe" // the link in a mail
	SourceFeed        = "feed"
	SourceStaff       = "staff" // who say in the note how the customer did it
)

// Consent is one decision of a customer, with proof of what it was about: the exact sentence shown, and its
// version.
type Consent struct {
	Purpose Purpose       `bson:"purpose"`
	Status  ConsentStatus `bson:"status"`
	At      time.Time     `bson:"at"`
	Source  string        `bson:"source"`
	Wording string        `bson:"wording,omitempty"` // "" where no sentence was shown, or none is known
	Version string        `bson:"version,omitempty"` // of the wording
	Note    string        `bson:"note,omitempty"`    // how staff know of it, such as "by phone"
	Merge   string        `bson:"merge,omitempty"`   // the batch that brought it from a merged account
}

// maxConsents is how many consents are kept for a customer; the latest of each purpose is always kept.
const maxConsents = 50

// WordingVersion is a short hash that identifies a sentence; "" for an empty one.
func WordingVersion(wording string) string {
	if wording == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(wording))
	return hex.EncodeToString(sum[:6])
}

// Consent returns the current consent for a purpose.
func (c Customer) Consent(purpose Purpose) Consent {
	for _, said := range slices.Backward(c.Consents) {
		if said.Purpose == purpose {
			return said
		}
	}
	return Consent{Purpose: purpose, Status: ConsentNever}
}

// ConsentHistory lists the consents that are kept, newest first.
func (c Customer) ConsentHistory() []Consent {
	history := slices.Clone(c.Consents)
	slices.SortStableFunc(history, func(a, b Consent) int { return b.At.Compare(a.At) })
	return history
}

// Remember adds a consent and drops the oldest above the limit, but never the latest of a purpose.
func (c *Customer) Remember(said Consent) {
	c.Consents = append(c.Consents, said)
	for i := 0; i < len(c.Consents) && len(c.Consents) > maxConsents; {
		later := func(other Consent) bool { return other.Purpose == c.Consents[i].Purpose }
		if !slices.ContainsFunc(c.Consents[i+1:], later) {
			i++
			continue
		}
		c.Consents = slices.Delete(c.Consents, i, i+1)
	}
}

// takeConsents takes over what the loser decided: the later decision, but a withdrawal of either account
// whatever the times, since only the customer may take that back.
func (c *Customer) takeConsents(loser Customer) {
	for _, purpose := range Purposes() {
		own, said := c.Consent(purpose), loser.Consent(purpose)
		switch {
		case said.Status == ConsentNever, own.Status == ConsentWithdrawn:
			continue
		case said.Status != ConsentWithdrawn && !said.At.After(own.At):
			continue
		case !said.At.After(own.At): // or a repeated delivery of the own decision would seem to be the newer one
			said.At = own.At.Add(time.Millisecond)
		}
		said.Merge = loser.Tombstone.Batch
		c.Remember(said)
	}
}

// WithdrawnSince returns the withdrawals of consent that the customer made since a time.
func (c Customer) WithdrawnSince(at time.Time) (list []Consent) {
	for _, purpose := range Purposes() {
		said := c.Consent(purpose)
		if said.Status == ConsentWithdrawn && said.Merge == "" && said.At.After(at) {
			list = append(list, said)
		}
	}
	return list
}

// TakeWithdrawals makes a consent that another customer withdrew read as withdrawn.
func (c *Customer) TakeWithdrawals(from Customer) {
	for _, purpose := range Purposes() {
		said := from.Consent(purpose)
		if said.Status == ConsentWithdrawn && c.Consent(purpose).Status != ConsentWithdrawn {
			c.Remember(Consent{Purpose: purpose, Status: said.Status, At: said.At, Source: said.Source})
		}
	}
}
