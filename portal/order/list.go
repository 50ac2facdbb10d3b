package order

import (
	"strconv"
	"time"

	"postern/portal/validate"
)

// Query is a query for the order list, as given in the URL. The status combines with the period; a
// search covers all time and ignores both.
type Query struct {
	Period string // "" for all, "30d", "3m", "6m", a year such as "2025", or "custom"
	From   string // of a custom period: yyyy-mm-dd, inclusive, "" for open
	To     string
	Status string // "" or one of Views
	Search string // the beginning of an order number or of a part of it
	Cursor string
}

// Page is one page of the list, newest first.
type Page struct {
	Rows     []Row
	Next     string // cursors of the neighbouring pages, "" for none
	Previous string
	Total    int64 // all orders of the customer, whatever the query
	Years    []int // years with orders, newest first
	Nearest  int   // if nothing was found: the nearest year with orders, 0 for none
}

// periodCustom is the period between two dates.
const periodCustom = "custom"

// PerPage is the number of orders on a page of the list.
const PerPage = 20

// MaxFound is the maximum number of search results; a search that returns this many may have more.
const MaxFound = 50

// Span returns the first and last day of the period, each as noon in the time zone of today. Zero means
// open.
func (q Query) Span(f *validate.Validator, today time.Time) (first, last time.Time) {
	switch q.Period {
	case "":
		return first, last
	case "30d":
		return today.AddDate(0, 0, -30), today
	case "3m":
		return validate.MonthsBefore(today, 3), today
	case "6m":
		return validate.MonthsBefore(today, 6), today
	case periodCustom:
		return q.customSpan(f, today.Location())
	}
	year, err := strconv.Atoi(q.Period)
	if err != nil || len(q.Period) != 4 || year < validate.FirstYear || year > validate.LastYear {
		f.Reject("period", "period.unknown")
		return first, last
	}
	first = time.Date(year, time.January, 1, 12, 0, 0, 0, today.Location())
	return first, first.AddDate(1, 0, -1)
}

func (q Query) customSpan(f *validate.Validator, zone *time.Location) (first, last time.Time) {
	first, last = f.Day("from", q.From, zone), f.Day("to", q.To, zone)
	if !first.IsZero() && !last.IsZero() && first.After(last) {
		f.Reject("from", "period.order")
	}
	return first, last
}
