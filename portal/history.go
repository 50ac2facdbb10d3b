package portal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/storage"
)

// history is a customer's kept totals: how many orders each month has, "2026-03" in the time zone Zone. It is recounted from
// the orders, month by month, never adjusted; where the shop's zone has changed since, the worker recounts it whole.
type history struct {
	Zone   string           `bson:"zone"`
	Months map[string]int64 `bson:"months,omitempty"`
}

const monthForm = "2006-01"

const historiesByZone = "zone"

func historyCollection() storage.Collection {
	return storage.Collection{Name: "histories", Indexes: []storage.Index{{
		Name: historiesByZone, Fields: []storage.Field{{Path: "zone", Kind: storage.String}},
	}}}
}

func (a *App) historyDocs(shop string) storage.Docs[history] {
	return storage.Open[history](a.engine, shop, historyCollection())
}

// history returns a customer's totals; one without orders has none.
func (a *App) history(ctx context.Context, shop, customer string) (history, error) {
	h, _, err := a.historyDocs(shop).Get(ctx, customer)
	if errors.Is(err, storage.ErrNotFound) {
		return history{}, nil
	}
	return h, err
}

func (h history) total() int64 {
	var sum int64
	for _, n := range h.Months {
		sum += n
	}
	return sum
}

// years lists the years that have orders, newest first.
func (h history) years() []int {
	seen := map[int]bool{}
	for month := range h.Months {
		if year, err := strconv.Atoi(month[:4]); err == nil {
			seen[year] = true
		}
	}
	years := slices.Sorted(maps.Keys(seen))
	slices.Reverse(years)
	return years
}

// nearest is the year with orders that is closest to the range, which ends before to; 0 when there is none.
func (h history) nearest(from, to time.Time) int {
	last := to.Add(-time.Millisecond).Year() // the store's times are of milliseconds
	best, distance := 0, -1
	for _, year := range h.years() {
		away := 0
		switch {
		case !from.IsZero() && year < from.Year():
			away = from.Year() - year
		case !to.IsZero() && year > last:
			away = year - last
		}
		if distance < 0 || away < distance {
			best, distance = year, away
		}
	}
	return best
}

// jobCount names the job "recount the orders of this customer in this month": "count <customer> <month> <id>".
const jobCount = "count"

func countJob(customer string, placed time.Time, zone *time.Location) string {
	return strings.Join([]string{jobCount, customer, placed.In(zone).Format(monthForm)}, " ")
}

// askCount asks for a recount. Its id is new each time, so that a count under way does not take out a job that came since.
func (s *storedOrder) askCount(job string) {
	s.Todo = slices.DeleteFunc(s.Todo, func(other string) bool { return strings.HasPrefix(other, job+" ") })
	s.Todo = append(s.Todo, job+" "+storage.NewID())
}

func addTodo(todo []string, job string) []string {
	if slices.Contains(todo, job) {
		return todo
	}
	return append(todo, job)
}

// recount counts one month of one customer anew. The count is made inside the change, so that a count which began before
// another was written is made again.
func (a *App) recount(ctx context.Context, shop Shop, customer, month string) error {
	first, err := time.ParseInLocation(monthForm+" 02 15", month+" 01 12", shop.Location())
	if err != nil {
		return fmt.Errorf("recount: %w", err)
	}
	_, err = a.historyDocs(shop.ID).Put(ctx, customer, func(h *history, _ bool) error {
		if h.Zone != shop.TimeZone {
			return a.recountWhole(ctx, shop, customer, h)
		}
		months, err := a.countOrders(ctx, shop, customer, dawn(first), dawn(first.AddDate(0, 1, 0)))
		if err != nil {
			return err
		}
		if h.Months[month] == months[month] {
			return storage.ErrUnchanged
		}
		if h.Months == nil {
			h.Months = map[string]int64{}
		}
		if delete(h.Months, month); months[month] > 0 {
			h.Months[month] = months[month]
		}
		return nil
	})
	return err
}

// recountWhole counts all of a customer's orders in the shop's present time zone.
func (a *App) recountWhole(ctx context.Context, shop Shop, customer string, h *history) (err error) {
	h.Zone = shop.TimeZone
	h.Months, err = a.countOrders(ctx, shop, customer, nil, nil)
	return err
}

// rezone recounts a batch of histories that were counted in another time zone than the shop's, and returns how many,
// once the zone has changed.
func (w Worker) rezone(ctx context.Context, shop Shop) (done int, err error) {
	if shop.RezoneAt.IsZero() || w.app.now().Before(shop.RezoneAt) {
		return 0, nil
	}
	docs := w.app.historyDocs(shop.ID)
	for _, query := range []storage.Query{{To: shop.TimeZone}, {From: shop.TimeZone + "\x00"}} {
		query.Index, query.Limit = historiesByZone, todoBatch
		page, err := storage.Find[struct{}](ctx, docs, query)
		if err != nil {
			return done, err
		}
		for _, hit := range page.Hits {
			if _, err := docs.Change(ctx, hit.Key, func(h *history) error {
				return w.app.recountWhole(ctx, shop, hit.Key, h)
			}); err != nil {
				return done, err
			}
			done++
		}
	}
	if done > 0 {
		return done, nil
	}
	_, err = w.app.shopDocs().Change(ctx, shop.ID, func(stored *Shop) error {
		if !stored.RezoneAt.Equal(shop.RezoneAt) {
			return storage.ErrUnchanged // changed once more
		}
		stored.RezoneAt = time.Time{}
		return nil
	})
	w.app.forgetShops()
	return 0, err
}

// countOrders counts a customer's orders placed from one moment to before another, by month.
func (a *App) countOrders(ctx context.Context, shop Shop, customer string, from, to any) (map[string]int64, error) {
	months := map[string]int64{}
	query := storage.Query{Index: ordersByPlaced, Equal: []any{customer}, From: from, To: to, Limit: storage.MaxLimit}
	for {
		page, err := storage.Find[struct {
			Row struct {
				PlacedAt time.Time `bson:"placed_at"`
			}
		}](ctx, a.orderDocs(shop.ID), query)
		if err != nil {
			return nil, err
		}
		for _, hit := range page.Hits {
			months[hit.Head.Row.PlacedAt.In(shop.Location()).Format(monthForm)]++
		}
		if page.Next == "" {
			return months, nil
		}
		query.Cursor = page.Next
	}
}
