package order

import (
	"strconv"
	"strings"
	"time"

	"postern/portal/validate"
)

// Query is a query for the order list, as given in the URL. The status combines with the period; a
// search covers all time and ignores both.
type Query struct {
	Period string // "" for all, "30d", "3m", "6m", or a year such as "2025"; ignored with From or To
	From   string // of a custom period: yyyy-mm-dd, inclusive, "" for open
	To     string
	Status string // "" or one of Views
	Search string // beginnings of words of the order's number and of its items' names and SKUs
	Cursor string
}

// Page is one page of the list, newest first.
type Page struct {
	Rows     []Row
	Next     string // cursors of the neighbouring pages, "" for none
	Previous string
	Total    int64 // all orders of the customer, whatever the query
	Listed   int64 // the orders of the whole list, 0 if not known
	Beyond   bool  // the list has more orders than Listed
	Years    []int // years with orders, newest first
	Nearest  int   // if nothing was found: the nearest year with orders, 0 for none
	More     bool  // a search may find more orders than these
}

// periodCustom is the period between two dates in links made before From and To were enough.
const periodCustom = "custom"

// PerPage is the number of orders on a page of the list.
const PerPage = 20

// The limits of a search: how many orders it shows, and how many it looks at. A search that reaches them says
// so.
const (
	MaxFound  = 50
	MaxLooked = 200
)

// MaxCounted is how many orders of a filtered list are counted. A longer one says that it has more.
const MaxCounted = 200

// IsCustom reports whether the period is between two dates.
func (q Query) IsCustom() bool { return q.From != "" || q.To != "" || q.Period == periodCustom }

// HasPeriod reports whether the list is limited to a period.
func (q Query) HasPeriod() bool { return q.IsCustom() || q.Period != "" }

// year returns the year of the period, 0 if it is not a year.
func (q Query) year() int {
	year, err := strconv.Atoi(q.Period)
	if err != nil || len(q.Period) != 4 || year < validate.FirstYear || year > validate.LastYear {
		return 0
	}
	return year
}

// Count returns the number of orders in the list as far as the counts know it: for all orders and for those
// of a year. Otherwise it returns 0.
func (q Query) Count(n Numbers) int64 {
	switch {
	case q.Status != "" || q.Search != "" || q.IsCustom():
		return 0
	case q.Period == "":
		return n.Total()
	case q.year() == 0:
		return 0
	}
	var sum int64
	for month, m := range n.Months {
		if strings.HasPrefix(month, q.Period+"-") {
			sum += m.Orders
		}
	}
	return sum
}

// Span returns the first and last day of the period, each as noon in the time zone of today. Zero means
// open.
func (q Query) Span(f *validate.Validator, today time.Time) (first, last time.Time) {
	if q.IsCustom() {
		return q.customSpan(f, today.Location())
	}
	switch q.Period {
	case "":
		return first, last
	case "30d":
		return today.AddDate(0, 0, -30), today
	case "3m":
		return validate.MonthsBefore(today, 3), today
	case "6m":
		return validate.MonthsBefore(today, 6), today
	}
	year := q.year()
	if year == 0 {
		f.Reject("period", "period.unknown")
		return first, last
	}
	first = time.Date(year, time.January, 1, 12, 0, 0, 0, today.Location())
	return first, first.AddDate(1, 0, -1)
}

func (q Query) customSpan(f *validate.Validator, zone *time.Location) (first, last time.Time) {
	first, last = f.Day("from", q.From, zone), f.Day("to", q.To, zone)
	if !first.IsZero() && !last.IsZero() && first.After(last) {
		f.Reject("to", "period.order.to")
	}
	return first, last
}
