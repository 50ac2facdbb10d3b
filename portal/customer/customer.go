// Package customer is the person with an account: profile, addresses, company and VAT evidence, consents, the
// emails that are reserved for them, and the deletion of the account.
//
// It must not know of orders or of other customers.
package customer

import (
	"context"
	"slices"
	"sync"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/storage"
)

// Customer is a person with an account in one shop.
type Customer struct {
	ID             string           `bson:"id"`
	FeedID         string           `bson:"introduced_id,omitempty"` // the shop system's id, introduced by a PUT of the customer
	LinkedID       string           `bson:"feed_id,omitempty"`       // one that an earlier version linked, until the upgrade decides
	LinkShared     bool             `bson:"link_shared,omitempty"`   // decided: LinkedID brought orders of other people
	Email          string           `bson:"email"`                   // canonical; where mail goes
	FirstName      string           `bson:"first_name,omitempty"`
	LastName       string           `bson:"last_name,omitempty"`
	Language       string           `bson:"language,omitempty"`
	PageLang       string           `bson:"page_lang,omitempty"` // of the page of the last change, for the emails that tell of it
	Title          string           `bson:"title,omitempty"`
	BirthDate      string           `bson:"birth_date,omitempty"` // "1980-05-31"
	Phone          string           `bson:"phone,omitempty"`      // E.164 where it could be read
	Consents       []Consent        `bson:"consents,omitempty"`   // as they were said, oldest first
	Company        Company          `bson:"company,omitempty"`
	VAT            VATEvidence      `bson:"vat,omitempty"`
	Addresses      []SavedAddress   `bson:"addresses,omitempty"`
	Removed        []RemovedAddress `bson:"removed,omitempty"` // deleted, may be put back for a while
	CreatedAt      time.Time        `bson:"created_at"`
	ChangedAt      time.Time        `bson:"changed_at"`                // by whomever
	ShopperAt      time.Time        `bson:"shopper_at,omitempty"`      // changed by the customer
	FedAt          time.Time        `bson:"fed_at,omitempty"`          // the feed's updated_at of what was applied last
	Greeted        string           `bson:"greeted,omitempty"`         // the first order, whose arrival was mailed
	NoOrderEmails  []string         `bson:"no_order_emails,omitempty"` // kinds of emails about orders that it declined
	Answered       []Answered       `bson:"answered,omitempty"`        // orders that the shop wrote about, the latest last
	Asked          []Asked          `bson:"asked,omitempty"`           // the latest requests about orders, the latest last
	Registered     bool             `bson:"registered,omitempty"`      // made by a click, not by a feed
	ProfileVersion string           `bson:"profile_version,omitempty"`
	Reserved       []ReservedEmail  `bson:"reserved,omitempty"`  // addresses it holds beside, oldest first
	FedEmail       string           `bson:"fed_email,omitempty"` // what the shop's own records have: said again, it moves nothing
	Erasure        Erasure          `bson:"erasure,omitempty"`
	ErasuresAsked  []time.Time      `bson:"erasures_asked,omitempty"` // within a day, each counted once
	Tags           []string         `bson:"tags,omitempty"`           // given by the shop, sorted
	Groups         []Membership     `bson:"groups,omitempty"`         // sorted by group
	TaxExempt      TaxExemption     `bson:"tax_exempt,omitempty"`
	Disabled       Disabled         `bson:"disabled,omitempty"`
	SignedOutAt    time.Time        `bson:"signed_out_at,omitempty"` // nothing from before lets the customer in
	StaffAt        time.Time        `bson:"staff_at,omitempty"`      // changed by staff
	Acts           []FieldAct       `bson:"acts,omitempty"`          // that may be undone, oldest first
	Work           job.List         `bson:"work,omitempty"`

	Merged      []Merged  `bson:"merged,omitempty"`      // accounts that lead here, oldest first
	Tombstone   Tombstone `bson:"tombstone,omitempty"`   // the account leads to another one
	Merging     string    `bson:"merging,omitempty"`     // the batch of a merge or of its undo that is under way
	Unconfirmed []string  `bson:"unconfirmed,omitempty"` // addresses that let nobody in before they are confirmed

	ListForm string   `bson:"list_form,omitempty"` // how the fields below were made; see ListForm
	NameKey  string   `bson:"name_key,omitempty"`  // orders customers by name
	Terms    []string `bson:"terms,omitempty"`     // that find the customer
	Marks    []string `bson:"marks,omitempty"`     // that filters select by, such as "country SK"
	GroupIDs []string `bson:"group_ids,omitempty"` // of Groups
	List     *Listed  `bson:"list,omitempty"`      // nil for one who is in no list
}

// Name is the customer's full name, "" when unknown.
func (c Customer) Name() string {
	if c.FirstName == "" || c.LastName == "" {
		return c.FirstName + c.LastName
	}
	return c.FirstName + " " + c.LastName
}

// WantsOrderEmail reports whether the customer gets a kind of email about orders, where the shop sends it.
func (c Customer) WantsOrderEmail(kind string) bool { return !slices.Contains(c.NoOrderEmails, kind) }

// The indexes of customers. The lists hold the rows that they show.
const (
	// ByLink indexes the customers of all shops with a link that the upgrade has not decided on yet.
	ByLink = "link"
	// ByChanged lists the customers by ChangedAt, with nothing but their keys and their ListForm.
	ByChanged    = "changed"
	ByRegistered = "registered"
	ByVisited    = "visited"
	BySpent      = "spent"
	ByName       = "name"
	ByMark       = "mark" // then by when they registered
	ByTerm       = "term" // with the terms, but no row: there are many of them
)

