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

// Erasure is the end of an account that its customer asked for (Art. 17 GDPR).
type Erasure struct {
	AskedAt time.Time `bson:"asked_at,omitempty"`
	At      time.Time `bson:"at,omitempty"`    // when it is done; until then it can be taken back
	Begun   time.Time `bson:"begun,omitempty"` // from here on the account is gone for everyone but the worker
}

// Pending reports whether the account is going to be erased and can still be kept.
func (e Erasure) Pending() bool { return !e.At.IsZero() && e.Begun.IsZero() }

const (
	erasureDelay = 7 * 24 * time.Hour
	// erasureRest parts the two halves of an erasure: what was under way when the first began, has ended
	// when the second does.
	erasureRest = time.Minute
	mailErasure = "erasure"

	erasuresADay = 5 // that a customer may ask for
)

// ErasureDate is when the account would be erased if that were asked for now: in seven days, but not while
// a mail to an address that it had can bring that address back.
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

// delayErasure puts an erasure that was asked for off until a time at least, and has the new date told.
func (c *Customer) delayErasure(until, now time.Time) {
	if c.Erasure.Pending() && until.After(c.Erasure.At) {
		c.Erasure.At = until
		c.tellErasure(now)
	}
}

// tellErasure has the wish and its date told, once where an earlier date was not told yet.
func (c *Customer) tellErasure(now time.Time) {
	c.Work.Add(job.Request{Kind: kindErasureNotice, At: now})
}

// AskErasure has the account erased at the ErasureDate, and tells so by mail to each address that could
// take it back. The session must be Fresh (else StepUp). Asking again changes nothing; five times a day,
// then TooMany. The times stand in the document that the wish is written to, so that twins count once.
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

// KeepAccount takes a wish to be erased back. Without one it changes nothing.
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

// nextErasure is when the worker has the next half of an erasure to do, zero for never.
func (e Erasure) nextErasure() time.Time {
	if e.Begun.IsZero() {
		return e.At
	}
	return e.Begun.Add(erasureRest)
}

// postErasureNotices puts the mails that confirm the wish into the outbox.
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

// composeErasure makes the mail that confirms the wish and says how to take it back: at the account, or for
// an address that it had, by the mail that told of the change. It is dropped when the wish was taken back.
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

// erase does the half of an erasure whose time has come. Each half may be done again from its beginning;
// the customer's document goes last, so that nothing is left which nobody remembers to erase.
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

// errLinkedErasure says that the upgrade first takes the orders of other people out of an account.
var errLinkedErasure = job.Waits("the account's link is to be upgraded before it is erased")

// beginErasure empties the profile and ends everything that lets someone in.
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

// addresses are the e-mail addresses that the customer has and holds.
func (c Customer) addresses() []string {
	all := []string{c.Email}
	for _, f := range c.Former {
		all = append(all, f.Email)
	}
	return all
}

// finishErasure removes what is left: orders lose their person, mails their address, and handles lead
// nowhere. A feed's id stays, by itself, as that of somebody who is gone, so that the feed does not bring
// them back.
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

// buryFeedHandle makes the handle of the shop system's id say that its customer was erased.
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

// awaitErasure is Unavailable for a customer who is being erased: what comes for them now would be erased
// with them, and belongs to the customer they are next. In a minute or two it can be said again.
func (a *App) awaitErasure(ctx context.Context, shop, id string) error {
	c, _, err := a.customerDocs(shop).Get(ctx, id)
	if err == nil && !c.Erasure.Begun.IsZero() {
		err = erasing(storage.ErrNotFound)
	}
	return ifFound(err)
}

// erasing says of a customer who was there a moment ago and is not that they are being erased.
func erasing(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return failure(Unavailable, "customer.erasing")
	}
	return err
}

// remove deletes a document, whatever its version; one that is not there is gone already.
func remove[T any](ctx context.Context, docs storage.Docs[T], key string) error {
	return removeIf(ctx, docs, key, func(T) bool { return true })
}

// removeIf is remove for a document that is as it should be; another one stays.
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
