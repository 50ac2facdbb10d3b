package order

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// Counts holds what a customer's orders add up to by month, such as "2026-03". Months are recounted from the
// orders, never adjusted. Basis says how they were counted: if it is not the shop's CountsBasis, such as
// after a change of its time zone, the worker recounts them all.
type Counts struct {
	Basis  string           `bson:"zone"`
	Months map[string]Month `bson:"by_month,omitempty"`
	// Earlier is what versions before there were sums counted, until the worker has recounted it.
	Earlier map[string]int64 `bson:"months,omitempty"`
}

// Month is what the orders placed in a month add up to.
type Month struct {
	Orders    int64            `bson:"n"`
	Cancelled int64            `bson:"c,omitempty"`
	Returned  int64            `bson:"r,omitempty"` // wholly or in part
	Spent     map[string]int64 `bson:"s,omitempty"` // minor units by currency: see Counted.Spent
	Paid      map[string]int64 `bson:"p,omitempty"` // orders that were not cancelled, by PaymentKinds
	First     time.Time        `bson:"f"`
	Last      time.Time        `bson:"l"`
}

// Counted is what the counts need of an order. All of it is in the head of ByPlaced.
type Counted struct {
	PlacedAt time.Time `bson:"placed_at"`
	Currency string    `bson:"currency"`
	Status   Status    `bson:"status"`
	Total    int64     `bson:"total"`
	Refunded int64     `bson:"refunded"`
}

// Spent returns what the customer spent on the order: its total without refunds, nothing if it was cancelled.
func (o Counted) Spent() int64 {
	if o.Status.Cancelled() {
		return 0
	}
	return max(0, o.Total-o.Refunded)
}

func (o Counted) isReturned() bool {
	return o.Status.Fulfillment == Returned || o.Status.Fulfillment == PartiallyReturned
}

// countsLike reports whether both orders change the counts in the same way.
func (o Counted) countsLike(other Counted) bool {
	return o.PlacedAt.Equal(other.PlacedAt) && o.Currency == other.Currency && o.Spent() == other.Spent() &&
		o.Status.Cancelled() == other.Status.Cancelled() && o.isReturned() == other.isReturned() &&
		o.Status.PaymentKind == other.Status.PaymentKind
}

func (o Order) counted() Counted {
	c := Counted{PlacedAt: o.PlacedAt, Currency: o.Currency, Status: o.Status, Total: o.Total}
	if o.Refunded != nil {
		c.Refunded = *o.Refunded
	}
	return c
}

// Add adds an order to the month.
func (m *Month) Add(o Counted) {
	m.Orders++
	if o.Status.Cancelled() {
		m.Cancelled++
	}
	if o.isReturned() {
		m.Returned++
	}
	if spent := o.Spent(); spent > 0 {
		m.spend(o.Currency, spent)
	}
	if o.Status.PaymentKind != "" && !o.Status.Cancelled() {
		m.pay(o.Status.PaymentKind, 1)
	}
	m.span(o.PlacedAt, o.PlacedAt)
}

func (m *Month) spend(currency string, minor int64) {
	if m.Spent == nil {
		m.Spent = map[string]int64{}
	}
	m.Spent[currency] += minor
}

func (m *Month) pay(kind string, orders int64) {
	if m.Paid == nil {
		m.Paid = map[string]int64{}
	}
	m.Paid[kind] += orders
}

// span extends the time between the first and the last order.
func (m *Month) span(first, last time.Time) {
	if m.First.IsZero() || first.Before(m.First) {
		m.First = first
	}
	if last.After(m.Last) {
		m.Last = last
	}
}

// Equal reports whether both months add up to the same.
func (m Month) Equal(other Month) bool {
	return m.Orders == other.Orders && m.Cancelled == other.Cancelled && m.Returned == other.Returned &&
		maps.Equal(m.Spent, other.Spent) && maps.Equal(m.Paid, other.Paid) &&
		m.First.Equal(other.First) && m.Last.Equal(other.Last)
}

// Sum returns what all orders add up to.
func (h Counts) Sum() Month {
	var sum Month
	for _, m := range h.Months {
		sum.Orders, sum.Cancelled, sum.Returned = sum.Orders+m.Orders, sum.Cancelled+m.Cancelled, sum.Returned+m.Returned
		for currency, minor := range m.Spent {
			sum.spend(currency, minor)
		}
		for kind, orders := range m.Paid {
			sum.pay(kind, orders)
		}
		sum.span(m.First, m.Last)
	}
	return sum
}

// CountsBasis returns how a shop's orders are counted: by the version of Month, in the shop's time zone.
func CountsBasis(zone string) string { return "3 " + zone }

// Adopt makes counts of earlier versions usable until they are recounted.
func (h *Counts) Adopt() {
	if len(h.Months) > 0 || len(h.Earlier) == 0 {
		return
	}
	h.Months = map[string]Month{}
	for month, n := range h.Earlier {
		h.Months[month] = Month{Orders: n}
	}
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

// Numbers are the parts of Counts that the list of orders needs: reading them takes half as long.
type Numbers struct {
	Months  map[string]MonthNumber `bson:"by_month"`
	Earlier map[string]int64       `bson:"months"` // see Counts
}

// MonthNumber is the number of orders in a month.
type MonthNumber struct {
	Orders int64 `bson:"n"`
}

// NumbersDocs opens the order counts of a shop, of which only the numbers are read.
func NumbersDocs(engine storage.Engine, shop string) storage.Docs[Numbers] {
	return storage.Open[Numbers](engine, shop, CountsCollection())
}

// Adopt makes numbers of earlier versions usable until they are recounted.
func (n *Numbers) Adopt() {
	if len(n.Months) > 0 || len(n.Earlier) == 0 {
		return
	}
	n.Months = map[string]MonthNumber{}
	for month, orders := range n.Earlier {
		n.Months[month] = MonthNumber{Orders: orders}
	}
}

// Total returns the number of all orders.
func (n Numbers) Total() int64 {
	var sum int64
	for _, m := range n.Months {
		sum += m.Orders
	}
	return sum
}

// Years lists the years that have orders, newest first.
func (n Numbers) Years() []int {
	seen := map[int]bool{}
	for month := range n.Months {
		if year, err := strconv.Atoi(month[:4]); err == nil {
			seen[year] = true
		}
	}
	years := slices.Sorted(maps.Keys(seen))
	slices.Reverse(years)
	return years
}

// Nearest returns the year with orders closest to the range, which ends before to; 0 if there is none.
func (n Numbers) Nearest(from, to time.Time) int {
	last := to.Add(-time.Millisecond).Year() // the store's times are of milliseconds
	best, distance := 0, -1
	for _, year := range n.Years() {
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

// CountRequest asks for a recount of months, whichever customers they belong to. Orders that arrive at the
// same time share one, and orders that arrive soon after it need no other for the same month: an import of a
// million orders leaves a request for each few hundred of them. It is deleted when everything is counted.
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
