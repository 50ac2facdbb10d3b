package portal

import (
	"context"
	"errors"

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

// PutEvents stores the events of a JSON array or, with lines, of NDJSON, at most MaxOrders. Each is stored or refused
// by itself: Created; Unchanged, if its id is there; Stale, if as many later ones are there as are kept. It is a
// validate.Conflict in a shop that has not switched events on. Another error means that nothing was stored.
func (f Feed) PutEvents(ctx context.Context, body []byte, lines bool) ([]Reported, error) {
	if !f.shop.Events {
		return nil, validate.NewError(validate.Conflict, "events.off")
	}
	documents, err := splitBatch(body, lines)
	if err != nil {
		return nil, err
	}
	reported, events := make([]Reported, len(documents)), make([]event.Event, len(documents))
	owners := map[event.Whose]owner{}
	byCustomer, customers := map[string][]int{}, []string(nil)
	for n, document := range documents {
		r := &reported[n]
		v := &validate.Validator{Zone: f.shop.Location()}
		var who event.Whose
		events[n], who, r.Err = event.Decode(v, document, f.app.now())
		r.ID, r.Warnings = events[n].ID, v.ListedWarnings()
		if r.Err != nil {
			continue
		}
		o, known := owners[who]
		if !known {
			o.id, o.err = f.ownerOfEvent(ctx, who)
			owners[who] = o
		}
		if r.Err = o.err; r.Err != nil {
			continue
		}
		if byCustomer[o.id] == nil {
			customers = append(customers, o.id)
		}
		byCustomer[o.id] = append(byCustomer[o.id], n)
	}
	sideBySide(len(customers), func(at int) {
		f.storeEvents(ctx, customers[at], byCustomer[customers[at]], events, reported)
	})
	return reported, nil
}

// owner is the customer of an event, or why there is none.
type owner struct {
	id  string
	err error
}

// ownerOfEvent returns Postern's id of the customer of an event. A customer whom the portal does not know is
// validate.NotFound: an event creates none.
func (f Feed) ownerOfEvent(ctx context.Context, who event.Whose) (string, error) {
	_, c, err := f.app.holdersOf(ctx, f.shop.ID, voucher.Audience(who))
	if err == nil && c.ID == "" {
		err = orNotFound(nil)
	}
	return c.ID, err
}

// storeEvents stores the events with the given places, all of one customer.
func (f Feed) storeEvents(ctx context.Context, id string, places []int, events []event.Event, reported []Reported) {
	given := make([]event.Event, len(places))
	for i, n := range places {
		given[i] = events[n]
	}
	var fates []event.Fate
	_, err := f.app.eventDocs(f.shop.ID).Put(ctx, id, func(e *event.Events, _ bool) error {
		fates = e.Take(given, f.app.now())
		for _, fate := range fates {
			if fate == event.Stored {
				return nil
			}
		}
		return storage.ErrUnchanged
	})
	if err == nil {
		err = removeOfErased(ctx, f.app, f.shop.ID, id, f.app.eventDocs(f.shop.ID))
	}
	if err != nil && validate.KindOf(err) == validate.Internal {
		f.app.log.ErrorContext(ctx, "events of several were not stored", "shop", f.shop.ID, "customer", id,
			"error", err)
	}
	for i, n := range places {
		if reported[n].Err = err; err == nil {
			reported[n].Outcome = outcomeOf(fates[i])
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
	e, err := x.app.eventDocs(x.shop.ID).Read(ctx, x.customer.ID)
	for _, event := range e.Doc.Recent(x.app.now()) {
		err = errors.Join(err, json.MarshalEncode(x.out, event.Record()))
	}
	return err
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
func (w Worker) forgetEvents(ctx context.Context, t job.Task[event.Events]) (job.Finish[event.Events], error) {
	err := removeIf(ctx, w.app.eventDocs(t.Shop), t.Key, func(e event.Events) bool {
		e.Forget(w.app.now())
		return len(e.List) == 0
	})
	return func(e *event.Events) { e.Forget(w.app.now()) }, err
}
