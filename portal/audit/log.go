package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/portal/job"
	"postern/storage"
)

// Log is the log of one shop. Its methods are safe for concurrent use, also by several processes.
type Log struct {
	engine storage.Engine
	shop   string
	now    func() time.Time
}

// Open returns the log of a shop.
func Open(engine storage.Engine, shop string, now func() time.Time) Log {
	return Log{engine: engine, shop: shop, now: now}
}

func (l Log) details() storage.Docs[Detail] {
	return storage.Open[Detail](l.engine, l.shop, DetailCollection())
}

func (l Log) links() storage.Docs[Link] {
	return storage.Open[Link](l.engine, l.shop, LinkCollection())
}

func (l Log) heads() storage.Docs[state] {
	return storage.Open[state](l.engine, l.shop, HeadCollection())
}

// Record stores an act and has it appended. Recording an act again changes nothing.
func (l Log) Record(ctx context.Context, a Act) error {
	if err := a.check(); err != nil {
		return err
	}
	err := l.details().Insert(ctx, a.ID, newDetail(a))
	if err != nil && !errors.Is(err, storage.ErrExists) {
		return err
	}
	_, err = l.heads().Put(ctx, stateKey, func(s *state, found bool) error {
		if !found {
			*s = l.empty()
		}
		if !s.Work.Ensure(appendNow(l.now()), time.Time{}) {
			return storage.ErrUnchanged
		}
		return nil
	})
	return err
}

// RecordOnce is Record for an act that is usually recorded already: it then only reads.
func (l Log) RecordOnce(ctx context.Context, a Act) error {
	stored, _, err := l.details().Get(ctx, a.ID)
	if err == nil && stored.Number > 0 {
		return nil
	}
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	return l.Record(ctx, a)
}

func (l Log) empty() state {
	start := genesis(l.shop)
	return state{Number: start.Number, Hash: start.Hash}
}

func appendNow(now time.Time) job.Request { return job.Request{Kind: KindAppend, At: now} }

// Jobs returns the source of the jobs that append acts. open returns the log of a shop.
func Jobs(open func(shop string) Log) job.Source {
	return job.Documents[state]{
		Collection: HeadCollection(),
		Open:       func(shop string) storage.Docs[state] { return open(shop).heads() },
		List:       func(s *state) *job.List { return &s.Work },
		Kinds: map[string]job.Kind[state]{KindAppend: {
			Retry: job.Retry{Gaps: []time.Duration{time.Second, 10 * time.Second, time.Minute}, Forever: true},
			Do: func(ctx context.Context, t job.Task[state]) (job.Finish[state], error) {
				log := open(t.Shop)
				more, err := log.append(ctx)
				return func(s *state) {
					if more {
						s.Work.Ensure(appendNow(log.now()), time.Time{})
					}
				}, err
			},
		}},
	}
}

const (
	batchSize = 500
	atOnce    = 64 // writes, so that they share commits
)

// append appends up to batchSize acts and reports whether more may wait.
//
// The acts are first listed in the head's document, then linked, then given their numbers, and then the head
// moves on. A process that dies in between leaves a list that the next one completes; two processes at the
// same time write the same links.
func (l Log) append(ctx context.Context) (more bool, err error) {
	s, own, err := l.choose(ctx)
	if err != nil || len(s.Batch) == 0 {
		return false, err
	}
	links, err := l.linksOf(ctx, s)
	if err != nil {
		return false, err
	}
	if err := each(ctx, links, l.insert); err != nil {
		return false, err
	}
	if err := each(ctx, links, l.number); err != nil {
		return false, err
	}
	last := links[len(links)-1]
	_, err = l.heads().Change(ctx, stateKey, func(stored *state) error {
		if stored.Number != s.Number || !slices.Equal(stored.Batch, s.Batch) {
			return storage.ErrUnchanged // another process was faster
		}
		stored.Number, stored.Hash, stored.Batch = last.Number, last.Hash, nil
		return nil
	})
	return !own || len(links) == batchSize, err
}

// choose returns the head with the batch to be appended, which is empty if no act waits, and whether this
// call has chosen it. A batch that another process has chosen may lack acts that were recorded since.
//
// An act that waits was read after the head, so that it is in no link up to there: acts get their numbers
// before the head moves on.
func (l Log) choose(ctx context.Context) (state, bool, error) {
	for {
		read, err := l.heads().Read(ctx, stateKey)
		s := read.Doc
		if err != nil || !read.Found || len(s.Batch) > 0 {
			return s, false, err
		}
		if s.Batch, err = l.waiting(ctx, batchSize); err != nil || len(s.Batch) == 0 {
			return s, false, err
		}
		own := false
		stored, err := l.heads().Change(ctx, stateKey, func(stored *state) error {
			if own = stored.Number == s.Number && len(stored.Batch) == 0; !own {
				return storage.ErrUnchanged
			}
			stored.Batch = s.Batch
			return nil
		})
		if err != nil || len(stored.Batch) > 0 {
			return stored, own, err
		}
	}
}

