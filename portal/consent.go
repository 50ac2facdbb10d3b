package portal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"postern/storage"
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

// The states of a consent. Only the customer's own action changes the state.
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

// GiveConsent records that the customer agreed to a sentence on an account page; shown is the version of
// the sentence on that page. It is a Conflict if the sentence has changed since: nobody agrees to text they
// did not read. Repeating it has no effect. An unknown Purpose is Invalid at "purpose".
func (s Shopper) GiveConsent(ctx context.Context, purpose Purpose, wording, shown string) error {
	if WordingVersion(wording) != shown || wording == "" {
		return failure(Conflict, "consent.changed")
	}
	return s.say(ctx, Consent{Purpose: purpose, Status: ConsentGiven, Source: SourceAccount, Wording: wording})
}

// WithdrawConsent withdraws a consent, whichever sentence was shown. Repeating it has no effect.
func (s Shopper) WithdrawConsent(ctx context.Context, purpose Purpose, wording string) error {
	return s.say(ctx, Consent{Purpose: purpose, Status: ConsentWithdrawn, Source: SourceAccount, Wording: wording})
}

func (s Shopper) say(ctx context.Context, said Consent) error {
	if !slices.Contains(Purposes(), said.Purpose) {
		return invalid([]Fault{{Field: "purpose", Key: "consent.purpose"}})
	}
	return s.app.noteConsent(ctx, s.shop.ID, s.customer.ID, said)
}

// noteConsent records a customer's decision. It does not count as a change of the customer's data, so it
// does not make a feed's data stale.
func (a *App) noteConsent(ctx context.Context, shop, customer string, said Consent) error {
	_, err := a.changeCustomer(ctx, shop, customer, func(c *Customer) error {
		now := a.now()
		last := c.Consent(said.Purpose)
		said.At, said.Version = now, WordingVersion(said.Wording)
		if last.Status == said.Status && (said.Status == ConsentWithdrawn || last.Version == said.Version) {
			return storage.ErrUnchanged
		}
		if !last.At.Before(now) {
			said.At = last.At.Add(time.Millisecond) // a feed's clock runs ahead, and its word must not come back over this one
		}
		c.remember(said)
		c.ChangedAt = now
		return nil
	})
	return missing(err)
}

// remember adds a consent and drops the oldest above the limit, but never the latest of a purpose.
func (c *Customer) remember(said Consent) {
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
