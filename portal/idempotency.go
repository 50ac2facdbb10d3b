package portal

import (
	"context"
	"errors"
	"time"

	"postern/storage"
)

// repeatable is a request of a feed that carried an Idempotency-Key
// (draft-ietf-httpapi-idempotency-key-header), kept for a day: repeated with the same key it has the same
// answer, and is not done twice. Only what succeeded is kept. Their number is bounded by the limits of what
// they ask for.
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

// once does something once for a key. Another request under the same key is Invalid, one that is still
// under way a Conflict.
func (f Feed) once(ctx context.Context, key, request string, do func(ctx context.Context, id string) error) error {
	docs, now := f.app.repeatableDocs(f.shop.ID), f.app.now()
	repeated := false
	kept, err := docs.Put(ctx, key, func(r *repeatable, found bool) error {
		repeated = false
		switch {
		case !found || !now.Before(r.Until):
			r.ID = storage.NewID()
		case r.Request != request:
			return failure(Invalid, "idempotency.reused")
		case r.Done:
			repeated = true
			return storage.ErrUnchanged
		case now.Before(r.Begun.Add(repeatableLease)):
			return failure(Conflict, "idempotency.running")
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

// sweepRepeatables removes those whose day is over.
func (w Worker) sweepRepeatables(ctx context.Context, shop Shop) error {
	now := w.app.now()
	over := func(r repeatable) bool { return !now.Before(r.Until) }
	return sweepBy(ctx, w.app.repeatableDocs(shop.ID), storage.Query{Index: repeatablesBy, To: now.Add(time.Millisecond)}, over)
}
