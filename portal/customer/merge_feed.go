package customer

import (
	"slices"
	"time"
)

// Bare returns what is certainly the customer's own of an account that took in another one: the identifiers, what
// was withdrawn, and the consents from before.
func (c Customer) Bare() Customer {
	first := earliest(c.Merged, func(m Merged) time.Time { return m.At })
	bare := Customer{ID: c.ID, FeedID: c.FeedID, Email: c.Email, CreatedAt: c.CreatedAt, ChangedAt: c.ChangedAt}
	bare.Consents = without(c.Consents, func(said Consent) bool {
		return said.Status == ConsentGiven && (said.Merge != "" || said.At.After(first))
	})
	bare.TakeWithdrawals(c)
	return bare
}

// HasUnconfirmed reports whether an account, the customer's own or one merged into it, has an address that is
// not confirmed.
func (c Customer) HasUnconfirmed(account string) bool {
	if account == c.ID {
		return c.IsUnconfirmed(c.Email)
	}
	return slices.ContainsFunc(c.Merged, func(m Merged) bool {
		return m.ID == account && c.IsUnconfirmed(m.Emails[0])
	})
}
