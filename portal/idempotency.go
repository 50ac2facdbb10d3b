package portal

import (
	"context"
	"errors"
	"time"

	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// repeatable is a feed's request with an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), kept
// for a day: a repeat with the same key gets the same answer and is not executed again. Only successful
// requests are kept. Their number is limited by the rate limits of the operations.
type repeatable struct {
	Request string    `bson:"request"` // hash of what was asked
	ID      string    `bson:"id"`      // what is done carries it, so that going on after a crash does it once
	Begun   time.Time `bson:"begun"`
	Done    bool      `bson:"done,omitempty"`
	Until   time.Time `bson:"until"`
}

const (
	repeatableLife  = 24 * time.Hour
	repeatableLease = time.Minute // after it, a request without an end is taken for one whose process died
	maxIdempotency  = 255         // bytes of a key
	repeatablesBy   = "until"
)

func repeatableCollection() storage.Collection {
	return storage.Collection{Name: "repeatables", Indexes: []storage.Index{{
		Name: repeatablesBy, Fields: []storage.Field{{Path: "until", Kind: storage.Time}},
	}}}
}

func (a *App) repeatableDocs(shop string) storage.Docs[repeatable] {
	return storage.Open[repeatable](a.engine, shop, repeatableCollection())
}

// once executes do once for a key. A different request with the same key is Invalid; a repeat while the
// first is still in progress is a Conflict.
func (f Feed) once(ctx context.Context, key, request string,
	do func(ctx context.Context, id string) error) error {
	docs, now := f.app.repeatableDocs(f.shop.ID), f.app.now()
	repeated := false
	kept, err := docs.Put(ctx, key, func(r *repeatable, found bool) error {
		repeated = false
		switch {
		case !found || !now.Before(r.Until):
			r.ID = storage.NewID()
		case r.Request != request:
			return validate.NewError(validate.Invalid, "idempotency.reused")
		case r.Done:
			repeated = true
			return storage.ErrUnchanged
		case now.Before(r.Begun.Add(repeatableLease)):
			return validate.NewError(validate.Conflict, "idempotency.running")
		}
		*r = repeatable{Request: request, ID: r.ID, Begun: now, Until: now.Add(repeatableLife)}
		return nil
	})
	if err != nil || repeated {
		return err
	}
	if err := do(ctx, kept.ID); err != nil {
		return errors.Join(err, remove(ctx, docs, key))
	}
	_, err = docs.Change(ctx, key, func(r *repeatable) error {
		r.Done = true
		return nil
	})
	return ifFound(err)
}

// sweepRepeatables removes expired ones.
func (w Worker) sweepRepeatables(ctx context.Context, shop shop.Shop) error {
	now := w.app.now()
	over := func(r repeatable) bool { return !now.Before(r.Until) }
	return sweepBy(ctx, w.app.repeatableDocs(shop.ID),
		storage.Query{Index: repeatablesBy, To: now.Add(time.Millisecond)}, over)
}
