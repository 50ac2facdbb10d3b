package customer

import (
	"slices"
	"time"

	"postern/portal/credential"
	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

const (
	MailEmailMoved  = "email_moved"
	PayCustomer     = "customer"
	emailMovedEntry = "moved-"

	MailEmailUndone = "email_undone"
)

// MoveBack restores the address. Every later address will be released, and no email to one of them can undo
// anything.
func (c *Customer) MoveBack(t credential.Token, now time.Time, page string) error {
	at := c.ReservedByToken(t, now)
	if at < 0 {
		return validate.NewError(validate.Gone, "email_restore.gone")
	}
	back := c.Reserved[at].Email
	if err := c.CheckReserved(back, now); err != nil {
		return err
	}
	given := []ReservedEmail{{Email: c.Email, At: now, Until: now}}
	c.tellUndone(back, now)
	c.tellUndone(c.Email, now)
	for _, later := range c.Reserved[at+1:] {
		given = append(given, ReservedEmail{Email: later.Email, At: now, Until: now})
	}
	c.Email, c.Reserved = back, append(c.Reserved[:at:at], given...)
	c.Erasure = Erasure{} // asked for since, by whoever has the other address
	c.ChangedAt, c.ShopperAt, c.PageLang = now, now, page
	return nil
}

// tellUndone schedules an email about the undone change; it is sent to the restored address and to the one
// it replaces.
func (c *Customer) tellUndone(email string, now time.Time) {
	c.Work.Add(job.Request{Kind: KindEmailUndone, Args: job.Args{"email": email}, At: now})
}

// UndoUntil is the first moment at which an address can no longer be restored. (It may be reserved for
// longer.)
func (f ReservedEmail) UndoUntil() time.Time { return f.At.Add(reservedLife) }

// ReservedByToken returns the index of the former address that an undo link belongs to, or -1.
func (c *Customer) ReservedByToken(t credential.Token, now time.Time) int {
	return slices.IndexFunc(c.Reserved, func(f ReservedEmail) bool {
		return now.Before(f.UndoUntil()) && slices.ContainsFunc(f.Undo,
			func(hash string) bool { return credential.SameHash(hash, t.Hash()) })
	})
}

// ReservedEmail is an address that is reserved for the account but is not its current one: either a former
// address, which an email can restore within 14 days, or one that the account is about to take.
type ReservedEmail struct {
	Email string    `bson:"email"`
	Undo  []string  `bson:"undo,omitempty"`  // hashes of what mails to the address carry
	Entry string    `bson:"entry,omitempty"` // of the outbox, that tells it
	At    time.Time `bson:"at"`
	Until time.Time `bson:"until"` // the worker gives it up then
}

const (
	reservedLife = 14 * 24 * time.Hour
	ClaimLife    = 10 * time.Minute
	maxReserved  = 60 // more than three changes a day can leave
	MaxUndo      = 10 // mails that may have arrived
	MoveTries    = 10
)

// ReservedIndex returns the index of email among the account's reserved addresses, or -1.
func (c *Customer) ReservedIndex(email string) int {
	return slices.IndexFunc(c.Reserved, func(f ReservedEmail) bool { return f.Email == email })
}

// Reserve reserves an address for the account until the given time at least.
func (c *Customer) Reserve(email string, now, until time.Time) {
	at := c.ReservedIndex(email)
	if at < 0 {
		c.Reserved = append(c.Reserved, ReservedEmail{Email: email, At: now, Until: until})
		return
	}
	if until.After(c.Reserved[at].Until) {
		c.Reserved[at].Until = until
	}
}

// CheckReserved returns nil if an address is reserved for long enough that the worker cannot release it
// during a change in progress: a request lasts only seconds.
func (c *Customer) CheckReserved(email string, now time.Time) error {
	at := c.ReservedIndex(email)
	if at < 0 || !now.Add(ClaimLife/2).Before(c.Reserved[at].Until) {
		return validate.NewError(validate.Conflict, "email.changed")
	}
	return nil
}

// Move makes a reserved address the account's address. If anyone has signed in with the old one, it stays
// reserved and is informed of the change; otherwise it is released.
func (c *Customer) Move(to string, told bool, now time.Time) error {
	if err := c.CheckReserved(to, now); err != nil {
		return err
	}
	if len(c.Reserved) > maxReserved {
		return validate.NewError(validate.TooMany, "email.too_many")
	}
	old := ReservedEmail{Email: c.Email, At: now, Until: now}
	if told {
		old.Entry, old.Until = emailMovedEntry+storage.NewID(), now.Add(reservedLife)
		c.Work.Add(job.Request{Kind: KindEmailMoved, Args: job.Args{"entry": old.Entry}, At: now})
		c.delayErasure(old.Until, now)
	}
	c.Reserved = slices.DeleteFunc(c.Reserved, func(f ReservedEmail) bool { return f.Email == to })
	c.Reserved = append(c.Reserved, old)
	c.Email = to
	return nil
}

// MoveFed is Move for an address that the shop's system sent. If the one before was not confirmed after a merge,
// the new one is not, either; the confirmed addresses of merged accounts are told.
func (c *Customer) MoveFed(to string, told bool, now time.Time) error {
	old := c.Email
	if err := c.Move(to, told, now); err != nil {
		return err
	}
	if c.IsUnconfirmed(old) && !c.IsUnconfirmed(to) {
		c.Unconfirmed = append(slices.Clone(c.Unconfirmed), to)
	}
	if !told { // the old one is given up
		c.Unconfirmed = without(c.Unconfirmed, func(email string) bool { return email == old })
	}
	c.TellOldEmails(old, true, now) // the old one is told by Move, if anybody signed in by it
	return nil
}

// ErrSameEmail says that the address is already the account's.
var ErrSameEmail = validate.NewError(validate.Conflict, "email.changed")

// settleReserved schedules the release of the reserved addresses of a merged account. While it is being merged
// or taken apart, the release waits: the survivor is about to note the addresses.
func (c *Customer) settleReserved(now time.Time) {
	release := earliest(c.Reserved, func(f ReservedEmail) time.Time { return f.Until })
	if wait := now.Add(time.Minute); c.Merging != "" && !release.IsZero() && release.Before(wait) {
		release = wait
	}
	c.Work.Schedule(job.Request{Kind: KindReleaseEmails, At: release})
}

// DropEmails drops addresses that an account merged into the customer's has given up.
func (c *Customer) DropEmails(account string, emails []string) error {
	changed := false
	c.Merged = slices.Clone(c.Merged)
	for i := range c.Merged {
		m := &c.Merged[i]
		if m.ID != account {
			continue
		}
		given := func(email string) bool { return slices.Contains(emails, email) }
		held := append(m.Emails[:1:1], without(m.Emails[1:], given)...)
		changed = changed || len(held) < len(m.Emails)
		m.Emails = held
	}
	if !changed {
		return storage.ErrUnchanged
	}
	return nil
}
