package portal

import (
	"context"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/view"
	"postern/storage"
)

func (w Worker) viewJobs() job.Source {
	return job.Documents[view.Views]{
		Collection: view.Collection(),
		Open:       func(shop string) storage.Docs[view.Views] { return view.Docs(w.app.engine, shop) },
		List:       func(all *view.Views) *job.List { return &all.Work },
		Kinds: map[string]job.Kind[view.Views]{
			audit.KindRecord:   recordsActs[view.Views](w.app),
			view.KindForgetOwn: {Do: inShop(w.app, w.forgetOwnView)},
		},
	}
}

// forgetOwnView removes a view from a person's own ones, since it is shared now.
func (w Worker) forgetOwnView(ctx context.Context, s shop.Shop,
	t job.Task[view.Views]) (job.Finish[view.Views], error) {
	id := t.Job.Args[view.ArgView]
	_, err := view.Docs(w.app.engine, s.ID).Change(ctx, view.OwnKey(t.Job.Args[view.ArgMember]),
		func(own *view.Views) error {
			if _, found := own.ByID(id); !found {
				return storage.ErrUnchanged
			}
			own.Forget(id)
			return nil
		})
	return nil, ifFound(err)
}
