package staff

import (
	"slices"
	"time"

	"postern/portal/credential"
)

// ImpersonationLife is how long somebody may see the pages of a customer as the customer does.
const ImpersonationLife = 30 * time.Minute

// Impersonation lets a person see the pages of one customer as the customer does. It is kept with the session
// that began it, and ends with that session.
type Impersonation struct {
	Hash     string    `bson:"hash"` // of the token in its cookie
	Customer string    `bson:"customer"`
	Reason   string    `bson:"reason"`
	Write    bool      `bson:"write,omitempty"` // whether it may also change what it sees
	BeganAt  time.Time `bson:"began_at"`
}

// Until is the first moment when it no longer works.
func (i Impersonation) Until() time.Time { return i.BeganAt.Add(ImpersonationLife) }

// Impersonate begins an impersonation in a session. It replaces every other one of the same person.
func (a *Access) Impersonate(s *Session, made Impersonation) {
	a.EndImpersonations()
	s.As = &made
}

// EndImpersonations ends all impersonations of the person and reports whether there was one.
func (a *Access) EndImpersonations() bool {
	found := false
	for i := range a.Sessions {
		found = found || a.Sessions[i].As != nil
		a.Sessions[i].As = nil
	}
	return found
}

// Visits reports whether an impersonation of the customer lasts that began at a time.
func (a *Access) Visits(m Member, customer string, beganAt, now time.Time) bool {
	return slices.ContainsFunc(a.Sessions, func(s Session) bool {
		return s.As != nil && s.As.Customer == customer && s.As.BeganAt.Equal(beganAt) &&
			now.Before(s.As.Until()) && s.IsProven() && s.Live(m, now)
	})
}

// Impersonating returns the live session with the impersonation that has a hash, or nil. The time of the
// impersonation itself may be over.
func (a *Access) Impersonating(m Member, hash string, now time.Time) *Session {
	for i := range a.Sessions {
		s := &a.Sessions[i]
		if s.As != nil && credential.SameHash(s.As.Hash, hash) && s.IsProven() && s.Live(m, now) {
			return s
		}
	}
	return nil
}
