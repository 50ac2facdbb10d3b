package portal

import (
	"context"
	"errors"
	"time"

	"postern/mail"
	"postern/portal/board"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/withdrawal"
	"postern/storage"
)

func (a *App) boardDocs(shop string) storage.Docs[board.Board] { return board.Docs(a.engine, shop) }

func (w Worker) boardJobs() job.Source {
	return job.Documents[board.Board]{
		Collection: board.Collection(),
		Open:       w.app.boardDocs,
		List:       func(b *board.Board) *job.List { return &b.Work },
		Kinds: map[string]job.Kind[board.Board]{
			board.KindCount: {Do: inShop(w.app, w.countBoard), Slow: true},
		},
	}
}

// countBoard counts what waits, and then the days that somebody looks at, the latest first.
func (w Worker) countBoard(ctx context.Context, s shop.Shop,
	t job.Task[board.Board]) (job.Finish[board.Board], error) {
	at := w.app.now()
	waiting, refundBy, err := w.countWaiting(ctx, s)
	if err == nil {
		err = w.countDays(ctx, s, t.Doc.Since)
	}
	return func(b *board.Board) { b.Waiting, b.RefundBy, b.At = waiting, refundBy, at }, err
}

func (w Worker) countWaiting(ctx context.Context, s shop.Shop) (waiting map[string]board.Number,
	refundBy time.Time, err error) {
	waiting = map[string]board.Number{}
	counts := map[string]func() (board.Number, error){
		board.Messages: func() (board.Number, error) { return w.unanswered(ctx, s) },
		board.Requests: func() (board.Number, error) { return w.undecided(ctx, s, inquiry.RequestCancel) },
		board.Returns:  func() (board.Number, error) { return w.undecided(ctx, s, inquiry.RequestReturn) },
		board.Withdrawals: func() (n board.Number, err error) {
			n, err = count(ctx, w.app.withdrawalDocs(s.ID), withdrawal.Undecided())
			if err == nil && n.N > 0 {
				refundBy, err = w.earliestRefund(ctx, s)
			}
			return n, err
		},
		board.Emails: func() (board.Number, error) {
			n, more, err := w.app.outbox(s.ID).Count(ctx, mail.Failed, board.MaxCounted)
			return board.Number{N: n, More: more}, err
		},
		board.Orders: func() (board.Number, error) {
			return count(ctx, order.Docs(w.app.engine, s.ID), storage.Query{Index: order.ByDate})
		},
		board.VATIDs: func() (board.Number, error) { return w.longUnknown(ctx, s) },
		board.Jobs:   func() (board.Number, error) { return w.failedJobs(ctx, s) },
	}
	for kind, of := range counts {
		if waiting[kind], err = of(); err != nil {
			return nil, refundBy, err
		}
	}
	return waiting, refundBy, nil
}

// count counts what a query selects, up to board.MaxCounted.
func count[T any](ctx context.Context, docs storage.Docs[T],
	query storage.Query) (n board.Number, err error) {
	err = eachHead(ctx, docs, query, func(struct{}, string) (bool, error) {
		n.N++
		return n.N <= board.MaxCounted, nil
	})
	if n.N > board.MaxCounted {
		n = board.Number{N: board.MaxCounted, More: true}
	}
	return n, err
}

// eachHead calls do for what a query selects, until it returns false.
func eachHead[H, T any](ctx context.Context, docs storage.Docs[T], query storage.Query,
	do func(head H, key string) (goOn bool, err error)) error {
	for query.Limit = storage.MaxLimit; ; {
		page, err := storage.Find[H](ctx, docs, query)
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			if goOn, err := do(hit.Head, hit.Key); err != nil || !goOn {
				return err
			}
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			return nil
		}
	}
}

// undecided counts the requests of a kind on which nobody has decided.
func (w Worker) undecided(ctx context.Context, s shop.Shop, kind string) (board.Number, error) {
	return count(ctx, inquiry.Docs(w.app.engine, s.ID), inquiry.Undecided(kind))
}

// unanswered counts the orders about which the customer wrote last, among the latest messages.
func (w Worker) unanswered(ctx context.Context, s shop.Shop) (n board.Number, err error) {
	docs := inquiry.Docs(w.app.engine, s.ID)
	seen, looked := map[[2]string]bool{}, 0
	query := storage.Query{Index: inquiry.ByChannel, Equal: []any{inquiry.ChannelMessages}, Descending: true}
	err = eachHead(ctx, docs, query, func(in inquiry.Inquiry, _ string) (bool, error) {
		about := [2]string{in.Customer, in.Order}
		if looked++; looked > board.MaxCounted {
			n.More = true
			return false, nil
		}
		if seen[about] {
			return true, nil
		}
		seen[about] = true
		waits, err := inquiry.Waits(ctx, docs, in)
		if waits {
			n.N++
		}
		return true, err
	})
	return n, err
}

