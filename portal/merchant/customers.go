package merchant

import (
	"context"
	"errors"
	"slices"
	"strings"

	"postern/portal/customer"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// CustomerPage is a page of the list of customers.
type CustomerPage struct {
	Rows     []customer.Row
	Next     string // cursors of the neighbouring pages, "" for none
	Previous string
	Partial  bool     // the search stopped early: there may be more, which Next finds
	Loosen   []string // if nothing was found: the filters without one of which something would be
}

// maxSearched is how many customers found by words are read at once to test the filters on them.
const maxSearched = 20 * customer.PerPage

// Customers returns a page of the list. Field errors are at "sort", "cursor" and the names of the filters.
func (s Staff) Customers(ctx context.Context, q customer.Query) (CustomerPage, error) {
	if !s.May(staff.PermissionCustomers) {
		return CustomerPage{}, denied()
	}
	f := &validate.Validator{}
	find, where := q.Find(f, s.place()), q.Conditions(&validate.Validator{}, s.place())
	if len(f.Rejected) > 0 {
		return CustomerPage{}, validate.InvalidFields(f.Rejected)
	}
	if strings.TrimSpace(q.Search) != "" {
		return s.searchCustomers(ctx, q, where)
	}
	page, err := s.listCustomers(ctx, find)
	if err == nil && len(page.Rows) == 0 && q.Cursor == "" && !page.Partial {
		page.Loosen, err = s.loosen(ctx, q)
	}
	return page, err
}

func (s Staff) place() customer.Place {
	return customer.Place{Zone: s.shop.Location(), Currency: s.shop.Currency}
}

func (s Staff) customers() storage.Docs[customer.Customer] {
	return customer.Docs(s.app.Engine(), s.shop.ID)
}

func (s Staff) listCustomers(ctx context.Context, q storage.Query) (CustomerPage, error) {
	found, err := storage.Find[customer.Row](ctx, s.customers(), q)
	if errors.Is(err, storage.ErrCursor) {
		return CustomerPage{}, wrongField("cursor", "cursor.bad")
	}
	return CustomerPage{Rows: rowsOf(found.Hits), Next: found.Next, Previous: found.Previous,
		Partial: found.Partial}, err
}

func rowsOf(hits []storage.Hit[customer.Row]) []customer.Row {
	rows := make([]customer.Row, len(hits))
	for i, hit := range hits {
		rows[i] = hit.Head
		rows[i].ID = hit.Key
	}
	return rows
}

// loosen returns the filters without one of which the list would not be empty.
func (s Staff) loosen(ctx context.Context, q customer.Query) ([]string, error) {
	var names []string
	for _, name := range customer.Filters() {
		if q.Filters[name] == "" {
			continue
		}
		without := q
		without.Filters = map[string]string{}
		for other, value := range q.Filters {
			if other != name {
				without.Filters[other] = value
			}
		}
		page, err := s.listCustomers(ctx, without.Find(&validate.Validator{}, s.place()))
		if err != nil {
			return nil, err
		}
		if len(page.Rows) > 0 {
			names = append(names, name)
		}
	}
	return names, nil
}

// searchCustomers finds customers by exactly one of their emails, ids or order numbers, who come first, and
// by words. Terms are written with the customer, so what was written a moment ago is found.
func (s Staff) searchCustomers(ctx context.Context, q customer.Query,
	where []storage.Condition) (CustomerPage, error) {
	var page CustomerPage
	if q.Cursor == "" {
		exact, err := s.exactly(ctx, q.Search)
		if err != nil {
			return page, err
		}
		if page.Rows, err = s.readRows(ctx, exact, where); err != nil {
			return page, err
		}
	}
	search := customer.ParseSearch(q.Search)
	if search.IsEmpty() {
		return page, nil
	}
	cursor := q.Cursor
	for looked := 0; len(page.Rows) < customer.PerPage && looked < maxSearched; looked += customer.PerPage {
		found, err := storage.Find[struct{}](ctx, s.customers(), search.Find(cursor,
			customer.PerPage-len(page.Rows)))
		if errors.Is(err, storage.ErrCursor) {
			err = wrongField("cursor", "cursor.bad")
		}
		if err == nil {
			err = s.addRows(ctx, &page, found.Hits, where)
		}
		if err != nil {
			return page, err
		}
		page.Partial = found.Partial
		if cursor = found.Next; cursor == "" || found.Partial {
			break
		}
	}
	page.Next = cursor
	page.Partial = page.Partial || cursor != "" && len(page.Rows) < customer.PerPage
	if page.Partial && q.Cursor == "" {
		return page, s.addWhole(ctx, &page, search, where)
	}
	return page, nil
}

// addWhole adds those who have both names, where a frequent name alone was searched only in part.
func (s Staff) addWhole(ctx context.Context, page *CustomerPage, search customer.Search,
	where []storage.Condition) error {
	for _, query := range search.Whole(customer.PerPage) {
		found, err := storage.Find[struct{}](ctx, s.customers(), query)
		if err == nil {
			err = s.addRows(ctx, page, found.Hits, where)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addRows adds the customers found that are not on the page yet.
func (s Staff) addRows(ctx context.Context, page *CustomerPage, hits []storage.Hit[struct{}],
	where []storage.Condition) error {
	var ids []string
	for _, hit := range hits {
		if !slices.ContainsFunc(page.Rows, func(r customer.Row) bool { return r.ID == hit.Key }) {
			ids = append(ids, hit.Key)
		}
	}
	rows, err := s.readRows(ctx, ids, where)
	page.Rows = append(page.Rows, rows...)
	return err
}

// readRows reads the rows of customers who are in the lists and meet the conditions.
func (s Staff) readRows(ctx context.Context, ids []string, where []storage.Condition) ([]customer.Row,
	error) {
	where = append(slices.Clone(where), storage.Exists("list", true))
	hits, err := storage.ReadAll[customer.Row](ctx, s.customers(), ids, where...)
	return rowsOf(hits), err
}

// exactly returns the ids of the customers whom a text names exactly.
func (s Staff) exactly(ctx context.Context, text string) (ids []string, err error) {
	return s.app.FindExactly(ctx, s.shop.ID, text)
}
