package customer

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// Merged is an account that was merged into the customer's. Its document stays under its id and leads to the
// customer, and so do its emails and its id in the shop's system.
type Merged struct {
	ID         string    `bson:"id"`
	Batch      string    `bson:"batch"` // that merged it, perhaps into another account before
	At         time.Time `bson:"at"`
	FeedID     string    `bson:"feed_id,omitempty"`
	Emails     []string  `bson:"emails"` // its address, then the reserved ones
	Registered bool      `bson:"registered,omitempty"`
}

// Tombstone says that an account was merged into another one, which its id leads to.
type Tombstone struct {
	Into  string    `bson:"into,omitempty"`
	Batch string    `bson:"batch,omitempty"`
	At    time.Time `bson:"at,omitempty"`
	// Unproven are the addresses of both accounts by which nobody had signed in.
	Unproven []string `bson:"unproven,omitempty"`
}

// IsZero reports whether the account was not merged; it is then not stored.
func (t Tombstone) IsZero() bool { return t.Into == "" }

// MaxMerged is how many accounts one customer can take in.
const MaxMerged = 20

// The kinds of jobs of a merge.
const (
	KindMergeMove   = "merge_move"   // on the merged account: moves its orders; args: ArgFrom after an undo
	KindMergeLetter = "merge_letter" // args: ArgEmail, ArgTold
	KindMergeForget = "merge_forget" // on the merged account: forgets what only the undo needs
)

// The arguments of these jobs.
const (
	ArgFrom  = "from"  // the account that gives the orders back
	ArgEmail = "email" // the recipient
	ArgTold  = "told"  // of KindMergeLetter: what the email is about; "" for the merge
	ArgOld   = "old"   // of KindEmailSet: the recipient is not the new address
)

// errMerged says that an account leads to another one. Whoever does not follow it finds nothing.
type errMerged struct{ into string }

func (e errMerged) Error() string { return "customer: the account was merged" }
func (e errMerged) Unwrap() error { return storage.ErrNotFound }

// Follow returns the customer that an id leads to: the one with the id, or the one it was merged into.
func Follow(ctx context.Context, docs storage.Docs[Customer], id string) (Customer, error) {
	for range MaxMerged + 1 {
		c, _, err := docs.Get(ctx, id)
		if err != nil || c.Tombstone.IsZero() {
			return c, err
		}
		id = c.Tombstone.Into
	}
	return Customer{}, storage.ErrNotFound
}

// Is reports whether an id is the customer's or that of an account merged into it.
func (c Customer) Is(id string) bool { return id != "" && slices.Contains(c.IDs(), id) }

// IDs returns the customer's id and those of the accounts merged into it.
func (c Customer) IDs() []string {
	ids := []string{c.ID}
	for _, m := range c.Merged {
		ids = append(ids, m.ID)
	}
	return ids
}

// AllEmails returns EmailsHeld with the emails of the accounts merged into the customer's.
func (c Customer) AllEmails() []string {
	all := c.EmailsHeld()
	for _, m := range c.Merged {
		all = append(all, m.Emails...)
	}
	return all
}

// FurtherEmails returns the addresses of the accounts merged into the customer's. Each leads to the customer.
func (c Customer) FurtherEmails() (list []string) {
	for _, m := range c.Merged {
		list = append(list, m.Emails[0])
	}
	return list
}

// ConfirmedEmails returns the addresses by which the customer signs in.
func (c Customer) ConfirmedEmails() (list []string) {
	for _, email := range append([]string{c.Email}, c.FurtherEmails()...) {
		if c.SignsInBy(email) {
			list = append(list, email)
		}
	}
	return list
}

// LetterEmail returns the address for what concerns the customer: theirs, or while that is unconfirmed a
// confirmed one, if there is any.
func (c Customer) LetterEmail() string {
	if confirmed := c.ConfirmedEmails(); len(confirmed) > 0 {
		return confirmed[0]
	}
	return c.Email
}

// FeedIDs returns the shop system's ids of the customer and of the accounts merged into it.
func (c Customer) FeedIDs() (ids []string) {
	if c.FeedID != "" {
		ids = append(ids, c.FeedID)
	}
	for _, m := range c.Merged {
		if m.FeedID != "" {
			ids = append(ids, m.FeedID)
		}
	}
	return ids
}

// HasAddress reports whether an address is the customer's or that of an account merged into it.
func (c Customer) HasAddress(email string) bool {
	return email != "" && (c.Email == email || slices.Contains(c.FurtherEmails(), email))
}

// SignsInBy reports whether an address lets the customer in.
func (c Customer) SignsInBy(email string) bool { return c.HasAddress(email) && !c.IsUnconfirmed(email) }

// IsUnconfirmed reports whether an address was brought together with another account before anybody had
// signed in by it. Its owner must first confirm that both accounts are theirs.
func (c Customer) IsUnconfirmed(email string) bool { return slices.Contains(c.Unconfirmed, email) }

