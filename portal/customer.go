package portal

import (
	"context"
	"errors"
	"time"

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
	Removed        []removedAddress `bson:"removed,omitempty"` // deleted, may be put back for a while
	CreatedAt      time.Time        `bson:"created_at"`
	ChangedAt      time.Time        `bson:"changed_at"`           // by whomever
	ShopperAt      time.Time        `bson:"shopper_at,omitempty"` // changed by the customer
	FedAt          time.Time        `bson:"fed_at,omitempty"`     // the feed's updated_at of what was applied last
	Greeted        string           `bson:"greeted,omitempty"`    // the first order, whose arrival was mailed
	Registered     bool             `bson:"registered,omitempty"` // made by a click, not by a feed
	ProfileVersion string           `bson:"profile_version,omitempty"`
	Former         []former         `bson:"former,omitempty"`    // addresses it holds beside, oldest first
	FedEmail       string           `bson:"fed_email,omitempty"` // what the shop's own records have: said again, it moves nothing
	Erasure        Erasure          `bson:"erasure,omitempty"`
	ErasuresAsked  []time.Time      `bson:"erasures_asked,omitempty"` // within a day, each counted once
	Work           job.List         `bson:"work,omitempty"`
}

// Name is the customer's full name, "" when unknown.
func (c Customer) Name() string {
	if c.FirstName == "" || c.LastName == "" {
		return c.FirstName + c.LastName
	}
	return c.FirstName + " " + c.LastName
}

// customersByLink indexes the customers of all shops with a link that the upgrade has not decided on yet.
const customersByLink = "link"

func customerCollection() storage.Collection {
	link := storage.Index{
		Name: customersByLink, Fields: []storage.Field{{Path: "feed_id", Kind: storage.String}}, AllShops: true,
	}
	return storage.Collection{Name: "customers", Indexes: append(job.Indexes(), link)}
}

func (a *App) customerDocs(shop string) storage.Docs[Customer] {
	return storage.Open[Customer](a.engine, shop, customerCollection())
}

// customer returns a customer. One whose erasure has begun is already storage.ErrNotFound.
func (a *App) customer(ctx context.Context, shop, id string) (Customer, error) {
	c, _, err := a.customerDocs(shop).Get(ctx, id)
	if err == nil && !c.Erasure.Begun.IsZero() {
		return Customer{}, storage.ErrNotFound
	}
	return c, err
}

// ensureCustomer creates the customer with an id unless it exists.
func (a *App) ensureCustomer(ctx context.Context, shop Shop, id, email string, registered bool) error {
	_, err := a.customer(ctx, shop.ID, id)
	if !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	now := a.now()
	err = a.customerDocs(shop.ID).Insert(ctx, id, Customer{ID: id, Email: email, Registered: registered, CreatedAt: now, ChangedAt: now})
	if errors.Is(err, storage.ErrExists) {
		return nil
	}
	return err
}

// changeCustomer changes a customer's document and updates everything derived from it.
func (a *App) changeCustomer(ctx context.Context, shop, id string, alter func(*Customer) error) (Customer, error) {
	return a.customerDocs(shop).Change(ctx, id, func(c *Customer) error {
		if !c.Erasure.Begun.IsZero() {
			return storage.ErrNotFound // for everyone but the worker that erases it
		}
		if err := alter(c); err != nil {
			return err
		}
		c.settle(a.now())
		return nil
	})
}

// settle updates what depends on the customer's fields and schedules the jobs that are due later.
func (c *Customer) settle(now time.Time) {
	erasure := job.Request{Kind: kindErasure, At: c.Erasure.nextErasure(), Slow: true}
	if !c.Erasure.Begun.IsZero() {
		c.Work.CancelOthers(kindErasure) // nothing else matters any more
		c.Work.Schedule(erasure)
		return
	}
	c.settleVAT(now)
	c.forgetRemoved(now)
	c.Work.Schedule(erasure)
	c.Work.Schedule(job.Request{Kind: kindVATCheck, At: c.VAT.NextAt, Slow: true})
	release := earliest(c.Former, func(f former) time.Time { return f.Until })
	if !erasure.At.IsZero() && !release.Before(erasure.At) {
		release = time.Time{} // the erasure needs them, to find what was sent there
	}
	c.Work.Schedule(job.Request{Kind: kindReleaseEmails, At: release})
	c.Work.Schedule(job.Request{Kind: kindForgetAddresses, At: earliest(c.Removed, removedAddress.until)})
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

// missing turns storage.ErrNotFound into a NotFound error.
func missing(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return &Error{Kind: NotFound, Cause: err}
	}
	return err
}
