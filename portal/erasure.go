package portal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postern/mail"
	"postern/portal/job"
	"postern/storage"
	"postern/templates/i18n"
)

// Erasure is a customer's request to delete the account (Art. 17 GDPR).
type Erasure struct {
	AskedAt time.Time `bson:"asked_at,omitempty"`
	At      time.Time `bson:"at,omitempty"`    // when it is done; until then it can be taken back
	Begun   time.Time `bson:"begun,omitempty"` // from here on the account is gone for everyone but the worker
}

// Pending reports whether the account will be erased but can still be kept.
func (e Erasure) Pending() bool { return !e.At.IsZero() && e.Begun.IsZero() }

const (
	erasureDelay = 7 * 24 * time.Hour
	// erasureRest separates the two halves of an erasure: anything in progress when the first half begins
	// has ended when the second begins.
	erasureRest = time.Minute
	mailErasure = "erasure"

	erasuresADay = 5 // that a customer may ask for
)

// ErasureDate is when the account would be erased if the customer asked now: in seven days, but not while
// an email to a former address can still restore that address.
func (s Shopper) ErasureDate() time.Time { return s.customer.erasureDate(s.app.now()) }

func (c Customer) erasureDate(now time.Time) time.Time {
	at := now.Add(erasureDelay)
	for _, f := range c.Former {
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
		c.tellErasure(now)
	}
}

// tellErasure schedules the notice of the erasure and its date. If one is already waiting, it covers both.
func (c *Customer) tellErasure(now time.Time) {
	c.Work.Add(job.Request{Kind: kindErasureNotice, At: now})
}

// AskErasure schedules the erasure of the account at the ErasureDate, and informs each address that could
// cancel it. The session must be Fresh (else StepUp). Asking again changes nothing; five times a day, then
// TooMany. The times are stored in the same document as the request, so concurrent requests count once.
func (s Shopper) AskErasure(ctx context.Context) (Erasure, error) {
	if err := s.needFresh(); err != nil {
		return Erasure{}, err
	}
	c, err := s.change(ctx, func(c *Customer) error {
		if c.Erasure.Pending() {
			return storage.ErrUnchanged
		}
		now := s.app.now()
		asked := slices.DeleteFunc(slices.Clone(c.ErasuresAsked), func(at time.Time) bool { return now.Sub(at) >= 24*time.Hour })
		if len(asked) >= erasuresADay {
			return failure(TooMany, "error.too_many")
		}
		c.ErasuresAsked = append(asked, now)
		c.Erasure = Erasure{AskedAt: now, At: c.erasureDate(now)}
		c.tellErasure(now)
		return nil
	})
	return c.Erasure, err
}

// KeepAccount cancels the erasure. If none is pending it changes nothing.
func (s Shopper) KeepAccount(ctx context.Context) error {
	_, err := s.change(ctx, (*Customer).cancelErasure)
	return err
}

func (c *Customer) cancelErasure() error {
	if !c.Erasure.Pending() {
		return storage.ErrUnchanged
	}
	c.Erasure = Erasure{}
	return nil
}

// nextErasure is when the worker's next half of the erasure is due; zero for never.
func (e Erasure) nextErasure() time.Time {
	if e.Begun.IsZero() {
		return e.At
	}
	return e.Begun.Add(erasureRest)
}

