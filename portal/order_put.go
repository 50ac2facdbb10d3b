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

// Outcome is the effect of a delivery from a feed.
type Outcome string

// The outcomes.
const (
	Created   Outcome = "created"
	Updated   Outcome = "updated"
	Unchanged Outcome = "unchanged" // the same content was already stored
	Stale     Outcome = "stale"     // newer content was already stored; nothing changed
)

// Receipt is the result of a delivery from a feed.
type Receipt struct {
	Outcome         Outcome
	Customer        string    // Postern's id of the owner; "" for an order whose customer was erased
	LinkedBy        LinkedBy  // for an order: the reason for its owner
	StoredUpdatedAt time.Time // of the stored content
	Warnings        []Fault   // values that were rounded, cleaned or dropped; at most 101

	overridden time.Time // date of the newer content that a forced delivery replaced
}

// putOrder stores an order as of its UpdatedAt. Repeated or reordered deliveries lead to the same result:
// an older one changes nothing unless it is forced; one with the same time but other content is applied.
func (a *App) putOrder(ctx context.Context, shop Shop, o Order, forced bool) (Receipt, error) {
	found, err := a.ownerOfOrder(ctx, shop, o)
	if err != nil {
		return Receipt{}, err
	}
	digest, err := o.digest()
	if err != nil {
		return Receipt{}, err
	}
	outcome, owner, overridden := Created, found, time.Time{}
	var counted []customerMonth
	var asked time.Time
	stored, err := a.orderDocs(shop.ID).Put(ctx, o.Number, func(doc *storedOrder, exists bool) error {
		overridden = time.Time{}
		if exists && forced && o.UpdatedAt.Before(doc.UpdatedAt) {
			overridden, doc.UpdatedAt = doc.UpdatedAt, o.UpdatedAt
		}
		if doc.ErasedAt != nil {
			if outcome = doc.takeErased(o); outcome == Unchanged && !overridden.IsZero() {
				outcome = Updated // only the date changed
			}
			if outcome != Updated {
				return storage.ErrUnchanged
			}
			return nil
		}
		outcome, owner = Created, doc.owner(o, found)
		if exists {
			outcome = doc.judge(o, owner.customer, digest)
		}
		if outcome == Unchanged || outcome == Stale {
			return storage.ErrUnchanged
		}
		by := arrival{customer: owner.customer, digest: digest, at: a.now(), first: !exists, greet: shop.FirstOrderMail}
		asked, counted = a.now(), doc.take(o, shop.Location(), by)
		return a.askCounts(ctx, shop, counted...)
	})
	if err == nil && len(counted) > 0 {
		err = a.confirmCounts(ctx, shop, asked, counted...)
	}
	if errors.Is(err, storage.ErrTooLarge) {
		return Receipt{}, &Error{Kind: TooLarge, Cause: err}
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("store order: %w", err)
	}
	if stored.Customer != owner.customer { // stale, or the customer was erased
		owner = ownership{stored.Customer, Kept}
	}
	receipt := Receipt{Outcome: outcome, Customer: owner.customer, StoredUpdatedAt: stored.UpdatedAt, overridden: overridden}
	if receipt.Customer != "" {
		receipt.LinkedBy = owner.by
	}
	return receipt, nil
}

// digest returns a hash of the content as sent by the feed.
func (o Order) digest() (string, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return "", fmt.Errorf("digest of an order: %w", err)
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// judge compares a delivery with the stored order.
func (s *storedOrder) judge(o Order, customer, digest string) Outcome {
	switch {
	case o.UpdatedAt.Before(s.UpdatedAt):
		return Stale
	case s.Digest == digest && s.Customer == customer && slices.Equal(s.Views, o.Status.views()):
		return Unchanged
	}
	return Updated
}

// arrival holds the details of a delivery that are not part of the order.
type arrival struct {
	customer, digest string
	at               time.Time
	first            bool
	greet            bool // the shop sends an email on a customer's first order
}

// take replaces the stored order with o, keeps the changes noticed so far, and returns the months whose
// counts change.
func (s *storedOrder) take(o Order, zone *time.Location, by arrival) []customerMonth {
	before, beforeCustomer := s.Order, s.Customer
	if len(o.Events) == 0 && !by.first {
		o.Events = noticed(before, o, by.at)
	}
	s.Order, s.Customer, s.Digest = o, by.customer, by.digest
	s.Row, s.Views, s.Search = o.row(), o.Status.views(), searchTerms(o.Number)
	if by.first {
		s.ArriveAt = by.at
		s.greet(by)
		return []customerMonth{monthOf(by.customer, o.PlacedAt, zone)}
	}
	now, then := monthOf(by.customer, o.PlacedAt, zone), monthOf(beforeCustomer, before.PlacedAt, zone)
	if now == then {
		return nil
	}
	return []customerMonth{now, then}
}

// noticed returns the changes noticed earlier and those between before and o, which are dated by their
// arrival. It keeps only as many as a feed may send, so that an order that changes back and forth for years
// does not grow without limit.
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

// reopened is the event of an order that was cancelled or completed and is open again.
const reopened = "reopened"

// stateEvent returns the event for the state of an order.
func stateEvent(s Status) string {
	switch {
	case s.Cancelled():
		return StateCancelled
	case s.State == StateCompleted:
		return StateCompleted
	}
	return reopened
}

// paymentEvent returns the event for a payment word, or Unknown while payment is pending.
func paymentEvent(word string) string {
	if word == PaymentPending || word == PaymentRequiresAction {
		return Unknown
	}
	return word
}

// searchTerms returns the terms that find an order: its number without punctuation, and the same from each
// later group on, also without leading zeros. "2024-SK-001234" is found by "2024sk", by "001234" and by
// "1234".
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

// searchTerm converts a search text to the form of the terms.
func searchTerm(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), "")
}
