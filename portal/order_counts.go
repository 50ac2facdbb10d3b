package portal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

func (a *App) countDocs(shop string) storage.Docs[order.Counts] {
	return order.CountsDocs(a.engine, shop)
}

// orderCounts returns a customer's counts, which are empty for a customer without orders.
func (a *App) orderCounts(ctx context.Context, shop, customer string) (order.Counts, error) {
	h, _, err := a.countDocs(shop).Get(ctx, customer)
	if errors.Is(err, storage.ErrNotFound) {
		return order.Counts{}, nil
	}
	return h, err
}

// recountWhole counts all of a customer's orders in the shop's current time zone.
func (a *App) recountWhole(ctx context.Context, shop shop.Shop, customer string,
	h *order.Counts) (err error) {
	h.Zone = shop.TimeZone
	h.Months, err = a.countOrders(ctx, shop, customer, nil, nil)
	return err
}

// countOrders counts a customer's orders placed in [from, to), by month.
func (a *App) countOrders(ctx context.Context, shop shop.Shop, customer string, from,
	to any) (map[string]int64, error) {
	months := map[string]int64{}
	query := storage.Query{Index: order.ByPlaced, Equal: []any{customer}, From: from, To: to,
		Limit: storage.MaxLimit}
	for {
		page, err := storage.Find[struct {
			PlacedAt time.Time `bson:"placed_at"`
		}](ctx, a.orderDocs(shop.ID), query)
		if err != nil {
			return nil, err
		}
		for _, hit := range page.Hits {
			months[hit.Head.PlacedAt.In(shop.Location()).Format(order.MonthForm)]++
		}
		if page.Next == "" {
			return months, nil
		}
		query.Cursor = page.Next
	}
}

// WithCountDelay sets how long after an order its customer's month is counted. Orders that arrive within it
// are counted together.
func WithCountDelay(d time.Duration) Option { return func(a *App) { a.countDelay = d } }

// requestCounts schedules a count of months, after the delay. It precedes the write that changes them.
func (a *App) requestCounts(ctx context.Context, shop shop.Shop, months ...order.CustomerMonth) error {
	now := a.now()
	return a.changeCounts(ctx, shop, months, func(h *order.Counts, m order.CustomerMonth) bool {
		return h.Work.Ensure(m.Request(now.Add(a.countDelay)), now.Add(a.countDelay/2))
	})
}

// confirmCounts is called after the write that followed requestCounts. If it took so long that the months may
// have been counted too early, they are counted again.
func (a *App) confirmCounts(ctx context.Context, shop shop.Shop, requested time.Time,
	months ...order.CustomerMonth) error {
	now := a.now()
	if now.Sub(requested) < a.countDelay/3 {
		return nil
	}
	return a.changeCounts(ctx, shop, months, func(h *order.Counts, m order.CustomerMonth) bool {
		return h.Work.Ensure(m.Request(now), time.Time{})
	})
}

func (a *App) changeCounts(ctx context.Context, shop shop.Shop, months []order.CustomerMonth,
	change func(*order.Counts, order.CustomerMonth) bool) error {
	for _, m := range months {
		if m.Customer == "" {
			continue
		}
		if _, err := a.countDocs(shop.ID).Put(ctx, m.Customer, func(h *order.Counts, _ bool) error {
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
	return job.Documents[order.Counts]{
		Collection: order.CountsCollection(),
		Open:       w.app.countDocs,
		List:       func(h *order.Counts) *job.List { return &h.Work },
		Kinds:      map[string]job.Kind[order.Counts]{order.KindCount: {Do: inShop(w.app, w.countMonth)}},
	}
}

// countMonth recounts one month of one customer. An order written after the count began has scheduled
// another.
func (w Worker) countMonth(ctx context.Context, shop shop.Shop,
	t job.Task[order.Counts]) (job.Finish[order.Counts], error) {
	month := t.Job.Args["month"]
	first, err := time.ParseInLocation(order.MonthForm+" 02 15", month+" 01 12", shop.Location())
	if err != nil {
		return nil, fmt.Errorf("recount: %w", err)
	}
	if t.Doc.Zone != shop.TimeZone {
		all, err := w.app.countOrders(ctx, shop, t.Key, nil, nil)
		return func(h *order.Counts) { h.Zone, h.Months = shop.TimeZone, all }, err
	}
	months, err := w.app.countOrders(ctx, shop, t.Key, validate.Dawn(first),
		validate.Dawn(first.AddDate(0, 1, 0)))
	return func(h *order.Counts) {
		if h.Zone != shop.TimeZone { // all was counted in another zone since
			h.Work.Add(order.CustomerMonth{Customer: t.Key, Month: month}.Request(w.app.now()))
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
	return job.Documents[shop.Shop]{
		Collection: shop.Collection(),
		Open:       func(string) storage.Docs[shop.Shop] { return w.app.shopDocs() },
		List:       func(s *shop.Shop) *job.List { return &s.Work },
		Kinds:      map[string]job.Kind[shop.Shop]{order.KindRecount: {Do: w.recountInTimeZone, Slow: true}},
	}
}

// recountInTimeZone recounts all order counts that were counted in a time zone other than the shop's.
func (w Worker) recountInTimeZone(ctx context.Context, t job.Task[shop.Shop]) (job.Finish[shop.Shop], error) {
	w.app.forgetShops()
	shop, err := w.app.shop(ctx, t.Key)
	if err != nil {
		return nil, err
	}
	docs := w.app.countDocs(shop.ID)
	for _, query := range []storage.Query{{To: shop.TimeZone}, {From: shop.TimeZone + "\x00"}} {
		query.Index, query.Limit = order.CountsByZone, readBatch
		for {
			page, err := storage.Find[struct{}](ctx, docs, query)
			if err != nil {
				return nil, err
			}
			for _, hit := range page.Hits {
				_, err := docs.Change(ctx, hit.Key,
					func(h *order.Counts) error { return w.app.recountWhole(ctx, shop, hit.Key, h) })
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