// Confirm records that the owner of an address has confirmed it, and tells the addresses that could sign in
// before.
func (c *Customer) Confirm(email string, at time.Time) error {
	if !c.IsUnconfirmed(email) {
		return storage.ErrUnchanged
	}
	c.tellMerge(at, ToldConfirmed, c.ConfirmedEmails()...)
	c.Unconfirmed = without(c.Unconfirmed, func(held string) bool { return held == email })
	return nil
}

// without returns a list without some of its elements, nil if none is left.
func without[T any](list []T, is func(T) bool) []T {
	if list = slices.DeleteFunc(slices.Clone(list), is); len(list) == 0 {
		return nil
	}
	return list
}

// MayMerge is a Conflict if the account cannot take part in a merge or its undo by the batch.
func (c Customer) MayMerge(batch string) error {
	switch {
	case c.Merging != "" && c.Merging != batch:
		return validate.NewError(validate.Conflict, "merge.busy")
	case !c.Erasure.IsZero():
		return validate.NewError(validate.Conflict, "merge.erasing")
	case c.LinkedID != "":
		return validate.NewError(validate.Conflict, "customer.upgrading")
	}
	return nil
}

// MergeInto makes the account lead to another one. It leaves the lists, and nobody but the merge changes it
// from here on; what it holds stays, so that the merge can be undone.
func (c *Customer) MergeInto(t Tombstone, act audit.Act) error {
	before := c.Fields()
	c.Tombstone, c.ChangedAt = t, act.At
	c.Work.Add(job.Request{Kind: KindMergeMove, At: act.At, Slow: true})
	c.Work.Add(job.Request{Kind: KindMergeForget, At: act.At.Add(keepMerged)})
	return c.Carry(act, before)
}

// keepMerged is how long a merged account keeps what it held: as long as the merge can be undone, and a day for
// an undo that began at the last moment.
const keepMerged = audit.UndoPeriod + 24*time.Hour

// ForgetMerged drops what a merged account held, except for what leads to the survivor. While an undo is under
// way it is put off.
func (c *Customer) ForgetMerged(now time.Time) {
	switch {
	case c.Tombstone.IsZero():
	case c.Merging != "":
		c.Work.Add(job.Request{Kind: KindMergeForget, At: now.Add(time.Hour)})
	default:
		*c = Customer{ID: c.ID, FeedID: c.FeedID, Email: c.Email, Reserved: c.Reserved, CreatedAt: c.CreatedAt,
			ChangedAt: c.ChangedAt, Erasure: c.Erasure, Work: c.Work, Tombstone: c.Tombstone}
	}
}

// The values of ArgTold, besides "".
const (
	ToldUndone    = "undone"    // the accounts are apart again
	ToldConfirmed = "confirmed" // one more address can sign in
)

// tellMerge schedules the emails about a merge, its undo, or a confirmed address.
func (c *Customer) tellMerge(at time.Time, what string, emails ...string) {
	for _, email := range emails {
		c.Work.Add(job.Request{Kind: KindMergeLetter, Args: job.Args{ArgEmail: email, ArgTold: what}, At: at})
	}
}

// The two sides of a merge, as values of a choice.
const (
	SideSurvivor = "survivor"
	SideLoser    = "loser"
)

// partDisabled is the one part of which having nothing is a value, too: the account is open.
const partDisabled = fieldDisabled

// MergeParts lists the parts of an account of which a merge keeps one of two: single fields, and those that
// only make sense together.
func MergeParts() []string {
	return []string{"title", "first_name", "last_name", "birth_date", "phone", "language", "company",
		"tax_exempt", partDisabled}
}

// Part returns the fields of a part of the account.
func (c Customer) Part(name string) map[string]string {
	part := map[string]string{}
	for field, value := range c.Fields() {
		if field == name || strings.HasPrefix(field, name+".") {
			part[field] = value
		}
	}
	return part
}

// DifferingParts lists the parts of which a merge must choose one.
func DifferingParts(survivor, loser Customer) (names []string) {
	for _, name := range MergeParts() {
		mine, theirs := survivor.Part(name), loser.Part(name)
		closed := name == partDisabled && (len(mine) > 0) != (len(theirs) > 0)
		both := name != partDisabled && len(mine) > 0 && len(theirs) > 0 && !maps.Equal(mine, theirs)
		if closed || both {
			names = append(names, name)
		}
	}
	return names
}

