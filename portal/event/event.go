// Package event is what customers did in the shop, as its system reports it: visits, products viewed, and
// changes of the cart. One document holds the latest events of a customer, for at most Life.
//
// It must not know customers' documents, carts or orders.
package event

import (
	"slices"
	"strings"
	"time"

	"postern/portal/job"
	"postern/portal/money"
	"postern/storage"
)

// Event is something that a customer did in the shop. Name, SKU, URL and Picture are of the product.
type Event struct {
	ID       string        `bson:"id"` // the shop system's
	Type     string        `bson:"type"`
	At       time.Time     `bson:"at"`
	SKU      string        `bson:"sku,omitempty"`
	Name     string        `bson:"name,omitempty"`
	Quantity money.Decimal `bson:"quantity,omitempty"`
	URL      string        `bson:"url,omitempty"` // of the page, for a visit
	Picture  string        `bson:"picture,omitempty"`
}

// The types of events.
const (
	Visit       = "visit"
	ProductView = "product_view"
	CartAdd     = "cart_add"
	CartRemove  = "cart_remove"
)

// Types lists the types of events.
func Types() []string { return []string{Visit, ProductView, CartAdd, CartRemove} }

const (
	// Life is how long an event is kept after it happened.
	Life = 90 * 24 * time.Hour
	// MaxKept is the number of events that are kept of one customer, the latest.
	MaxKept = 200
	// KindForget is the job that deletes events after their Life.
	KindForget = "events_forget"
)

// Events are the latest events of a customer, stored under the customer's id.
type Events struct {
	List []Event  `bson:"list,omitempty"` // oldest first
	Work job.List `bson:"work,omitempty"`
}

// Collection declares the collection of events and its indexes.
func Collection() storage.Collection {
	return storage.Collection{Name: "events", Indexes: job.Indexes()}
}

// Docs opens the events of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Events] {
	return storage.Open[Events](engine, shop, Collection())
}

// Fate is what became of an event.
type Fate int

// The fates of an event.
const (
	Stored Fate = iota
	Known       // one with this id is there
	TooOld      // as many later ones are there as are kept
)

// Take adds events and returns the fate of each. One with the id of another changes nothing.
func (e *Events) Take(given []Event, now time.Time) []Fate {
	e.Forget(now)
	fates, ids := make([]Fate, len(given)), map[string]bool{}
	for _, there := range e.List {
		ids[there.ID] = true
	}
	for i, event := range given {
		if ids[event.ID] {
			fates[i] = Known
			continue
		}
		ids[event.ID] = true
		e.List = append(e.List, event)
	}
	slices.SortStableFunc(e.List, compare)
	if dropped := len(e.List) - MaxKept; dropped > 0 {
		e.drop(dropped, given, fates)
	}
	e.schedule()
	return fates
}

// drop removes the earliest events, and tells of those that were just given.
func (e *Events) drop(count int, given []Event, fates []Fate) {
	gone := map[string]bool{}
	for _, event := range e.List[:count] {
		gone[event.ID] = true
	}
	for i := range given {
		if fates[i] == Stored && gone[given[i].ID] {
			fates[i] = TooOld
		}
	}
	e.List = slices.Clone(e.List[count:])
}

func compare(a, b Event) int {
	if by := a.At.Compare(b.At); by != 0 {
		return by
	}
	return strings.Compare(a.ID, b.ID)
}

// Forget removes the events whose Life ends within a day, so that a daily job keeps none longer.
func (e *Events) Forget(now time.Time) {
	ends := now.Truncate(24 * time.Hour).Add(24*time.Hour - Life)
	e.List = slices.DeleteFunc(e.List, func(event Event) bool { return event.At.Before(ends) })
	e.schedule()
}

func (e *Events) schedule() {
	r := job.Request{Kind: KindForget}
	if len(e.List) > 0 {
		r.At = e.List[0].At.Add(Life).Truncate(24 * time.Hour)
	}
	e.Work.Schedule(r)
}

// Recent returns the events that are not older than Life, the latest first.
func (e Events) Recent(now time.Time) []Event {
	var recent []Event
	for _, event := range slices.Backward(e.List) {
		if !event.At.Before(Since(now)) {
			recent = append(recent, event)
		}
	}
	return recent
}

// Since returns the first moment of events that are kept.
func Since(now time.Time) time.Time { return now.Add(-Life) }
