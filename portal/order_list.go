package portal

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"postern/storage"
)

// OrderQuery is a query for the order list, as given in the URL. The status combines with the period; a
// search covers all time and ignores both.
type OrderQuery struct {
	Period string // "" for all, "30d", "3m", "6m", a year such as "2025", or "custom"
	From   string // of a custom period: yyyy-mm-dd, inclusive, "" for open
	To     string
	Status string // "" or one of Views
	Search string // the beginning of an order number or of a part of it
	Cursor string
}

// OrderPage is one page of the list, newest first.
type OrderPage struct {
	Rows     []OrderRow
	Next     string // cursors of the neighbouring pages, "" for none
	Previous string
	Total    int64 // all orders of the customer, whatever the query
	Years    []int // years with orders, newest first
	Nearest  int   // if nothing was found: the nearest year with orders, 0 for none
}

const ordersPerPage = 20

// MaxFound is the maximum number of search results; a search that returns this many may have more.
const MaxFound = 50

const (
	dateForm     = "2006-01-02"
	periodCustom = "custom"
)

// Orders lists the customer's orders. Invalid faults are at "period", "from", "to", "status" and "cursor".
func (s Shopper) Orders(ctx context.Context, q OrderQuery) (OrderPage, error) {
	kept, err := s.app.history(ctx, s.shop.ID, s.customer.ID)
	if err != nil {
		return OrderPage{}, err
	}
	page := OrderPage{Total: kept.total(), Years: kept.years()}
	query, err := s.orderQuery(q)
	if err != nil {
		return page, err
	}
	found, err := storage.Find[struct{ Row OrderRow }](ctx, s.app.orderDocs(s.shop.ID), query)
	if errors.Is(err, storage.ErrCursor) {
		return page, invalid([]Fault{{Field: "cursor", Key: "cursor.bad"}})
	}
	if err != nil {
		return page, err
	}
	page.Next, page.Previous = found.Next, found.Previous
	page.Rows = make([]OrderRow, 0, len(found.Hits))
	own := s.shop.ownPictures()
	for _, hit := range found.Hits {
		row := hit.Head.Row
		row.Pictures = slices.DeleteFunc(row.Pictures, func(url string) bool { return !own(url) })
		page.Rows = append(page.Rows, row)
	}
	if len(page.Rows) == 0 && q.Search == "" {
		from, _ := query.From.(time.Time)
		to, _ := query.To.(time.Time)
		page.Nearest = kept.nearest(from, to)
	}
	if q.Search != "" {
		slices.SortStableFunc(page.Rows, func(a, b OrderRow) int { return b.PlacedAt.Compare(a.PlacedAt) })
	}
	return page, nil
}

// CheckOrderQuery returns the error that Orders would return for a faulty query, or nil.
func (s Shopper) CheckOrderQuery(q OrderQuery) error {
	_, err := s.orderQuery(q)
	return err
}

func (s Shopper) orderQuery(q OrderQuery) (storage.Query, error) {
	if q.Search != "" {
		term := searchTerm(bareNumber(q.Search))
		if term == "" {
			term = "\x00" // matches no term, so that nothing is found
		}
		return storage.Query{Index: ordersBySearch, Equal: []any{s.customer.ID}, Prefix: &term, Limit: MaxFound}, nil
	}
	query := storage.Query{
		Index: ordersByPlaced, Equal: []any{s.customer.ID}, Descending: true, Limit: ordersPerPage, Cursor: q.Cursor,
	}
	f := &form{}
	if q.Status != "" {
		if !slices.Contains(Views(), q.Status) {
			f.fault("status", "status.unknown")
		}
		query.Index, query.Equal = ordersByView, append(query.Equal, q.Status)
	}
	first, last := q.span(f, midday(s.app.now(), s.shop.Location()))
	if !first.IsZero() {
		query.From = dawn(first)
	}
	if !last.IsZero() {
		query.To = dawn(last.AddDate(0, 0, 1))
	}
	return query, invalid(f.faults)
}

// span returns the first and last day of the period, each as noon in the time zone of today. Zero means
// open.
func (q OrderQuery) span(f *form, today time.Time) (first, last time.Time) {
	switch q.Period {
	case "":
		return first, last
	case "30d":
		return today.AddDate(0, 0, -30), today
	case "3m":
		return monthsBefore(today, 3), today
	case "6m":
		return monthsBefore(today, 6), today
	case periodCustom:
		return q.customSpan(f, today.Location())
	}
	year, err := strconv.Atoi(q.Period)
	if err != nil || len(q.Period) != 4 || year < firstYear || year > lastYear {
		f.fault("period", "period.unknown")
		return first, last
	}
	first = time.Date(year, time.January, 1, 12, 0, 0, 0, today.Location())
	return first, first.AddDate(1, 0, -1)
}

func (q OrderQuery) customSpan(f *form, zone *time.Location) (first, last time.Time) {
	first, last = f.day("from", q.From, zone), f.day("to", q.To, zone)
	if !first.IsZero() && !last.IsZero() && first.After(last) {
		f.fault("from", "period.order")
	}
	return first, last
}

// day reads a date in the format of a date field and returns its noon. Dates that do not exist, such as 31
// February, are faults.
func (f *form) day(field, value string, zone *time.Location) time.Time {
	if value == "" {
		return time.Time{}
	}
	day, err := time.Parse(dateForm, value)
	if err != nil || day.Year() < firstYear || day.Year() > lastYear {
		f.fault(field, "period.date")
		return time.Time{}
	}
	return time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, zone)
}
