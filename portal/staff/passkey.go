package staff

import (
	"bytes"
	"slices"
	"time"

	"postern/portal/credential"
	"postern/portal/passkey"
	"postern/portal/validate"
)

// MaxPasskeys is the number of passkeys of one person.
const MaxPasskeys = 10

// Challenge is the question that was put to a passkey in a session. The latest one counts.
type Challenge struct {
	Text  string    `bson:"text,omitempty"`
	Until time.Time `bson:"until,omitempty"` // the first moment when it no longer counts
}

// IsZero reports whether there is no challenge; it is then not stored.
func (c Challenge) IsZero() bool { return c.Text == "" }

// NewChallenge returns a challenge that counts from now on.
func NewChallenge(text string, now time.Time) Challenge {
	return Challenge{Text: text, Until: now.Add(passkey.Life)}
}

// TakeChallenge uses up the challenge of a session, if it is the one that was answered. Otherwise the answer
// comes too late or a second time.
func (s *Session) TakeChallenge(answered Challenge, now time.Time) bool {
	present := s.Challenge
	s.Challenge = Challenge{}
	return answered.Text != "" && present.Text == answered.Text && now.Before(present.Until)
}

// Owner returns the person as the owner of the passkeys.
func (a *Access) Owner(m Member) passkey.Person {
	owner := passkey.Person{Handle: passkey.Handle(m.ID), Email: m.Email}
	if a.Factors == m.Factors {
		owner.Keys = a.Passkeys
	}
	return owner
}

// Passkey returns the person's passkey with a reference, to read or to change, or nil.
func (a *Access) Passkey(ref string) *passkey.Key {
	for i := range a.Passkeys {
		if credential.SameHash(a.Passkeys[i].Ref(), ref) {
			return &a.Passkeys[i]
		}
	}
	return nil
}

// AddPasskey adds a new passkey. One more than MaxPasskeys is a Conflict.
func (a *Access) AddPasskey(key passkey.Key) error {
	if len(a.Passkeys) >= MaxPasskeys {
		return validate.NewError(validate.Conflict, "passkey.full")
	}
	a.Passkeys = append(a.Passkeys, key)
	return nil
}

// UsePasskey stores what an answer tells of a passkey: its counter, and whether it is synced. It reports
// false if the passkey was removed, or used with a later counter, since the answer was checked.
func (a *Access) UsePasskey(key passkey.Key, now time.Time) bool {
	mine := slices.IndexFunc(a.Passkeys, func(k passkey.Key) bool { return bytes.Equal(k.ID, key.ID) })
	if mine < 0 || !a.Passkeys[mine].Works(key.Host) {
		return false
	}
	k := &a.Passkeys[mine]
	if (k.Count > 0 || key.Count > 0) && key.Count <= k.Count {
		return false
	}
	k.Count, k.Synced, k.UsedAt = key.Count, key.Synced, now
	return true
}

// RemovePasskey removes a passkey and returns it. The last factor that works at the host is a Conflict.
func (a *Access) RemovePasskey(ref, host string) (passkey.Key, error) {
	key := a.Passkey(ref)
	if key == nil {
		return passkey.Key{}, validate.NewError(validate.NotFound, "")
	}
	gone := *key
	left := slices.DeleteFunc(slices.Clone(a.Passkeys), func(k passkey.Key) bool { return bytes.Equal(k.ID, gone.ID) })
	if a.TOTP == nil && !works(left, host) {
		return passkey.Key{}, validate.NewError(validate.Conflict, "factor.last")
	}
	a.Passkeys = left
	return gone, nil
}

func works(keys []passkey.Key, host string) bool {
	return slices.ContainsFunc(keys, func(k passkey.Key) bool { return k.Works(host) })
}
