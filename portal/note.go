package portal

import (
	"context"
	"time"

	"github.com/go-json-experiment/json"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/note"
	"postern/portal/shop"
	"postern/storage"
)

func (a *App) noteDocs(shop string) storage.Docs[note.Note] { return note.Docs(a.engine, shop) }

func (w Worker) noteJobs() job.Source {
	return job.Documents[note.Note]{
		Collection: note.Collection(),
		Open:       w.app.noteDocs,
		List:       func(n *note.Note) *job.List { return &n.Work },
		Kinds: map[string]job.Kind[note.Note]{
			audit.KindRecord: recordsActs[note.Note](w.app),
			note.KindForget:  {Do: inShop(w.app, w.forgetNote)},
		},
	}
}

// forgetNote removes a deleted note whose deletion cannot be undone any more.
func (w Worker) forgetNote(ctx context.Context, shop shop.Shop,
	t job.Task[note.Note]) (job.Finish[note.Note], error) {
	if !t.Doc.IsDeleted() {
		return nil, nil
	}
	if err := w.app.recordPending(ctx, shop.ID, t.Doc.Work); err != nil {
		return nil, err
	}
	return nil, remove(ctx, w.app.noteDocs(shop.ID), t.Key)
}

// eraseNotes deletes all notes on a customer. It is safe to repeat, also after a crash.
func (w Worker) eraseNotes(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	docs := w.app.noteDocs(shop.ID)
	return eraseFound(ctx, docs, storage.Query{Index: note.ByCustomer, Equal: []any{c.ID}},
		func(n note.Note) error { return w.app.recordPending(ctx, shop.ID, n.Work) })
}

// noteData is a note in the customer's download. It does not name who wrote it.
type noteData struct {
	At        time.Time `json:"at"`
	ChangedAt time.Time `json:"changed_at,omitzero"`
	Text      string    `json:"text"`
}

// notes writes what staff noted about the customer, without what they deleted.
func (x *export) notes(ctx context.Context) (err error) {
	for _, id := range x.customer.IDs() {
		failed := note.Each(ctx, x.app.noteDocs(x.shop.ID), id, func(_ string, n note.Note) {
			if err == nil && !n.IsDeleted() {
				err = json.MarshalEncode(x.out, noteData{At: n.At, ChangedAt: n.ChangedAt, Text: n.Text})
			}
		})
		if err = errOr(err, failed); err != nil {
			return err
		}
	}
	return nil
}
