package portal

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"postern/storage"
)

// Outcome is what a delivery of a feed did.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged" // the same content was there
	Stale     Outcome = "stale"     // newer content was there; nothing changed
)

// Receipt is what a delivery of a feed did.
type Receipt struct {
	Outcome         Outcome
	Warnings        []Fault   // values that were rounded, cleaned or dropped; at most 101
	StoredUpdatedAt time.Time // of the content that is stored now
}

// putOrder stores an order as of its UpdatedAt. Doing it twice, or out of order, ends the same: an older one changes
// nothing, one of the same time with other content is applied.
func (a *App) putOrder(ctx context.Context, shop Shop, o Order) (Receipt, error) {
	customer, err := a.ownerOfOrder(ctx, shop, o)
	if err != nil {
		return Receipt{}, err
	}
	digest, err := o.digest()
	if err != nil {
		return Receipt{}, err
	}
	outcome := Created
	stored, err := a.orderDocs(shop.ID).Put(ctx, o.Number, func(doc *storedOrder, found bool) error {
		if doc.ErasedAt != nil {
			if outcome = doc.takeErased(o); outcome != Updated {
				return storage.ErrUnchanged
			}
			return nil
		}
		if doc.DeletedAt != nil {
			*doc, found = storedOrder{Todo: doc.countJobs()}, false
		}
		outcome = Created
		customer := doc.owner(o, customer)
		if found {
			outcome = doc.judge(o, customer, digest)
		}
		if outcome == Unchanged || outcome == Stale {
			return storage.ErrUnchanged
		}
		doc.take(o, shop.Location(), arrival{customer: customer, digest: digest, at: a.now(), first: !found, greet: shop.FirstOrderMail})
		return nil
	})
	if errors.Is(err, storage.ErrTooLarge) {
		return Receipt{}, &Error{Kind: TooLarge, Cause: err}
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("store order: %w", err)
	}
	return Receipt{Outcome: outcome, StoredUpdatedAt: stored.UpdatedAt}, nil
}

// owner is whose order it is: once stored it stays its customer's as long as the feed says the same of who ordered, even if
// the address has become somebody else's since.
func (s *storedOrder) owner(o Order, customer string) string {
	if s.Customer != "" && s.Email == o.Email && s.FeedCustomer == o.FeedCustomer {
		return s.Customer
	}
	return customer
}

