package portal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// history holds a customer's order counts by month, such as "2026-03", in the time zone Zone. Months are
// recounted from the orders, never adjusted; if the shop's zone changes, the worker recounts them all.
type history struct {
	Zone   string           `bson:"zone"`
	Months map[string]int64 `bson:"months,omitempty"`
	Work   job.List         `bson:"work,omitempty"`
}

const monthForm = "2006-01"

const historiesByZone = "zone"

func historyCollection() storage.Collection {
	zone := storage.Index{Name: historiesByZone, Fields: []storage.Field{{Path: "zone", Kind: storage.String}}}
	return storage.Collection{Name: "histories", Indexes: append(job.Indexes(), zone)}
}

func (a *App) historyDocs(shop string) storage.Docs[history] {
	return storage.Open[history](a.engine, shop, historyCollection())
}

// history returns a customer's counts, which are empty for a customer without orders.
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

// nearest returns the year with orders closest to the range, which ends before to; 0 if there is none.
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

// recountWhole counts all of a customer's orders in the shop's current time zone.
func (a *App) recountWhole(ctx context.Context, shop Shop, customer string, h *history) (err error) {
	h.Zone = shop.TimeZone
	h.Months, err = a.countOrders(ctx, shop, customer, nil, nil)
	return err
}

// countOrders counts a customer's orders placed in [from, to), by month.
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
