package portal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postern/mail"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
	"postern/templates/i18n"
)

// ErasureDate is when the account would be erased if the customer asked now: in seven days, but not while
// an email to a former address can still restore that address.
func (s Shopper) ErasureDate() time.Time { return s.customer.ErasureDate(s.app.now()) }

// RequestErasure schedules the erasure of the account at the ErasureDate, and informs each address that could
// cancel it. The session must be recently verified (else validate.StepUp). Asking again changes nothing; five
// times a day, then validate.TooMany. The times are stored in the same document as the request, so concurrent
// requests count once.
func (s Shopper) RequestErasure(ctx context.Context) (customer.Erasure, error) {
	if err := s.requireVerified(); err != nil {
		return customer.Erasure{}, err
	}
	c, err := s.change(ctx, func(c *customer.Customer) error {
		if c.Erasure.Pending() {
			return storage.ErrUnchanged
		}
		now := s.app.now()
		asked := slices.DeleteFunc(slices.Clone(c.ErasuresAsked),
			func(at time.Time) bool { return now.Sub(at) >= 24*time.Hour })
		if len(asked) >= customer.ErasuresADay {
			return validate.NewError(validate.TooMany, "error.too_many")
		}
		c.ErasuresAsked = append(asked, now)
		c.Erasure = customer.Erasure{AskedAt: now, At: c.ErasureDate(now)}
		c.TellErasure(now)
		return nil
	})
	return c.Erasure, err
}

// CancelErasure cancels the erasure. If none is pending it changes nothing.
func (s Shopper) CancelErasure(ctx context.Context) error {
	if err := s.requireOwn(); err != nil {
		return err
	}
	_, err := s.change(ctx, (*customer.Customer).CancelErasure)
	return err
}