// TakeIn takes in an account that leads to the customer from now on. Of each part it takes what it lacks, or
// what the choices give to the loser. Everything that lets somebody in to either account ends, and both
// addresses are told.
func (c *Customer) TakeIn(loser Customer, choices map[string]string, act audit.Act) error {
	before := c.Fields()
	made := loser.Tombstone
	for _, name := range MergeParts() {
		c.takePart(name, loser, choices[name] == SideLoser)
	}
	c.takeAddresses(loser)
	c.takeSets(loser)
	c.takeConsents(loser)
	for _, m := range append([]Merged{loser.merged()}, loser.Merged...) {
		m.Batch, m.At = made.Batch, made.At
		c.Merged = append(c.Merged, m)
	}
	for _, email := range append(made.Unproven, loser.Unconfirmed...) {
		if !c.IsUnconfirmed(email) {
			c.Unconfirmed = append(c.Unconfirmed, email)
		}
	}
	c.ChangedAt = act.At
	fed := func(change audit.Change) bool { return IsFed(change.Field) }
	if slices.ContainsFunc(audit.Changes(before, c.Fields()), fed) {
		c.StaffAt = act.At
	}
	c.tellMerge(act.At, "", c.Email, loser.Email)
	c.EndAccess(act)
	return c.Carry(act, before)
}

// merged returns what another account keeps of this one.
func (c Customer) merged() Merged {
	return Merged{ID: c.ID, FeedID: c.FeedID, Emails: c.EmailsHeld(), Registered: c.Registered}
}

func (c *Customer) takePart(name string, loser Customer, chosen bool) {
	mine, theirs := c.Part(name), loser.Part(name)
	if name == partDisabled {
		if chosen {
			c.Disabled = loser.Disabled
		}
		return
	}
	if len(theirs) == 0 || len(mine) > 0 && !chosen || maps.Equal(mine, theirs) {
		return
	}
	for field := range mine {
		c.SetText(field, "")
	}
	for field, value := range theirs {
		c.SetText(field, value)
	}
	if name == "company" {
		c.takeVAT(loser)
	}
}

// takeAddresses adds the addresses that the customer does not have. A default is taken where there is none.
func (c *Customer) takeAddresses(loser Customer) {
	fields := c.Fields()
	for _, a := range loser.Addresses {
		same := func(own SavedAddress) bool { return own.Address == a.Address }
		if slices.ContainsFunc(c.Addresses, same) || len(c.Addresses) >= MaxAddresses {
			continue
		}
		if slices.ContainsFunc(c.Addresses, func(own SavedAddress) bool { return own.ID == a.ID }) {
			a.ID = storage.NewID()
		}
		a.DefaultShipping = a.DefaultShipping && fields[fieldDefaults+UseShipping] == ""
		a.DefaultBilling = a.DefaultBilling && fields[fieldDefaults+UseBilling] == ""
		c.Addresses = append(slices.Clone(c.Addresses), a)
	}
}

// takeSets adds tags, groups, and which orders have unread messages or open requests.
func (c *Customer) takeSets(loser Customer) {
	for _, tag := range loser.Tags {
		if len(c.Tags) < MaxTags {
			c.SetTag(tag, true)
		}
	}
	for _, m := range loser.Groups {
		if len(c.Groups) < MaxGroups {
			_ = c.Join(m) // cannot be refused: there is room
		}
	}
	for _, a := range loser.Answered {
		if c.answered(a.Order) < 0 {
			c.Answered = append(c.Answered, a)
		}
	}
	for _, a := range loser.Asked {
		if _, found := c.Request(a.Order); !found {
			c.Asked = append(c.Asked, a)
		}
	}
}

// ErrNotMerged says that the customer holds nothing of the merge any more.
var ErrNotMerged = validate.NewError(validate.Conflict, "undo.already")

// GiveBack undoes what the merge of an account changed in the customer, who survived it. It is a Conflict,
// with an error at each field, if something else has changed one of them since; then nothing changes.
func (c *Customer) GiveBack(merge, undo audit.Act) error {
	of := func(m Merged) bool { return m.Batch == merge.Batch }
	if !slices.ContainsFunc(c.Merged, of) {
		return ErrNotMerged
	}
	back, before := *c, c.Fields()
	back.Merged = without(c.Merged, of)
	back.Unconfirmed = without(c.Unconfirmed, func(email string) bool {
		return len(back.Merged) == 0 || !back.HasAddress(email)
	})
	back.Consents = without(c.Consents, func(said Consent) bool { return said.Merge == merge.Batch })
	own := merge
	own.Changes = without(merge.Changes, func(change audit.Change) bool {
		return strings.HasPrefix(change.Field, fieldMerged) || strings.HasPrefix(change.Field, fieldConsents)
	})
	if err := back.Undo(own); err != nil {
		return err
	}
	back.giveBackVAT(merge)
	*c = back
	c.ChangedAt = undo.At
	c.tellMerge(undo.At, ToldUndone, c.Email)
	c.EndAccess(undo)
	return c.Carry(undo, before)
}

// follow repeats a change at the account that a merged one leads to.
func follow(id string, change func(id string) (Customer, error)) (Customer, error) {
	for range MaxMerged + 1 {
		c, err := change(id)
		var merged errMerged
		if !errors.As(err, &merged) {
			return c, err
		}
		id = merged.into
	}
	return Customer{}, storage.ErrNotFound
}
