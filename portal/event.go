package portal

import (
	"context"
	"errors"
	"slices"

	"github.com/go-json-experiment/json"

	"postern/portal/customer"
	"postern/portal/event"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/voucher"
	"postern/storage"
)

func (a *App) eventDocs(shop string) storage.Docs[event.Events] { return event.Docs(a.engine, shop) }

// Reported is what became of one event among several.
type Reported struct {
	ID       string // "" if it could not be read
	Outcome  order.Outcome
	Warnings []validate.FieldError
	Err      error
}

// PutEvents stores the events of a JSON array or, with lines, of NDJSON, at most MaxOrders. Each is stored or
// refused by itself: Created; Unchanged, if its id is there; Stale, if as many later ones are there as are
// kept. It is a validate.Conflict in a shop that has not switched events on. Another error means that nothing
// was stored.
func (f Feed) PutEvents(ctx context.Context, body []byte, lines bool) ([]Reported, error) {
	if !f.shop.Events {
		return nil, validate.NewError(validate.Conflict, "events.off")
	}
	documents, err := splitBatch(body, lines)
	if err != nil {
		return nil, err
	}
	batch := eventBatch{reported: make([]Reported, len(documents)), events: make([]event.Event, len(documents)),
		owners: map[event.Whose]owner{}, places: map[string][]int{}}
	for n, document := range documents {
		f.readEvent(ctx, &batch, n, document)
	}
	sideBySide(len(batch.customers), func(at int) { f.storeEvents(ctx, batch, batch.customers[at]) })
	return batch.reported, nil
}

// eventBatch is the events of a request, each at its place.
type eventBatch struct {
	events    []event.Event
	reported  []Reported
	owners    map[event.Whose]owner
	customers []string
	places    map[string][]int // of the events of a customer that can be stored
}

// readEvent reads the event at a place, and finds its customer.
func (f Feed) readEvent(ctx context.Context, batch *eventBatch, n int, document []byte) {
	r, v := &batch.reported[n], &validate.Validator{Zone: f.shop.Location()}
	var who event.Whose
	batch.events[n], who, r.Err = event.Decode(v, document, f.app.now())
	r.ID, r.Warnings = batch.events[n].ID, v.ListedWarnings()
	if r.Err != nil {
		return
	}
	o, known := batch.owners[who]
	if !known {
		o.id, o.err = f.ownerOfEvent(ctx, who)
		batch.owners[who] = o
	}
	if r.Err = o.err; r.Err != nil {
		return
	}
	if batch.places[o.id] == nil {
		batch.customers = append(batch.customers, o.id)
	}
	batch.places[o.id] = append(batch.places[o.id], n)
}

// owner is the customer of an event, or why there is none.
type owner struct {
	id  string
	err error
}

// ownerOfEvent returns Postern's id of the account of an event, which may have been merged. A customer whom the portal does not know is
// validate.NotFound: an event creates none.
func (f Feed) ownerOfEvent(ctx context.Context, who event.Whose) (string, error) {
	_, id, err := f.app.holdersOf(ctx, f.shop.ID, voucher.Audience(who))
	if err == nil && id == "" {
		err = orNotFound(nil)
	}
	return id, err
}

// storeEvents stores the events of one customer.
func (f Feed) storeEvents(ctx context.Context, batch eventBatch, id string) {
	places := batch.places[id]
	given := make([]event.Event, len(places))
	for i, n := range places {
		given[i] = batch.events[n]
	}
	var fates []event.Fate
	_, err := f.app.eventDocs(f.shop.ID).Put(ctx, id, func(e *event.Events, _ bool) error {
		fates = e.Take(given, f.app.now())
		if !slices.Contains(fates, event.Stored) {
			return storage.ErrUnchanged
		}
		return nil
	})
	if err == nil {
		err = removeOfErased(ctx, f.app, f.shop.ID, id, f.app.eventDocs(f.shop.ID))
	}
	if err != nil && validate.KindOf(err) == validate.Internal {
		f.app.log.ErrorContext(ctx, "events of several were not stored", "shop", f.shop.ID, "customer", id,
			"error", err)
	}
	for i, n := range places {
		if batch.reported[n].Err = err; err == nil {
			batch.reported[n].Outcome = outcomeOf(fates[i])
		}
	}
}

func outcomeOf(fate event.Fate) order.Outcome {
	switch fate {
	case event.Known:
		return order.Unchanged
	case event.TooOld:
		return order.Stale
	}
	return order.Created
}

func (w Worker) eraseEvents(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	return remove(ctx, w.app.eventDocs(shop.ID), c.ID)
}

// events writes the events to a download.
func (x *export) events(ctx context.Context) error {
	list, err := x.app.Events(ctx, x.shop.ID, x.customer)
	for _, event := range list {
		err = errors.Join(err, json.MarshalEncode(x.out, event.Record()))
	}
	return err
}

// Events returns the recent events of a customer, the latest first, also those of accounts that were merged.
func (a *App) Events(ctx context.Context, shop string, c customer.Customer) (list []event.Event, err error) {
	for _, id := range c.IDs() {
		e, err := a.eventDocs(shop).Read(ctx, id)
		if err != nil {
			return nil, err
		}
		list = append(list, e.Doc.Recent(a.now())...)
	}
	slices.SortStableFunc(list, func(a, b event.Event) int { return b.At.Compare(a.At) })
	return list, nil
}

func (w Worker) eventJobs() job.Source {
	return job.Documents[event.Events]{
		Collection: event.Collection(),
		Open:       w.app.eventDocs,
		List:       func(e *event.Events) *job.List { return &e.Work },
		Kinds:      map[string]job.Kind[event.Events]{event.KindForget: {Do: w.forgetEvents}},
	}
}

// forgetEvents deletes the events that are too old, or the document if it has no others.
func (w Worker) forgetEvents(ctx context.Context, t job.Task[event.Events]) (job.Finish[event.Events],
	error) {
	err := removeIf(ctx, w.app.eventDocs(t.Shop), t.Key, func(e event.Events) bool {
		e.Forget(w.app.now())
		return len(e.List) == 0
	})
	return func(e *event.Events) { e.Forget(w.app.now()) }, err
}
