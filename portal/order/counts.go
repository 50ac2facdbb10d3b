package order

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// Counts holds a customer's order counts by month, such as "2026-03", in the time zone Zone. Months are
// recounted from the orders, never adjusted; if the shop's zone changes, the worker recounts them all.
type Counts struct {
	Zone   string           `bson:"zone"`
	Months map[string]int64 `bson:"months,omitempty"`
}

const MonthForm = "2006-01"

const CountsByZone = "zone"

// CountsCollection declares the collection of order counts and its indexes.
func CountsCollection() storage.Collection {
	zone := storage.Index{Name: CountsByZone, Fields: []storage.Field{{Path: "zone", Kind: storage.String}}}
	return storage.Collection{Name: "order_counts", Indexes: []storage.Index{zone}}
}

// CountsDocs opens the order counts of a shop.
func CountsDocs(engine storage.Engine, shop string) storage.Docs[Counts] {
	return storage.Open[Counts](engine, shop, CountsCollection())
}

func (h Counts) Total() int64 {
	var sum int64
	for _, n := range h.Months {
		sum += n
	}
	return sum
}

// Years lists the years that have orders, newest first.
func (h Counts) Years() []int {
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

// Nearest returns the year with orders closest to the range, which ends before to; 0 if there is none.
func (h Counts) Nearest(from, to time.Time) int {
	last := to.Add(-time.Millisecond).Year() // the store's times are of milliseconds
	best, distance := 0, -1
	for _, year := range h.Years() {
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

// CountRequest asks for a recount of months, whichever customers they belong to. Orders that arrive at the same
// time share one, and orders that arrive soon after it need no other for the same month: an import of a million
// orders leaves a request for each few hundred of them. It is deleted when everything is counted.
//
// It is stored before an order is written, and due after a delay: the write has ended by then, so the count
// sees it. A crash in between costs one needless count. A write that took longer than expected requests
// another count afterwards.
type CountRequest struct {
	Months []CustomerMonth `bson:"months"`
	Work   job.List        `bson:"work,omitempty"`
}

const (
	KindCount   = "count_orders"
	KindRecount = "recount_in_time_zone"
	// StandardCountDelay is how long after an order its month is counted. Orders that arrive within it are
	// counted together.
	StandardCountDelay = 3 * time.Second
	// MaxRequested is the maximum number of months in one request.
	MaxRequested = 500
)

// CountRequestsCollection declares the collection of requests for counts.
func CountRequestsCollection() storage.Collection {
	return storage.Collection{Name: "count_requests", Indexes: job.Indexes()}
}

// CountRequestDocs opens the requests for counts of a shop.
func CountRequestDocs(engine storage.Engine, shop string) storage.Docs[CountRequest] {
	return storage.Open[CountRequest](engine, shop, CountRequestsCollection())
}

// RequestCount returns a request for a recount at a time.
func RequestCount(months []CustomerMonth, at time.Time) CountRequest {
	r := CountRequest{Months: months}
	r.Work.Add(job.Request{Kind: KindCount, At: at})
	return r
}

// CustomerMonth is a month of one customer, "2026-03" in the shop's time zone.
type CustomerMonth struct {
	Customer string `bson:"customer"`
	Month    string `bson:"month"`
}

func MonthOf(customer string, placed time.Time, zone *time.Location) CustomerMonth {
	return CustomerMonth{customer, placed.In(zone).Format(MonthForm)}
}
