package portal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"postern/storage"
)

const (
	leaseLife  = time.Minute
	leaseRenew = 20 * time.Second
	leaseOfJob = "jobs"
	// freeTime is how long giving a lease back may take when the process is told to stop.
	freeTime = 2 * time.Second
)

// lease says which process does the jobs of a shop. It is held for a batch only, so that an idle process
// holds nobody up.
type lease struct {
	Holder string    `bson:"holder,omitempty"` // "" when it was given back
	Until  time.Time `bson:"until,omitempty"`
}

func leaseCollection() storage.Collection { return storage.Collection{Name: "leases"} }

func (a *App) leaseDocs(shop string) storage.Docs[lease] {
	return storage.Open[lease](a.engine, shop, leaseCollection())
}

// errLeased says that another process has the lease.
var errLeased = errors.New("portal: another process does the jobs")

// shift is a Worker at work in Run: beside others, which may be in other processes, and at rest while there
// is nothing to do.
type shift struct {
	Worker
	holder string
	rest   *storage.IdleBeat
}

func newShift(w Worker) *shift {
	return &shift{Worker: w, holder: storage.NewID(), rest: storage.NewIdleBeat(w.app.writes)}
}

// beat works until nothing is left that no other process does, unless it is time to rest.
func (s *shift) beat(ctx context.Context) error {
	if !s.rest.Due(s.app.now()) {
		return nil
	}
	for {
		done, err := s.round(ctx)
		if err != nil || done == 0 {
			return err
		}
	}
}

// round does a batch of each shop that has jobs and is in no other process's hands.
func (s *shift) round(ctx context.Context) (done int, err error) {
	ids, err := s.shopsWithJobs(ctx)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		shop, failed := s.app.shop(ctx, id)
		n := 0
		if failed == nil {
			n, failed = s.shop(ctx, shop)
		}
		done, err = done+n, errors.Join(err, failed)
	}
	return done, err
}

func (s *shift) shop(ctx context.Context, shop Shop) (done int, err error) {
	if err := s.lease(ctx, shop.ID); err != nil {
		if errors.Is(err, errLeased) {
			err = nil
		}
		return 0, err
	}
	working, lost := context.WithCancel(ctx)
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		defer lost()
		s.keep(working, shop.ID)
	}()
	done, err = s.batch(working, shop)
	lost()
	<-kept
	return done, errors.Join(err, s.free(ctx, shop.ID))
}

// lease takes the lease of a shop's jobs, or prolongs it.
func (s *shift) lease(ctx context.Context, shop string) error {
	now := s.app.now()
	_, err := s.app.leaseDocs(shop).Put(ctx, leaseOfJob, func(l *lease, _ bool) error {
		if l.Holder != "" && l.Holder != s.holder && now.Before(l.Until) {
			return errLeased
		}
		l.Holder, l.Until = s.holder, now.Add(leaseLife)
		return nil
	})
	return err
}

// keep prolongs the lease until ctx ends, or returns when that failed: what is in hand then stops before
// the lease is over.
func (s *shift) keep(ctx context.Context, shop string) {
	beat := time.NewTicker(leaseRenew)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
		}
		if err := s.lease(ctx, shop); err != nil {
			return
		}
	}
}

// free gives the lease back, also when the process is told to stop.
func (s *shift) free(ctx context.Context, shop string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), freeTime)
	defer cancel()
	_, err := s.app.leaseDocs(shop).Change(ctx, leaseOfJob, func(l *lease) error {
		if l.Holder != s.holder {
			return storage.ErrUnchanged
		}
		*l = lease{}
		return nil
	})
	return ifFound(err)
}

// shopsWithJobs are the shops for which a batch would find something, so that a lease is written only when there is
// work. It reads one page for each sort of job, however many shops there are. A page may not have room for all shops;
// the rest are found when its jobs are done.
func (s *shift) shopsWithJobs(ctx context.Context) ([]string, error) {
	found := map[string]bool{}
	for _, look := range jobLooks(s.app.now()) {
		page, err := storage.FindAllShops[struct{}](ctx, s.app.engine, look.collection, look.query)
		if err != nil {
			return nil, fmt.Errorf("look for jobs: %w", err)
		}
		for _, hit := range page.Hits {
			if hit.Shop == installation { // a job of a shop's own document
				hit.Shop = hit.Key
			}
			found[hit.Shop] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// jobLook is a list of jobs of all shops.
type jobLook struct {
	collection storage.Collection
	query      storage.Query
}

func jobLooks(now time.Time) []jobLook {
	due := storage.Query{Index: dueInAllShops, To: now.Add(time.Millisecond), Limit: todoBatch}
	todo := storage.Query{Index: todoInAllShops, Prefix: new(string), Limit: todoBatch}
	links := storage.Query{Index: linksInAllShops, Limit: todoBatch}
	return []jobLook{
		{orderCollection(), todo}, {accessCollection(), todo}, {customerCollection(), todo}, {customerCollection(), due},
		{customerCollection(), links}, {inquiryCollection(), todo}, {withdrawalCollection(), due}, {shopCollection(), due},
	}
}

// The indexes by which a process finds the jobs of all shops.
const (
	todoInAllShops  = "todo_all"
	dueInAllShops   = "due_all"
	linksInAllShops = "link_all"
)

func todoOfAllShops() storage.Index {
	todo := storage.Field{Path: "todo", Kind: storage.String, Multi: true}
	return storage.Index{Name: todoInAllShops, Fields: []storage.Field{todo}, AllShops: true}
}

func dueOfAllShops(path string) storage.Index {
	due := storage.Field{Path: path, Kind: storage.Time}
	return storage.Index{Name: dueInAllShops, Fields: []storage.Field{due}, AllShops: true}
}
