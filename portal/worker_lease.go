package portal

import (
	"context"
	"errors"
	"fmt"
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
	shops, err := s.app.Shops(ctx)
	if err != nil {
		return 0, err
	}
	for _, shop := range shops {
		n, failed := s.shop(ctx, shop)
		done, err = done+n, errors.Join(err, failed)
	}
	return done, err
}

func (s *shift) shop(ctx context.Context, shop Shop) (done int, err error) {
	if found, err := s.hasJobs(ctx, shop); err != nil || !found {
		return 0, err
	}
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

// hasJobs reports whether a batch would find anything, and does none of it: every kind of job begins with a
// list. So a lease is written only when there is work.
func (s *shift) hasJobs(ctx context.Context, shop Shop) (bool, error) {
	app := *s.app
	app.engine = scout{s.app.engine}
	for _, job := range (Worker{app: &app}).jobs() {
		_, err := job(ctx, shop)
		switch {
		case errors.Is(err, errJobs):
			return true, nil
		case err != nil:
			return false, fmt.Errorf("look for jobs of shop %s: %w", shop.ID, err)
		}
	}
	return false, nil
}

// errJobs says that a list of jobs is not empty.
var errJobs = errors.New("portal: there are jobs")

// scout is a store in which a list that finds anything ends with errJobs.
type scout struct{ storage.Engine }

// Scan implements storage.Engine.
func (s scout) Scan(ctx context.Context, collection string, scan storage.Scan) ([]storage.Row, error) {
	scan.Limit = 1
	rows, err := s.Engine.Scan(ctx, collection, scan)
	if err == nil && len(rows) > 0 {
		return nil, errJobs
	}
	return rows, err
}
