package portal

import (
	"context"
	"fmt"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// A job on the customer's counts recounts one month of the customer, however many orders ask for it: an
// import of a million orders leaves one job for each customer and month, not a million.
//
// The job is scheduled before an order is written, with a delay: the write has ended by then, so the count
// sees it. A crash in between costs one needless count. A write that took longer than expected schedules
// another count afterwards.
const (
	kindCountOrders = "count_orders" // args: month
	kindRecount     = "recount_in_time_zone"
	// standardCountDelay is how long after an order its month is counted. Orders that arrive within it are
	// counted together.
	standardCountDelay = 3 * time.Second
)

// WithCountDelay sets how long after an order its customer's month is counted. Orders that arrive within it
// are counted together.
func WithCountDelay(d time.Duration) Option { return func(a *App) { a.countDelay = d } }

// customerMonth is a month of one customer, "2026-03" in the shop's time zone.
type customerMonth struct{ customer, month string }

func monthOf(customer string, placed time.Time, zone *time.Location) customerMonth {
	return customerMonth{customer, placed.In(zone).Format(monthForm)}
}

func (m customerMonth) request(at time.Time) job.Request {
	return job.Request{Kind: kindCountOrders, Args: job.Args{"month": m.month}, At: at}
}

// askCounts schedules a count of months, after the delay. It is called before the write that changes them.
func (a *App) askCounts(ctx context.Context, shop Shop, months ...customerMonth) error {
	now := a.now()
	return a.changeCounts(ctx, shop, months, func(h *history, m customerMonth) bool {
		return h.Work.Ensure(m.request(now.Add(a.countDelay)), now.Add(a.countDelay/2))
	})
}

// confirmCounts is called after the write that followed askCounts. If it took so long that the months may
// have been counted too early, they are counted again.
func (a *App) confirmCounts(ctx context.Context, shop Shop, asked time.Time, months ...customerMonth) error {
	now := a.now()
	if now.Sub(asked) < a.countDelay/3 {
		return nil
	}
	return a.changeCounts(ctx, shop, months, func(h *history, m customerMonth) bool {
		return h.Work.Ensure(m.request(now), time.Time{})
	})
}

func (a *App) changeCounts(ctx context.Context, shop Shop, months []customerMonth, change func(*history, customerMonth) bool) error {
	for _, m := range months {
		if m.customer == "" {
			continue
		}
		if _, err := a.historyDocs(shop.ID).Put(ctx, m.customer, func(h *history, _ bool) error {
			if !change(h, m) {
				return storage.ErrUnchanged
			}
			return nil
		}); err != nil {
			return fmt.Errorf("ask for a recount: %w", err)
		}
	}
	return nil
}

func (w Worker) countJobs() job.Source {
	return job.Documents[history]{
		Collection: historyCollection(),
		Open:       w.app.historyDocs,
		List:       func(h *history) *job.List { return &h.Work },
		Kinds:      map[string]job.Kind[history]{kindCountOrders: {Do: inShop(w.app, w.countMonth)}},
	}
}

// countMonth recounts one month of one customer. An order written after the count began has scheduled
// another.
func (w Worker) countMonth(ctx context.Context, shop Shop, t job.Task[history]) (job.Finish[history], error) {
	month := t.Job.Args["month"]
	first, err := time.ParseInLocation(monthForm+" 02 15", month+" 01 12", shop.Location())
	if err != nil {
		return nil, fmt.Errorf("recount: %w", err)
	}
	if t.Doc.Zone != shop.TimeZone {
		all, err := w.app.countOrders(ctx, shop, t.Key, nil, nil)
		return func(h *history) { h.Zone, h.Months = shop.TimeZone, all }, err
	}
	months, err := w.app.countOrders(ctx, shop, t.Key, dawn(first), dawn(first.AddDate(0, 1, 0)))
	return func(h *history) {
		if h.Zone != shop.TimeZone { // all was counted in another zone since
			h.Work.Add(customerMonth{t.Key, month}.request(w.app.now()))
			return
		}
		if h.Months == nil {
			h.Months = map[string]int64{}
		}
		if delete(h.Months, month); months[month] > 0 {
			h.Months[month] = months[month]
		}
	}, err
}

func (w Worker) shopJobs() job.Source {
	return job.Documents[Shop]{
		Collection: shopCollection(),
		Open:       func(string) storage.Docs[Shop] { return w.app.shopDocs() },
		List:       func(s *Shop) *job.List { return &s.Work },
		Kinds:      map[string]job.Kind[Shop]{kindRecount: {Do: w.recountInTimeZone, Slow: true}},
	}
}

// recountInTimeZone recounts all histories that were counted in a time zone other than the shop's.
func (w Worker) recountInTimeZone(ctx context.Context, t job.Task[Shop]) (job.Finish[Shop], error) {
	w.app.forgetShops()
	shop, err := w.app.shop(ctx, t.Key)
	if err != nil {
		return nil, err
	}
	docs := w.app.historyDocs(shop.ID)
	for _, query := range []storage.Query{{To: shop.TimeZone}, {From: shop.TimeZone + "\x00"}} {
		query.Index, query.Limit = historiesByZone, readBatch
		for {
			page, err := storage.Find[struct{}](ctx, docs, query)
			if err != nil {
				return nil, err
			}
			for _, hit := range page.Hits {
				_, err := docs.Change(ctx, hit.Key, func(h *history) error { return w.app.recountWhole(ctx, shop, hit.Key, h) })
				if ifFound(err) != nil {
					return nil, err
				}
			}
			if len(page.Hits) == 0 {
				break
			}
		}
	}
	return nil, nil
}