// earliestRefund returns the earliest last day for a refund.
func (w Worker) earliestRefund(ctx context.Context, s shop.Shop) (time.Time, error) {
	query := withdrawal.Undecided()
	query.Limit = 1
	page, err := storage.Find[withdrawal.Withdrawal](ctx, w.app.withdrawalDocs(s.ID), query)
	if err != nil || len(page.Hits) == 0 {
		return time.Time{}, err
	}
	return placeOf(s).RefundDue(page.Hits[0].Head.At), nil
}

// longUnknown counts the customers whose VAT ID VIES has not confirmed for long.
func (w Worker) longUnknown(ctx context.Context, s shop.Shop) (board.Number, error) {
	query, err := customer.Query{Filters: map[string]string{"vat": customer.VATLongUnknown}}.
		FindMany(CustomerPlace(s))
	if err != nil {
		return board.Number{}, err
	}
	return count(ctx, w.app.customerDocs(s.ID), query)
}

// failedJobs counts the jobs of a shop that were given up.
func (w Worker) failedJobs(ctx context.Context, s shop.Shop) (board.Number, error) {
	found, err := w.Jobs().Failures(ctx, s.ID, storage.MaxLimit)
	return board.Number{N: int64(len(found))}, err
}

// countDays counts the days since one again that are old.
func (w Worker) countDays(ctx context.Context, s shop.Shop, since string) error {
	now := w.app.now()
	known := map[string]board.Day{}
	err := eachHead(ctx, board.DayDocs(w.app.engine, s.ID), storage.Query{Index: board.ByDay, From: since},
		func(d board.Day, _ string) (bool, error) {
			known[d.Day] = d
			return true, nil
		})
	today := validate.Midday(now, s.Location())
	for back := 0; back <= board.Lookback && err == nil; back++ {
		noon := today.AddDate(0, 0, -back)
		day := noon.Format(board.DayForm)
		if day < since {
			break
		}
		if known[day].IsStale(s.TimeZone, validate.Dawn(noon.AddDate(0, 0, 1)), now) {
			err = w.countDay(ctx, s, noon)
		}
	}
	return err
}

// countDay counts what happened on a day and keeps it.
func (w Worker) countDay(ctx context.Context, s shop.Shop, noon time.Time) error {
	from, to := validate.Dawn(noon), validate.Dawn(noon.AddDate(0, 0, 1))
	d := board.Day{Day: noon.Format(board.DayForm), Zone: s.TimeZone, At: w.app.now(),
		ByView: map[string]int64{}}
	err := errors.Join(
		eachHead(ctx, w.app.customerDocs(s.ID), storage.Query{Index: customer.ByRegistered, From: from, To: to},
			func(struct{}, string) (bool, error) {
				d.Customers++
				return true, nil
			}),
		eachHead(ctx, board.SignInDocs(w.app.engine, s.ID), storage.Query{Index: board.ByTime, From: from, To: to},
			func(struct{}, string) (bool, error) {
				d.SignIns++
				return true, nil
			}),
		eachHead(ctx, w.app.orderDocs(s.ID), storage.Query{Index: order.ByDate, From: from, To: to},
			func(o order.Viewed, _ string) (bool, error) {
				d.Orders++
				for _, view := range o.Views {
					d.ByView[view]++
				}
				return true, nil
			}))
	if err != nil {
		return err
	}
	_, err = board.DayDocs(w.app.engine, s.ID).Put(ctx, d.Day, func(stored *board.Day, _ bool) error {
		*stored = d
		return nil
	})
	return err
}

// recordSignIn keeps the time of a sign-in, without who it was.
func (w Worker) recordSignIn(ctx context.Context, s shop.Shop,
	t job.Task[credential.Credentials]) (job.Finish[credential.Credentials], error) {
	err := board.SignInDocs(w.app.engine, s.ID).Insert(ctx, t.Job.ID, board.SignIn{At: t.Job.At})
	if errors.Is(err, storage.ErrExists) {
		err = nil
	}
	return nil, err
}

// sweepSignIns removes the sign-ins that no page counts any more.
func (w Worker) sweepSignIns(ctx context.Context, s shop.Shop) error {
	before := w.app.now().Add(-board.SignInsKept)
	return sweepBy(ctx, board.SignInDocs(w.app.engine, s.ID), storage.Query{Index: board.ByTime, To: before},
		func(in board.SignIn) bool { return in.At.Before(before) })
}
