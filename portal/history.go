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

// history is a customer's kept totals: how many orders each month has, "2026-03" in the shop's time zone. It is recounted
// from the orders, month by month, never adjusted.
type history struct {
	Months map[string]int64 `bson:"months,omitempty"`
}

const monthForm = "2006-01"

func historyCollection() storage.Collection { return storage.Collection{Name: "histories"} }

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

// nearest is the year with orders that is closest to the range, 0 when there is none.
func (h history) nearest(from, to time.Time) int {
	best, distance := 0, -1
	for _, year := range h.years() {
		away := 0
		switch {
		case !from.IsZero() && year < from.Year():
			away = from.Year() - year
		case !to.IsZero() && year > to.Year():
			away = year - to.Year()
		}
		if distance < 0 || away < distance {
			best, distance = year, away
		}
	}
	return best
}

// jobCount names the job "recount the orders of this customer in this month": "count <customer> <month>".
const jobCount = "count"

func countJob(customer string, placed time.Time, zone *time.Location) string {
	return strings.Join([]string{jobCount, customer, placed.In(zone).Format(monthForm)}, " ")
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
	start, err := time.ParseInLocation(monthForm, month, shop.Location())
	if err != nil {
		return fmt.Errorf("recount: %w", err)
	}
	_, err = a.historyDocs(shop.ID).Put(ctx, customer, func(h *history, _ bool) error {
		n, err := a.countOrders(ctx, shop.ID, customer, start, start.AddDate(0, 1, 0))
		if err != nil {
			return err
		}
		if h.Months[month] == n {
			return storage.ErrUnchanged
		}
		if h.Months == nil {
			h.Months = map[string]int64{}
		}
		if n == 0 {
			delete(h.Months, month)
		} else {
			h.Months[month] = n
		}
		return nil
	})
	return err
}

func (a *App) countOrders(ctx context.Context, shop, customer string, from, to time.Time) (n int64, err error) {
	query := storage.Query{
		Index: ordersByPlaced, Equal: []any{customer}, From: from, To: to, Limit: storage.MaxLimit,
	}
	for {
		page, err := storage.Find[struct{}](ctx, a.orderDocs(shop), query)
		if err != nil {
			return 0, err
		}
		n += int64(len(page.Hits))
		if page.Next == "" {
			return n, nil
		}
		query.Cursor = page.Next
	}
}
