package portal

import (
	"context"
	"slices"
	"time"

	"postern/portal/customer"
	"postern/portal/validate"
	"postern/storage"
)

// GiveConsent records that the customer agreed to a sentence on an account page; shown is the version of
// the sentence on that page. It is a Conflict if the sentence has changed since: nobody agrees to text they
// did not read. Repeating it has no effect. An unknown Purpose is Invalid at "purpose".
func (s Shopper) GiveConsent(ctx context.Context, purpose customer.Purpose, wording, shown string) error {
	if err := s.requireOwn(); err != nil {
		return err
	}
	if customer.WordingVersion(wording) != shown || wording == "" {
		return validate.NewError(validate.Conflict, "consent.changed")
	}
	return s.say(ctx, customer.Consent{Purpose: purpose, Status: customer.ConsentGiven,
		Source: customer.SourceAccount, Wording: wording})
}

// WithdrawConsent withdraws a consent, whichever sentence was shown. Repeating it has no effect.
func (s Shopper) WithdrawConsent(ctx context.Context, purpose customer.Purpose, wording string) error {
	return s.say(ctx, customer.Consent{Purpose: purpose, Status: customer.ConsentWithdrawn,
		Source: customer.SourceAccount, Wording: wording})
}

func (s Shopper) say(ctx context.Context, said customer.Consent) error {
	if err := s.requireOwn(); err != nil {
		return err
	}
	if !slices.Contains(customer.Purposes(), said.Purpose) {
		return validate.InvalidFields([]validate.FieldError{{Field: "purpose", Key: "consent.purpose"}})
	}
	return s.app.noteConsent(ctx, s.shop.ID, s.customer.ID, said)
}

// noteConsent records a customer's decision. It does not count as a change of the customer's data, so it
// does not make a feed's data stale.
func (a *App) noteConsent(ctx context.Context, shop, who string, said customer.Consent) error {
	_, err := a.changeCustomer(ctx, shop, who, func(c *customer.Customer) error {
		now := a.now()
		last := c.Consent(said.Purpose)
		said.At, said.Version = now, customer.WordingVersion(said.Wording)
		own := last.Source == customer.SourceAccount || last.Source == customer.SourceUnsubscribe
		if own && last.Merge == "" && // the undo of the merge would take it away
			last.Status == said.Status &&
			(said.Status == customer.ConsentWithdrawn || last.Version == said.Version) {
			return storage.ErrUnchanged
		}
		if !last.At.Before(now) {
			said.At = last.At.Add(time.Millisecond) // the feed's clock may be ahead; its answer must not override this one
		}
		c.Remember(said)
		c.ChangedAt = now
		return nil
	})
	return validate.NotFoundIfMissing(err)
}

// consentRecords returns the customer's consents, each with its unsubscribe URL.
func (f Feed) consentRecords(ctx context.Context,
	c customer.Customer) (map[customer.Purpose]customer.ConsentRecord, error) {
	key, err := f.app.unsubscribeKey(ctx, f.shop)
	if err != nil {
		return nil, err
	}
	records := map[customer.Purpose]customer.ConsentRecord{}
	for _, purpose := range customer.Purposes() {
		said := c.Consent(purpose)
		record := customer.ConsentRecord{
			Status: said.Status, Source: said.Source, Wording: said.Wording, WordingVersion: said.Version,
			UnsubscribeURL: f.shop.URL(UnsubscribePrefix + unsubscribe{c.ID, purpose}.token(f.shop.ID, key)),
		}
		if said.Status != customer.ConsentNever {
			record.At = &said.At
		}
		records[purpose] = record
	}
	return records, nil
}

// learnLate takes the consents of a change that is otherwise stale: each consent has its own time.
func (f Feed) learnLate(ctx context.Context, id string, change customerChange) error {
	if len(change.consents) == 0 {
		return nil
	}
	_, err := f.changeCustomer(ctx, id, false, func(c *customer.Customer) error {
		if err := change.mayChange(*c, *c); err != nil {
			return err
		}
		return c.LearnLate(change.told(*c), f.app.now())
	})
	return err
}