// postErasureNotices queues the emails that confirm the request.
func (w Worker) postErasureNotices(ctx context.Context, shop shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	c := t.Doc
	if !c.Erasure.Pending() {
		return nil, nil // taken back since
	}
	held := c.EmailsHeld()
	for i, email := range append(held, c.FurtherEmails()...) {
		if 0 < i && i < len(held) && c.Reserved[i-1].Entry == "" {
			continue // held for another reason than that it was the account's
		}
		if i >= len(held) && c.IsUnconfirmed(email) {
			continue
		}
		if err := w.post(ctx, shop, fmt.Sprintf("erasure-%s-%d", t.Job.ID, i), mail.Entry{
			Kind: customer.MailErasure, To: email, Lang: c.PageLang, CreatedAt: w.app.now(),
			Payload: map[string]string{customer.PayCustomer: c.ID,
				credential.PayAt: c.Erasure.At.Format(time.RFC3339Nano)},
		}); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// composeErasure writes the email that confirms the request and says how to cancel it: in the account, or
// for a former address with the email that reported the change of address. The email is dropped if the
// request was cancelled.
func (w Worker) composeErasure(ctx context.Context, sh shop.Shop, _ string, e mail.Entry) (shop.Recipient,
	letterWriter, error) {
	c, err := w.app.customer(ctx, sh.ID, e.Payload[customer.PayCustomer])
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	held := c.ReservedIndex(e.To) >= 0
	if err == nil && (!c.Erasure.Pending() ||
		c.Erasure.At.Format(time.RFC3339Nano) != e.Payload[credential.PayAt] || !c.HasAddress(e.To) && !held) {
		err = mail.ErrDrop
	}
	return shop.Recipient{Email: e.To, Lang: c.Language}, func(l *i18n.Localizer) mail.Letter {
		letter := sh.Letter(l, "mail.delete_account", "When", l.Date(c.Erasure.At))
		if held {
			letter.Paragraphs = append(letter.Paragraphs, l.T("mail.delete_account.reserved_email"))
			return letter
		}
		letter.Paragraphs = append(letter.Paragraphs, l.T("mail.delete_account.keep"))
		letter.Button = &mail.Button{Label: l.T("mail.delete_account.button"), URL: sh.URL("/privacy")}
		letter.Notes = []string{l.T("mail.delete_account.not_you")}
		return letter
	}, err
}

// erase performs the half of an erasure that is due. Each half can be repeated from its start. The
// customer's document is deleted last, so that nothing is forgotten after a crash.
func (w Worker) erase(ctx context.Context, shop shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	c := t.Doc
	next := c.Erasure.NextErasure()
	switch {
	case next.IsZero() || w.app.now().Before(next):
		return nil, nil
	case c.LinkedID != "":
		return nil, errLinkedErasure
	case c.Merging != "":
		return nil, errMergingErasure
	case c.Erasure.Begun.IsZero():
		return nil, w.beginErasure(ctx, shop, t.Key)
	}
	return nil, w.finishErasure(ctx, shop, c)
}

// errLinkedErasure says that the upgrade must first move other people's orders out of an account.
var errLinkedErasure = job.Waits("the account's link is to be upgraded before it is erased")

// errMergingErasure says that a merge, or its undo, must first end.
var errMergingErasure = job.Waits("the account is being merged with another, or taken apart from it")

// beginErasure empties the profile and ends everything that can sign someone in.
func (w Worker) beginErasure(ctx context.Context, shop shop.Shop, id string) error {
	c, err := w.app.customerDocs(shop.ID).Change(ctx, id, func(c *customer.Customer) error {
		if !c.Erasure.Pending() || w.app.now().Before(c.Erasure.At) {
			return storage.ErrUnchanged // kept after all
		}
		if c.Merging != "" {
			return errMergingErasure
		}
		c.Erasure.Begun, c.Erasure.Act = w.app.now(), storage.NewID()
		*c = customer.Customer{
			ID: c.ID, FeedID: c.FeedID, LinkedID: c.LinkedID, LinkShared: c.LinkShared, Email: c.Email,
			Reserved: c.Reserved, Merged: c.Merged, Erasure: c.Erasure,
			CreatedAt: c.CreatedAt, ChangedAt: c.Erasure.Begun, Work: c.Work,
		}
		c.Settle(w.app.now())
		return nil
	})
	if err != nil || c.Erasure.Begun.IsZero() {
		return ifFound(err)
	}
	for _, email := range c.AllEmails() {
		_, err := w.app.credentialDocs(shop.ID).Change(ctx, w.app.credentialsID(shop.ID, email),
			func(a *credential.Credentials) error {
				if !c.Is(a.Customer) {
					return storage.ErrUnchanged
				}
				a.Clear(credential.LinkReplaced, w.app.now())
				return nil
			})
		if ifFound(err) != nil {
			return err
		}
	}
	return nil
}

// finishErasure removes the rest, collection by collection, of the accounts merged into the customer's first.
func (w Worker) finishErasure(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	for i, m := range c.Merged {
		merged, _, err := w.app.customerDocs(shop.ID).Get(ctx, m.ID)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		merged.Erasure = c.Erasure
		merged.Erasure.Act = fmt.Sprintf("%s-%d", c.Erasure.Act, i)
		if err == nil {
			err = w.eraseAll(ctx, shop, merged)
		}
		if err != nil {
			return err
		}
	}
	return w.eraseAll(ctx, shop, c)
}

// eraseAll removes the rest of one account.
func (w Worker) eraseAll(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	for _, d := range w.declarations() {
		if d.erase == nil {
			continue
		}
		if err := d.erase(ctx, shop, c); err != nil {
			return err
		}
	}
	return nil
}

// eraseEmails removes the recipient from all emails to the customer.
func (w Worker) eraseEmails(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	for _, email := range c.EmailsHeld() {
		if err := w.app.outbox(shop.ID).Forget(ctx, email); err != nil {
			return err
		}
	}
	return nil
}

// eraseIdentifiers removes the customer's emails as identifiers. The id of the shop's system is kept, marked
// as erased, so that the feed does not recreate the customer.
func (w Worker) eraseIdentifiers(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	docs := w.app.identifierDocs(shop.ID)
	for _, email := range c.EmailsHeld() {
		leads := func(i identifier.Identifier) bool { return i.Customer == c.ID }
		if err := removeIf(ctx, docs, identifier.EmailKey(email), leads); err != nil {
			return err
		}
	}
	if c.FeedID == "" {
		return nil
	}
	_, err := docs.Change(ctx, identifier.FeedKey(c.FeedID), func(i *identifier.Identifier) error {
		if i.Customer != c.ID {
			return storage.ErrUnchanged
		}
		*i = identifier.Identifier{Erased: true, ErasedAt: c.Erasure.Begun}
		return nil
	})
	return ifFound(err)
}

func (w Worker) eraseCredentials(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	docs := w.app.credentialDocs(shop.ID)
	return docs.eachOf(ctx, c.ID, func(ctx context.Context, key, _ string) error {
		return removeIf(ctx, docs.Docs,
			key, func(a credential.Credentials) bool { return a.Customer == c.ID })
	})
}

func (w Worker) eraseCounts(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	return remove(ctx, w.app.countDocs(shop.ID), c.ID)
}

func (w Worker) eraseCustomer(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	return remove(ctx, w.app.customerDocs(shop.ID), c.ID)
}

// awaitErasure returns Unavailable for a customer whose erasure has begun: new content would be erased too,
// although it belongs to their next account. The sender can try again in a minute or two.
func (a *App) awaitErasure(ctx context.Context, shop, id string) error {
	_, err := a.present(ctx, shop, id)
	return err
}

// present is awaitErasure that returns the id of the customer that an id leads to: another one for an account
// that was merged.
func (a *App) present(ctx context.Context, shop, id string) (string, error) {
	c, err := customer.Follow(ctx, a.customerDocs(shop), id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return id, nil
	case err == nil && !c.Erasure.Begun.IsZero():
		err = erasing(storage.ErrNotFound)
	}
	return c.ID, err
}

// erasing returns Unavailable if a customer that existed a moment ago is not found: their erasure has
// begun.
func erasing(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return validate.NewError(validate.Unavailable, "customer.erasing")
	}
	return err
}

// remove deletes a document, whatever its version. It is no error if the document does not exist.
func remove[T any](ctx context.Context, docs storage.Docs[T], key string) error {
	return removeIf(ctx, docs, key, func(T) bool { return true })
}

// removeIf is remove for a document that meets a condition; any other is kept.
func removeIf[T any](ctx context.Context, docs storage.Docs[T], key string, is func(T) bool) error {
	for {
		doc, read, err := docs.Get(ctx, key)
		if err == nil && !is(doc) {
			return nil
		}
		if err == nil {
			err = docs.Delete(ctx, key, read)
		}
		if !errors.Is(err, storage.ErrConflict) {
			return ifFound(err)
		}
	}
}

// eraseFound deletes the documents that a query finds, each after before has recorded the acts that it
// carries, so that the erasure of the log finds them.
func eraseFound[T any](ctx context.Context, docs storage.Docs[T], q storage.Query,
	before func(T) error) error {
	q.Limit = readBatch
	for {
		page, err := storage.Find[struct{}](ctx, docs, q)
		if err != nil || len(page.Hits) == 0 {
			return err
		}
		if err := eachAtOnce(ctx, page.Hits, func(ctx context.Context, hit storage.Hit[struct{}]) error {
			doc, _, err := docs.Get(ctx, hit.Key)
			if err == nil {
				err = before(doc)
			}
			if err != nil {
				return ifFound(err)
			}
			return remove(ctx, docs, hit.Key)
		}); err != nil {
			return err
		}
	}
}

// eraseOrders removes the personal data from all orders of a customer.
func (w Worker) eraseOrders(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	docs := w.app.orderDocs(shop.ID)
	for {
		page, err := storage.Find[struct{}](ctx, docs,
			storage.Query{Index: order.ByPlaced, Equal: []any{c.ID}, Limit: sweepBatch})
		if err != nil || len(page.Hits) == 0 {
			return err
		}
		err = eachAtOnce(ctx, page.Hits, func(ctx context.Context, hit storage.Hit[struct{}]) error {
			stored, err := docs.Change(ctx, hit.Key, func(s *order.Stored) error {
				if s.Customer != c.ID || s.IsDeleted() {
					return storage.ErrUnchanged
				}
				if err := w.app.recordPending(ctx, shop.ID, s.Work); err != nil {
					return err
				}
				s.Erase(w.app.now())
				return nil
			})
			if err == nil && stored.IsDeleted() {
				err = w.app.finishDeletion(ctx, shop, hit.Key)
			}
			return ifFound(err)
		})
		if err != nil {
			return err
		}
	}
}