// digest is a hash of the content as the feed gave it.
func (o Order) digest() (string, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return "", fmt.Errorf("digest of an order: %w", err)
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// judge compares a delivery with what is stored.
func (s *storedOrder) judge(o Order, customer, digest string) Outcome {
	switch {
	case o.UpdatedAt.Before(s.UpdatedAt):
		return Stale
	case s.Digest == digest && s.Customer == customer && slices.Equal(s.Views, o.Status.views()):
		return Unchanged
	}
	return Updated
}

// arrival is what a delivery brings beside the order.
type arrival struct {
	customer, digest string
	at               time.Time
	first            bool
	greet            bool // the shop mails at a customer's first order
}

// take puts the order in place of what is there, keeps the changes noticed so far, and asks for the totals it changes.
func (s *storedOrder) take(o Order, zone *time.Location, by arrival) {
	before, beforeCustomer := s.Order, s.Customer
	if len(o.Events) == 0 && !by.first {
		o.Events = noticed(before, o, by.at)
	}
	s.Order, s.Customer, s.Digest = o, by.customer, by.digest
	s.Row, s.Views, s.Search = o.row(), o.Status.views(), searchTerms(o.Number)
	if by.first {
		s.ArriveAt = by.at
		s.askCount(countJob(by.customer, o.PlacedAt, zone))
		s.greet(by)
		return
	}
	now, then := countJob(by.customer, o.PlacedAt, zone), countJob(beforeCustomer, before.PlacedAt, zone)
	if now != then {
		s.askCount(now)
		s.askCount(then)
	}
}

// noticed keeps the changes noticed before and adds those between before and o: their date is when they arrived here. It keeps
// as many as a feed may send, so that an order which goes back and forth for years does not grow for good.
func noticed(before, o Order, at time.Time) []Event {
	events := slices.DeleteFunc(slices.Clone(before.Events), func(e Event) bool { return !e.Noticed })
	add := func(word, was, label string) {
		if word != was && word != Unknown {
			events = append(events, Event{Type: word, At: at, Label: label, Noticed: true})
		}
	}
	add(paymentEvent(o.Status.Payment), paymentEvent(before.Status.Payment), "")
	now, then := stateEvent(o.Status), stateEvent(before.Status)
	if now == reopened {
		add(now, then, "")
	}
	if now != StateCancelled {
		add(o.Status.Fulfillment, before.Status.Fulfillment, o.Status.Label)
	}
	if now != reopened {
		add(now, then, "")
	}
	return events[max(0, len(events)-maxParts):]
}

// reopened is the step of an order that was cancelled or completed, and is open again.
const reopened = "reopened"

// stateEvent is the step that an order's coming to its state is.
func stateEvent(s Status) string {
	switch {
	case s.Cancelled():
		return StateCancelled
	case s.State == StateCompleted:
		return StateCompleted
	}
	return reopened
}

// paymentEvent is the step a payment word is; waiting is none.
func paymentEvent(word string) string {
	if word == PaymentPending || word == PaymentRequiresAction {
		return Unknown
	}
	return word
}

// searchTerms are what an order is found by: its number without signs, and the same from each group of it on, so that
// "2024-SK-001234" is found by "2024sk", by "001234" and by "1234".
func searchTerms(number string) []string {
	groups := strings.FieldsFunc(strings.ToLower(number), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var terms []string
	for i := range groups {
		term := strings.Join(groups[i:], "")
		terms = append(terms, term)
		if bare := strings.TrimLeft(term, "0"); bare != "" && bare != term {
			terms = append(terms, bare)
		}
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// searchTerm is a searched text in the form of the terms.
func searchTerm(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), "")
}

// ownerOfOrder finds whose order it is as of a delivery, "" where that changes nothing: an older one, or of an order whose person
// was erased, makes nobody a customer. Nor does one that says the same of who ordered as what is stored.
func (a *App) ownerOfOrder(ctx context.Context, shop Shop, o Order) (string, error) {
	doc, _, err := a.orderDocs(shop.ID).Get(ctx, o.Number)
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && doc.DeletedAt != nil:
		return a.customerOfOrder(ctx, shop, o)
	case err != nil || doc.ErasedAt != nil || o.UpdatedAt.Before(doc.UpdatedAt):
		return "", err
	}
	if owner := doc.owner(o, ""); owner != "" {
		return owner, a.awaitErasure(ctx, shop.ID, owner)
	}
	return a.customerOfOrder(ctx, shop, o)
}

// customerOfOrder finds the customer whom a delivery names: the one linked to the feed's id, else the one of the address, who is
// made by the first order. A feed's id that is new is linked to a customer who has none.
func (a *App) customerOfOrder(ctx context.Context, shop Shop, o Order) (string, error) {
	if o.FeedCustomer != "" {
		id, err := a.follow(ctx, shop.ID, feedHandle(o.FeedCustomer))
		if err == nil && id != "" {
			err = a.awaitErasure(ctx, shop.ID, id)
		}
		if err != nil || id != "" {
			return id, err
		}
	}
	id, err := a.follow(ctx, shop.ID, emailHandle(o.Email))
	if err != nil {
		return "", err
	}
	if id != "" {
		if err := a.awaitErasure(ctx, shop.ID, id); err != nil {
			return "", err
		}
	}
	id, err = a.customerOfEmail(ctx, shop, o.Email)
	if err != nil || o.FeedCustomer == "" {
		return id, err
	}
	return id, a.linkFeed(ctx, shop, id, o.FeedCustomer)
}

// linkFeed links a feed's customer id to a customer that has none yet.
func (a *App) linkFeed(ctx context.Context, shop Shop, customer, feedID string) error {
	c, err := a.customerDocs(shop.ID).Change(ctx, customer, func(c *Customer) error {
		if c.FeedID != "" {
			return storage.ErrUnchanged
		}
		c.FeedID = feedID
		return nil
	})
	if err != nil || c.FeedID != feedID {
		return err
	}
	_, err = a.claim(ctx, shop.ID, feedHandle(feedID), customer)
	return err
}
