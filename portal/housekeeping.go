package portal

import (
	"context"
	"errors"
	"time"

	"postern/portal/credential"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/storage"
)

// housekeeping is the document for jobs that belong to no shop.
type housekeeping struct {
	Work job.List `bson:"work,omitempty"`
}

const (
	housekeepingKey  = "jobs"
	kindSweep        = "sweep"
	kindUpgradeLinks = "upgrade_links"
	sweepEvery       = 10 * time.Minute
)

func housekeepingCollection() storage.Collection {
	return storage.Collection{Name: "housekeeping", Indexes: job.Indexes()}
}

func (a *App) housekeepingDocs() storage.Docs[housekeeping] {
	return storage.Open[housekeeping](a.engine, shop.Installation, housekeepingCollection())
}

func (w Worker) housekeepingJobs() job.Source {
	again := job.Retry{Gaps: []time.Duration{time.Minute, sweepEvery}, Forever: true}
	return job.Documents[housekeeping]{
		Collection: housekeepingCollection(),
		Open:       func(string) storage.Docs[housekeeping] { return w.app.housekeepingDocs() },
		List:       func(h *housekeeping) *job.List { return &h.Work },
		Kinds: map[string]job.Kind[housekeeping]{
			kindSweep:        {Do: w.sweep, Slow: true, Retry: again},
			kindUpgradeLinks: {Do: w.upgradeLinks, Slow: true, Retry: again},
		},
	}
}

// beginHousekeeping ensures that a sweep is scheduled.
func (a *App) beginHousekeeping(ctx context.Context) error {
	_, err := a.housekeepingDocs().Put(ctx, housekeepingKey, func(h *housekeeping, _ bool) error {
		if !h.Work.Ensure(job.Request{Kind: kindSweep, At: a.now(), Slow: true}, time.Time{}) {
			return storage.ErrUnchanged
		}
		return nil
	})
	return err
}

// sweep removes expired documents (records of emails, codes for the storefront, addresses entered by
// strangers, photos without a return), and schedules the next sweep.
func (w Worker) sweep(ctx context.Context, _ job.Task[housekeeping]) (job.Finish[housekeeping], error) {
	shops, err := w.app.Shops(ctx)
	for _, shop := range shops {
		_, swept := w.app.outbox(shop.ID).Sweep(ctx, sweepBatch)
		err = errors.Join(err, swept, w.sweepHandOffs(ctx, shop), w.sweepRepeatables(ctx, shop),
			w.sweepCredentials(ctx, shop), w.sweepPhotos(ctx, shop), w.sweepCustomerCounts(ctx, shop),
			w.sweepBatches(ctx, shop), w.sweepSignIns(ctx, shop))
	}
	links, failed := w.linksToUpgrade(ctx, 1)
	if err = errors.Join(err, failed, w.sweepRotated(ctx, shops)); err != nil {
		return nil, err
	}
	return func(h *housekeeping) {
		now := w.app.now()
		h.Work.Schedule(job.Request{Kind: kindSweep, At: now.Add(sweepEvery), Slow: true})
		if len(links) > 0 {
			h.Work.Ensure(job.Request{Kind: kindUpgradeLinks, At: now, Slow: true}, time.Time{})
		}
	}, nil
}

// sweepCredentials removes credentials documents of addresses that someone entered but nobody signed in with.
func (w Worker) sweepCredentials(ctx context.Context, shop shop.Shop) error {
	now := w.app.now()
	stale := func(a credential.Credentials) bool { return !a.StaleAt.IsZero() && !now.Before(a.StaleAt) }
	return sweepBy(ctx, w.app.credentialDocs(shop.ID).Docs,
		storage.Query{Index: credential.ByStale, To: now.Add(time.Millisecond)}, stale)
}