// waiting returns the ids of acts that are not appended yet, oldest first.
func (l Log) waiting(ctx context.Context, limit int) ([]string, error) {
	page, err := storage.Find[struct{}](ctx, l.details(), storage.Query{Index: byWaiting, Limit: limit})
	ids := make([]string, len(page.Hits))
	for i, hit := range page.Hits {
		ids[i] = hit.Key
	}
	return ids, err
}

// linksOf returns the links of the batch.
func (l Log) linksOf(ctx context.Context, s state) ([]Link, error) {
	found, err := storage.ReadAll[Detail](ctx, l.details(), s.Batch)
	if err == nil && len(found) != len(s.Batch) {
		err = fmt.Errorf("audit: the store lost %d acts that wait to be appended", len(s.Batch)-len(found))
	}
	links, previous := make([]Link, len(found)), s.head()
	for i, hit := range found {
		links[i] = hit.Head.link(previous)
		previous = Head{links[i].Number, links[i].Hash}
	}
	return links, err
}

func (l Log) insert(ctx context.Context, link Link) error {
	err := l.links().Insert(ctx, keyOf(link.Number), link)
	if !errors.Is(err, storage.ErrExists) {
		return err
	}
	stored, _, err := l.links().Get(ctx, keyOf(link.Number))
	if err == nil && stored.Hash != link.Hash {
		err = fmt.Errorf("audit: entry %d of the log already exists with other content; run \"portal log verify\"",
			link.Number)
	}
	return err
}

// number gives a detail the number of its link.
func (l Log) number(ctx context.Context, link Link) error {
	_, err := l.details().Change(ctx, link.Act, func(d *Detail) error {
		if d.Number == link.Number && d.Waiting.IsZero() {
			return storage.ErrUnchanged
		}
		d.Number, d.Waiting = link.Number, time.Time{}
		return nil
	})
	return err
}

// each calls do for every element, several at a time.
func each[T any](ctx context.Context, list []T, do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, element := range list {
		group.Go(func() error { return do(ctx, element) })
	}
	return group.Wait()
}

// Erase empties the details of all acts on a customer. by is the act of the erasure, which must not name the
// customer. It lists the acts that it empties and is recorded first, so that verifying can tell an erased
// detail from one that somebody emptied. Further erasures follow for more than batchSize acts, and for those
// that were recorded in the meantime; repeating an erasure records none twice.
func (l Log) Erase(ctx context.Context, customer string, by Act) error {
	for base, part := by.ID, 0; ; {
		page, err := storage.Find[struct{}](ctx, l.details(), storage.Query{Index: byCustomer,
			Equal: []any{customer}, Limit: batchSize})
		if err != nil || part > 0 && len(page.Hits) == 0 {
			return err
		}
		by.Erases = nil
		for _, hit := range page.Hits {
			by.Erases = append(by.Erases, hit.Key)
		}
		for listed := false; !listed; part++ {
			if by.ID = base; part > 0 {
				by.ID = fmt.Sprintf("%s-%d", base, part)
			}
			if listed, err = l.recordErasure(ctx, by); err != nil {
				return err
			}
		}
		if err := each(ctx, by.Erases, l.emptyBy(by.ID, "")); err != nil || len(by.Erases) == 0 {
			return err
		}
	}
}

// Separate empties the details of acts on a customer, which must be recorded, but for the customer's id. by is an
// act of the kind CustomerSeparated on the customer. Repeating it changes nothing.
func (l Log) Separate(ctx context.Context, acts []string, by Act) error {
	by.Erases = acts
	if _, err := l.recordErasure(ctx, by); err != nil {
		return err
	}
	return each(ctx, acts, l.emptyBy(by.ID, by.Customer))
}

// recordErasure records an erasure, or finds it as an earlier call recorded it, and reports whether it lists
// all that is to be emptied.
func (l Log) recordErasure(ctx context.Context, by Act) (listed bool, err error) {
	if err := l.Record(ctx, by); err != nil {
		return false, err
	}
	stored, _, err := l.details().Get(ctx, by.ID)
	return !slices.ContainsFunc(by.Erases, func(id string) bool {
		return !slices.Contains(stored.Erases, id)
	}), err
}

// emptyBy returns what empties a detail. The customer is whom it is left to, "" for nobody.
func (l Log) emptyBy(erasure, customer string) func(context.Context, string) error {
	return func(ctx context.Context, id string) error {
		_, err := l.details().Change(ctx, id, func(d *Detail) error {
			if d.IsErased() && (d.Customer == "" || d.Erased == erasure) {
				return storage.ErrUnchanged
			}
			d.erase(erasure, customer)
			return nil
		})
		return err
	}
}

// Head returns the last entry, and whether acts wait to be appended after it.
func (l Log) Head(ctx context.Context) (head Head, waits bool, err error) {
	read, err := l.heads().Read(ctx, stateKey)
	if err != nil {
		return Head{}, false, err
	}
	if head = read.Doc.head(); !read.Found {
		head = genesis(l.shop)
	}
	next, err := l.waiting(ctx, 1)
	return head, len(next) > 0, err
}
