package portal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
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
	h.Adopt()
	return h, err
}

// orderNumbers returns the numbers of a customer's orders, which are empty for a customer without orders.
func (a *App) orderNumbers(ctx context.Context, shop, customer string) (order.Numbers, error) {
	n, _, err := order.NumbersDocs(a.engine, shop).Get(ctx, customer)
	n.Adopt()
	return n, ifFound(err)
}

// recountWhole counts all of a customer's orders in the shop's current time zone.
func (a *App) recountWhole(ctx context.Context, shop shop.Shop, customer string,
	h *order.Counts) (err error) {
	h.Basis, h.Earlier = order.CountsBasis(shop.TimeZone), nil
	h.Months, err = a.countOrders(ctx, shop, customer, nil, nil)
	return err
}

// countOrders counts a customer's orders placed in [from, to), by month.
func (a *App) countOrders(ctx context.Context, shop shop.Shop, customer string, from,
	to any) (map[string]order.Month, error) {
	months := map[string]order.Month{}
	query := storage.Query{Index: order.ByPlaced, Equal: []any{customer}, From: from, To: to,
		Limit: storage.MaxLimit}
	for {
		page, err := storage.Find[order.Counted](ctx, a.orderDocs(shop.ID), query)
		if err != nil {
			return nil, err
		}
		for _, hit := range page.Hits {
			name := hit.Head.PlacedAt.In(shop.Location()).Format(order.MonthForm)
			month := months[name]
			month.Add(hit.Head)
			months[name] = month
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

// countJobs runs the requests for counts.
func (w Worker) countJobs() job.Source {
	return job.Documents[order.CountRequest]{
		Collection: order.CountRequestsCollection(),
		Open:       w.app.countRequestDocs,
		List:       func(r *order.CountRequest) *job.List { return &r.Work },
		Kinds: map[string]job.Kind[order.CountRequest]{
			order.KindCount: {Do: inShop(w.app, w.countRequested)},
		},
	}
}

// countRequested recounts the months of a request, together with those of other requests, and deletes it. An
// order written after the count began has requested another. If a customer's count fails, the others are
// counted all the same, and the requests that name the customer are tried again.
func (w Worker) countRequested(ctx context.Context, shop shop.Shop,
	t job.Task[order.CountRequest]) (job.Finish[order.CountRequest], error) {
	err := w.app.countRounds.count(ctx, shop.ID, t.Doc.Months,
		func(months map[string][]string) map[string]error {
			var mu sync.Mutex
			failed := map[string]error{}
			_ = eachAtOnce(ctx, slices.Collect(maps.Keys(months)), func(_ context.Context, customer string) error {
				if err := w.countAndList(ctx, shop, customer, months[customer]); err != nil {
					mu.Lock()
					defer mu.Unlock()
					failed[customer] = err
				}
				return nil
			})
			return failed
		})
	if err == nil {
		err = remove(ctx, w.app.countRequestDocs(shop.ID), t.Key)
	}
	return nil, err
}

// countAndList recounts months of one customer and lists the totals. The customer is read before the counts,
// as in listTotals.
func (w Worker) countAndList(ctx context.Context, shop shop.Shop, customer string, months []string) error {
	read, err := w.app.customerDocs(shop.ID).Read(ctx, customer)
	if err != nil {
		return err
	}
	counted, err := w.countMonths(ctx, shop, customer, months)
	if err != nil {
		return err
	}
	return w.listTotalsAfter(ctx, shop, customer, read, &counted)
}

// countMonths recounts months of one customer. Another count of the same customer at the same time is a
// conflict, after which the months are counted again.
func (w Worker) countMonths(ctx context.Context, shop shop.Shop, customer string,
	months []string) (order.Counts, error) {
	return w.app.countDocs(shop.ID).Put(ctx, customer, func(h *order.Counts, found bool) error {
		if !found || h.Basis != order.CountsBasis(shop.TimeZone) {
			err := w.app.recountWhole(ctx, shop, customer, h)
			if err == nil && !found && len(h.Months) == 0 { // such as for a customer who was erased
				err = storage.ErrUnchanged
			}
			return err
		}
		if h.Months == nil {
			h.Months = map[string]order.Month{}
		}
		changed := false
		spans, err := spansOf(months, shop.Location())
		for _, span := range spans {
			if err == nil {
				var differs bool
				differs, err = w.countSpan(ctx, shop, customer, span, h)
				changed = changed || differs
			}
		}
		if err == nil && !changed {
			err = storage.ErrUnchanged
		}
		return err
	})
}

// span is a span of whole months, from the noon of its first day to that of the day after it.
type span struct{ from, to time.Time }

// nearMonths is how far apart months may be that are counted by one query: their orders are few.
const nearMonths = 3

// spansOf returns the spans that cover the months.
func spansOf(months []string, zone *time.Location) ([]span, error) {
	var spans []span
	for _, month := range slices.Sorted(slices.Values(months)) {
		first, err := time.ParseInLocation(order.MonthForm+" 02 15", month+" 01 12", zone)
		if err != nil {
			return nil, fmt.Errorf("recount: %w", err)
		}
		last := len(spans) - 1
		if last < 0 || first.After(spans[last].to.AddDate(0, nearMonths, 0)) {
			spans, last = append(spans, span{from: first}), last+1
		}
		spans[last].to = first.AddDate(0, 1, 0)
	}
	return spans, nil
}

// countSpan recounts all months of a span, and reports whether that changed one.
func (w Worker) countSpan(ctx context.Context, shop shop.Shop, customer string, s span,
	h *order.Counts) (changed bool, err error) {
	counted, err := w.app.countOrders(ctx, shop, customer, validate.Dawn(s.from), validate.Dawn(s.to))
	if err != nil {
		return false, err
	}
	for month := s.from; month.Before(s.to); month = month.AddDate(0, 1, 0) {
		name := month.Format(order.MonthForm)
		changed = changed || !h.Months[name].Equal(counted[name])
		if delete(h.Months, name); counted[name].Orders > 0 {
			h.Months[name] = counted[name]
		}
	}
	return changed, nil
}

func (w Worker) shopJobs() job.Source {
	return job.Documents[shop.Shop]{
		Collection: shop.Collection(),
		Open:       func(string) storage.Docs[shop.Shop] { return w.app.shopDocs() },
		List:       func(s *shop.Shop) *job.List { return &s.Work },
		Kinds: map[string]job.Kind[shop.Shop]{
			order.KindRecount: {Do: w.recountInTimeZone, Slow: true},
			kindRelist:        {Do: w.relist, Slow: true},
		},
	}
}

// recountInTimeZone recounts all orders that were counted in another way than the shop's: in another time
// zone, or by an earlier version.
func (w Worker) recountInTimeZone(ctx context.Context, t job.Task[shop.Shop]) (job.Finish[shop.Shop], error) {
	w.app.forgetShops()
	shop, err := w.app.shop(ctx, t.Key)
	if err != nil {
		return nil, err
	}
	docs, basis := w.app.countDocs(shop.ID), order.CountsBasis(shop.TimeZone)
	for _, query := range []storage.Query{{To: basis}, {From: basis + "\x00"}} {
		query.Index, query.Limit = order.CountsByZone, readBatch
		for {
			page, err := storage.Find[struct{}](ctx, docs, query)
			if err != nil {
				return nil, err
			}
			for _, hit := range page.Hits {
				_, err := docs.Change(ctx, hit.Key,
					func(h *order.Counts) error { return w.app.recountWhole(ctx, shop, hit.Key, h) })
				if err == nil {
					err = w.listTotals(ctx, shop, hit.Key)
				}
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
