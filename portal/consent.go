package portal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"postern/storage"
)

// Purpose is what a customer may be written to for.
type Purpose string

// The purposes. Each is asked for by itself.
const (
	Newsletter    Purpose = "newsletter"
	PartnerOffers Purpose = "partner_offers"
)

// Purposes lists them in the order they are shown.
func Purposes() []Purpose { return []Purpose{Newsletter, PartnerOffers} }

// ConsentStatus is what was last said to a purpose.
type ConsentStatus string

// The states of a consent. Nothing but a customer's own word leads from the first to another.
const (
	ConsentNever     ConsentStatus = "never_asked"
	ConsentGiven     ConsentStatus = "given"
	ConsentWithdrawn ConsentStatus = "withdrawn"
)

// Where a consent was given or withdrawn. A feed may name others, such as "checkout".
const (
	SourceAccount     = "account"
	SourceUnsubscribe = "unsubscribe" // the link in a mail
	SourceFeed        = "feed"
)

// Consent is one thing that a customer said, with the proof of what it was said to: the very sentence
// shown, and its version.
type Consent struct {
	Purpose Purpose       `bson:"purpose"`
	Status  ConsentStatus `bson:"status"`
	At      time.Time     `bson:"at"`
	Source  string        `bson:"source"`
	Wording string        `bson:"wording,omitempty"` // "" where no sentence was shown, or none is known
	Version string        `bson:"version,omitempty"` // of the wording
}

// maxConsents is how many consents are remembered of a customer; the last of each purpose always is.
const maxConsents = 50

// WordingVersion is the short name of a sentence: another sentence has another one. It is "" for no sentence.
func WordingVersion(wording string) string {
	if wording == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(wording))
	return hex.EncodeToString(sum[:6])
}

// Consent is the present state of a purpose.
func (c Customer) Consent(purpose Purpose) Consent {
	for _, said := range slices.Backward(c.Consents) {
		if said.Purpose == purpose {
			return said
		}
	}
	return Consent{Purpose: purpose, Status: ConsentNever}
}

// ConsentHistory lists all that was said and is remembered, the newest first.
func (c Customer) ConsentHistory() []Consent {
	history := slices.Clone(c.Consents)
	slices.SortStableFunc(history, func(a, b Consent) int { return b.At.Compare(a.At) })
	return history
}

// GiveConsent notes that the customer agreed to a sentence on a page of the account; shown is the version
// of the sentence that stood there. It is a Conflict when that is not the sentence of today: nobody agrees
// to what they did not read. Giving it twice is once. A Purpose that is none is Invalid at "purpose".
func (s Shopper) GiveConsent(ctx context.Context, purpose Purpose, wording, shown string) error {
	if WordingVersion(wording) != shown || wording == "" {
		return failure(Conflict, "consent.changed")
	}
	return s.say(ctx, Consent{Purpose: purpose, Status: ConsentGiven, Source: SourceAccount, Wording: wording})
}

// WithdrawConsent takes a consent back, whichever sentence was shown beside it. Taking it back twice is once.
func (s Shopper) WithdrawConsent(ctx context.Context, purpose Purpose, wording string) error {
	return s.say(ctx, Consent{Purpose: purpose, Status: ConsentWithdrawn, Source: SourceAccount, Wording: wording})
}

func (s Shopper) say(ctx context.Context, said Consent) error {
	if !slices.Contains(Purposes(), said.Purpose) {
		return invalid([]Fault{{Field: "purpose", Key: "consent.purpose"}})
	}
	return s.app.noteConsent(ctx, s.shop.ID, s.customer.ID, said)
}

// noteConsent notes what a customer says now. It does not count as a change of the customer's data: what a
// feed says of those is not outdated by it.
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

// remember adds a consent and forgets the oldest over the bound, but for the last of a purpose.
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