// Collection declares the collection of customers and its indexes. All callers share it, so it must not be
// changed.
func Collection() storage.Collection { return collection() }

var collection = sync.OnceValue(func() storage.Collection {
	field := func(path string, kind storage.Kind) storage.Field { return storage.Field{Path: path, Kind: kind} }
	list := func(name string, fields ...storage.Field) storage.Index {
		return storage.Index{Name: name, Fields: fields, Head: rowFields()}
	}
	created := field("list.created", storage.Time)
	marks := storage.Field{Path: "marks", Kind: storage.String, Multi: true}
	terms := storage.Field{Path: "terms", Kind: storage.String, Multi: true}
	return storage.Collection{Name: "customers", Indexes: append(job.Indexes(), []storage.Index{
		{Name: ByLink, Fields: []storage.Field{field("feed_id", storage.String)}, AllShops: true},
		{Name: ByChanged, Fields: []storage.Field{field("changed_at", storage.Time)}, Head: []string{"list_form"}},
		list(ByRegistered, created),
		list(ByVisited, field("list.visited", storage.Time)),
		list(BySpent, field("list.spent", storage.Int)),
		list(ByName, field("name_key", storage.String)),
		list(ByMark, marks, created),
		{Name: ByTerm, Fields: []storage.Field{terms}, Head: []string{"terms"}},
	}...)}
})

// Docs opens the customers of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Customer] {
	return storage.Open[Customer](engine, shop, Collection())
}

// Get returns the customer that an id leads to: for an account that was merged, the one that took it in. One
// whose erasure has begun is already storage.ErrNotFound.
func Get(ctx context.Context, docs storage.Docs[Customer], id string) (Customer, error) {
	c, err := Follow(ctx, docs, id)
	if err == nil && !c.Erasure.Begun.IsZero() {
		return Customer{}, storage.ErrNotFound
	}
	return c, err
}

// Change changes the document of the customer that an id leads to, as in Get, and updates everything derived
// from it.
func Change(ctx context.Context, docs storage.Docs[Customer], id string, now func() time.Time,
	alter func(*Customer) error) (Customer, error) {
	return follow(id, func(id string) (Customer, error) { return docs.Put(ctx, id, Changing(now, alter)) })
}

// Changing is what Change does with the document, for a caller that has read it already. It is
// storage.ErrNotFound for an account that was merged.
func Changing(now func() time.Time, alter func(*Customer) error) func(c *Customer, found bool) error {
	return func(c *Customer, found bool) error {
		if !found || !c.Erasure.Begun.IsZero() {
			return storage.ErrNotFound // for everyone but the worker that erases it
		}
		if !c.Tombstone.IsZero() {
			return errMerged{c.Tombstone.Into}
		}
		acts := slices.Clone(c.Acts)
		var before map[string]string
		if len(acts) > 0 {
			before = c.Fields()
		}
		if err := alter(c); err != nil {
			return err
		}
		c.overtake(acts, before)
		c.Settle(now())
		return nil
	}
}

// Settle updates what depends on the customer's fields and schedules the jobs that are due later.
func (c *Customer) Settle(now time.Time) {
	erasure := job.Request{Kind: KindErasure, At: c.Erasure.NextErasure(), Slow: true}
	if !c.Erasure.Begun.IsZero() {
		c.Work.CancelOthers(KindErasure, audit.KindRecord) // nothing else matters any more
		c.leaveLists()
		c.Work.Schedule(erasure)
		return
	}
	if !c.Tombstone.IsZero() {
		c.leaveLists()
		c.Work.Cancel(KindErasure, KindVATCheck, KindForgetAddresses)
		c.settleReserved(now)
		return
	}
	c.settleVAT(now)
	c.settleList()
	c.forgetRemoved(now)
	c.forgetActs(now)
	c.Work.Schedule(erasure)
	c.Work.Schedule(job.Request{Kind: KindVATCheck, At: c.VAT.NextAt, Slow: true})
	release := earliest(c.Reserved, func(f ReservedEmail) time.Time { return f.Until })
	if !erasure.At.IsZero() && !release.Before(erasure.At) {
		release = time.Time{} // the erasure needs them, to find what was sent there
	}
	c.Work.Schedule(job.Request{Kind: KindReleaseEmails, At: release})
	c.Work.Schedule(job.Request{Kind: KindForgetAddresses, At: earliest(c.Removed, RemovedAddress.until)})
}

// earliest returns the earliest time of the elements, or zero if there are none.
func earliest[T any](list []T, of func(T) time.Time) (first time.Time) {
	for _, element := range list {
		if at := of(element); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first
}

// The kinds of jobs on customers' documents.
const (
	KindChangeNotice    = "change_notice"  // args: what
	KindEmailMoved      = "email_moved"    // args: entry, of the outbox
	KindEmailUndone     = "email_undone"   // args: email
	KindEmailSet        = "email_set"      // args: ArgEmail, ArgOld
	KindErasureNotice   = "erasure_notice" //
	KindErasure         = "erasure"
	KindReleaseEmails   = "release_emails"
	KindForgetAddresses = "forget_addresses"
	KindVATCheck        = "vat_check"
	KindSignInEmail     = "sign_in_email" // args: ArgEntry, ArgBy
	KindSignOut         = "sign_out"      // args: ArgEndedBy
)
