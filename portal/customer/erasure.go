package customer

import (
	"errors"
	"time"

	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// Erasure is a customer's request to delete the account (Art. 17 GDPR).
type Erasure struct {
	AskedAt time.Time `bson:"asked_at,omitempty"`
	At      time.Time `bson:"at,omitempty"`    // when it is done; until then it can be taken back
	Begun   time.Time `bson:"begun,omitempty"` // from here on the account is gone for everyone but the worker
	Act     string    `bson:"act,omitempty"`   // the id of the erasure in the log, from when it has begun
}

// IsZero reports whether nothing was asked for; it is then not stored.
func (e Erasure) IsZero() bool { return e == Erasure{} }

// Pending reports whether the account will be erased but can still be kept.
func (e Erasure) Pending() bool { return !e.At.IsZero() && e.Begun.IsZero() }

const (
	// ErasureDelay is the least time from a request to the erasure.
	ErasureDelay = 7 * 24 * time.Hour
	// erasureRest separates the two halves of an erasure: anything in progress when the first half begins
	// has ended when the second begins.
	erasureRest = time.Minute
	MailErasure = "erasure"

	ErasuresADay = 5 // that a customer may ask for
)

func (c Customer) ErasureDate(now time.Time) time.Time {
	at := now.Add(ErasureDelay)
	for _, f := range c.Reserved {
		if f.Entry != "" && f.Until.After(at) {
			at = f.Until
		}
	}
	return at
}

// delayErasure postpones a pending erasure until the given time at least, and has the customer informed of
// the new date.
func (c *Customer) delayErasure(until, now time.Time) {
	if c.Erasure.Pending() && until.After(c.Erasure.At) {
		c.Erasure.At = until
		c.TellErasure(now)
	}
}

// TellErasure schedules the notice of the erasure and its date. If one is already waiting, it covers both.
func (c *Customer) TellErasure(now time.Time) {
	c.Work.Add(job.Request{Kind: KindErasureNotice, At: now})
}

// RequestErasure schedules the erasure and has the customer told. If it is pending, nothing changes.
func (c *Customer) RequestErasure(now time.Time) error {
	if c.Erasure.Pending() {
		return storage.ErrUnchanged
	}
	c.Erasure = Erasure{AskedAt: now, At: c.ErasureDate(now)}
	c.TellErasure(now)
	return nil
}

// CancelErasure cancels an erasure that has not begun.
func (c *Customer) CancelErasure() error {
	if !c.Erasure.Pending() {
		return storage.ErrUnchanged
	}
	c.Erasure = Erasure{}
	return nil
}

// NextErasure is when the worker's next half of the erasure is due; zero for never.
func (e Erasure) NextErasure() time.Time {
	if e.Begun.IsZero() {
		return e.At
	}
	return e.Begun.Add(erasureRest)
}

// EmailsHeld returns the customer's current and reserved email addresses.
func (c Customer) EmailsHeld() []string {
	all := []string{c.Email}
	for _, f := range c.Reserved {
		all = append(all, f.Email)
	}
	return all
}

// EraseAt sets the time of the erasure, unless an email change can still be undone.
func (c *Customer) EraseAt(moment time.Time) error {
	for _, former := range c.Reserved {
		if former.Entry != "" && former.Until.After(moment) {
			return &validate.Error{Kind: validate.Conflict,
				Cause: errors.New("an email change can still be undone")}
		}
	}
	if !c.Erasure.Pending() {
		c.Erasure.AskedAt = moment
	}
	c.Erasure.At = moment
	return nil
}