// postErasureNotices queues the emails that confirm the request.
func (w Worker) postErasureNotices(ctx context.Context, shop Shop, t job.Task[Customer]) (job.Finish[Customer], error) {
	c := t.Doc
	if !c.Erasure.Pending() {
		return nil, nil // taken back since
	}
	for i, email := range c.addresses() {
		if i > 0 && c.Former[i-1].Entry == "" {
			continue // held for another reason than that it was the account's
		}
		if err := w.post(ctx, shop, fmt.Sprintf("erasure-%s-%d", t.Job.ID, i), mail.Entry{
			Kind: mailErasure, To: email, Lang: c.PageLang, CreatedAt: w.app.now(),
			Payload: map[string]string{payCustomer: c.ID, payAt: c.Erasure.At.Format(time.RFC3339Nano)},
		}); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// composeErasure writes the email that confirms the request and says how to cancel it: in the account, or
// for a former address with the email that reported the change of address. The email is dropped if the
// request was cancelled.
func (w Worker) composeErasure(ctx context.Context, shop Shop, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	c, err := w.app.customer(ctx, shop.ID, e.Payload[payCustomer])
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	held := c.holds(e.To) >= 0
	if err == nil && (!c.Erasure.Pending() || c.Erasure.At.Format(time.RFC3339Nano) != e.Payload[payAt] || c.Email != e.To && !held) {
		err = mail.ErrDrop
	}
	return recipient{email: e.To, lang: c.Language}, func(l *i18n.Localizer) mail.Letter {
		letter := shop.letter(l, "mail.delete_account", "When", l.Date(c.Erasure.At))
		if held {
			letter.Paragraphs = append(letter.Paragraphs, l.T("mail.delete_account.reserved_email"))
			return letter
		}
		letter.Paragraphs = append(letter.Paragraphs, l.T("mail.delete_account.keep"))
		letter.Button = &mail.Button{Label: l.T("mail.delete_account.button"), URL: shop.URL("/privacy")}
		letter.Notes = []string{l.T("mail.delete_account.not_you")}
		return letter
	}, err
}

// erase performs the half of an erasure that is due. Each half can be repeated from its start. The
// customer's document is deleted last, so that nothing is forgotten after a crash.
func (w Worker) erase(ctx context.Context, shop Shop, t job.Task[Customer]) (job.Finish[Customer], error) {
	c := t.Doc
	next := c.Erasure.nextErasure()
	switch {
	case next.IsZero() || w.app.now().Before(next):
		return nil, nil
	case c.LinkedID != "":
		return nil, errLinkedErasure
	case c.Erasure.Begun.IsZero():
		return nil, w.beginErasure(ctx, shop, t.Key)
	}
	return nil, w.finishErasure(ctx, shop, c)
}

// errLinkedErasure says that the upgrade must first move other people's orders out of an account.
var errLinkedErasure = job.Waits("the account's link is to be upgraded before it is erased")

// beginErasure empties the profile and ends everything that can sign someone in.
func (w Worker) beginErasure(ctx context.Context, shop Shop, id string) error {
	c, err := w.app.customerDocs(shop.ID).Change(ctx, id, func(c *Customer) error {
		if !c.Erasure.Pending() || w.app.now().Before(c.Erasure.At) {
			return storage.ErrUnchanged // kept after all
		}
		c.Erasure.Begun = w.app.now()
		*c = Customer{
			ID: c.ID, FeedID: c.FeedID, LinkedID: c.LinkedID, LinkShared: c.LinkShared, Email: c.Email, Former: c.Former, Erasure: c.Erasure,
			CreatedAt: c.CreatedAt, ChangedAt: c.Erasure.Begun, Work: c.Work,
		}
		c.settle(w.app.now())
		return nil
	})
	if err != nil || c.Erasure.Begun.IsZero() {
		return ifFound(err)
	}
	for _, email := range c.addresses() {
		_, err := w.app.accessDocs(shop.ID).Change(ctx, w.app.accessID(shop.ID, email), func(a *access) error {
			if a.Customer != c.ID {
				return storage.ErrUnchanged
			}
			a.clear(LinkReplaced, w.app.now())
			return nil
		})
		if ifFound(err) != nil {
			return err
		}
	}
	return nil
}

// addresses returns the customer's current and reserved email addresses.
func (c Customer) addresses() []string {
	all := []string{c.Email}
	for _, f := range c.Former {
		all = append(all, f.Email)
	}
	return all
}

// finishErasure removes the rest: orders lose their personal data, emails their address, and handles their
// customer. Only a feed's id is kept, marked as erased, so that the feed does not recreate the customer.
func (w Worker) finishErasure(ctx context.Context, shop Shop, c Customer) error {
	if err := w.eraseOrders(ctx, shop, c.ID); err != nil {
		return err
	}
	if err := w.eraseRequests(ctx, shop.ID, c.ID); err != nil {
		return err
	}
	for _, email := range c.addresses() {
		if err := mail.NewOutbox(w.app.engine, shop.ID).Forget(ctx, email); err != nil {
			return err
		}
		leads := func(h handle) bool { return h.Customer == c.ID }
		if err := removeIf(ctx, w.app.handleDocs(shop.ID), emailHandle(email), leads); err != nil {
			return err
		}
	}
	docs := w.app.accessDocs(shop.ID)
	if err := docs.eachOf(ctx, c.ID, func(ctx context.Context, key, _ string) error {
		return removeIf(ctx, docs.Docs, key, func(a access) bool { return a.Customer == c.ID })
	}); err != nil {
		return err
	}
	if err := remove(ctx, w.app.historyDocs(shop.ID), c.ID); err != nil {
		return err
	}
	if err := w.app.buryFeedHandle(ctx, shop.ID, c); err != nil {
		return err
	}
	return remove(ctx, w.app.customerDocs(shop.ID), c.ID)
}

// buryFeedHandle marks the handle of the shop system's id as that of an erased customer.
func (a *App) buryFeedHandle(ctx context.Context, shop string, c Customer) error {
	if c.FeedID == "" {
		return nil
	}
	_, err := a.handleDocs(shop).Change(ctx, feedHandle(c.FeedID), func(h *handle) error {
		if h.Customer != c.ID {
			return storage.ErrUnchanged
		}
		*h = handle{Erased: true, ErasedAt: c.Erasure.Begun}
		return nil
	})
	return ifFound(err)
}

// awaitErasure returns Unavailable for a customer whose erasure has begun: new content would be erased too,
// although it belongs to their next account. The sender can try again in a minute or two.
func (a *App) awaitErasure(ctx context.Context, shop, id string) error {
	c, _, err := a.customerDocs(shop).Get(ctx, id)
	if err == nil && !c.Erasure.Begun.IsZero() {
		err = erasing(storage.ErrNotFound)
	}
	return ifFound(err)
}

// erasing returns Unavailable if a customer that existed a moment ago is not found: their erasure has
// begun.
func erasing(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return failure(Unavailable, "customer.erasing")
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
