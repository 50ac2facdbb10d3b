package merchant

import (
	"context"
	"errors"
	"slices"
	"strings"

	"postern/portal/order"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// OrderQuery asks for a page of the shop's orders, as given in the URL; "" selects all.
type OrderQuery struct {
	Search   string // an order number, or a customer's email or id; ignores the rest
	Status   string // one of order.Views
	From, To string // days on which they were placed, both inclusive
	Cursor   string
}

// OrderPage is a page of the shop's orders, newest first.
type OrderPage struct {
	Rows     []OrderRow
	Next     string // cursors of the neighbouring pages, "" for none
	Previous string
	Partial  bool // the list may go on where it stopped
}

// OrderRow is a row of the list of orders with its customer, "" for none.
type OrderRow struct {
	order.Row `bson:",inline"`
	Customer  string `bson:"customer"`
	Email     string `bson:"email"`
	Name      string `bson:"-"` // of the customer
}

// ordersOfShop is the number of orders on a page.
const ordersOfShop = 25

// Orders returns a page of the shop's orders. Field errors are at "status", "from", "to" and "cursor".
func (s Staff) Orders(ctx context.Context, q OrderQuery) (OrderPage, error) {
	if !s.May(staff.PermissionCustomers) {
		return OrderPage{}, denied()
	}
	if text := strings.TrimSpace(q.Search); text != "" {
		return s.searchOrders(ctx, text, q.Cursor)
	}
	find, err := s.ordersQuery(q)
	if err != nil {
		return OrderPage{}, err
	}
	return s.ordersBy(ctx, find)
}

func (s Staff) ordersQuery(q OrderQuery) (storage.Query, error) {
	f := &validate.Validator{}
	find := storage.Query{Index: order.ByDate, Descending: true, Limit: ordersOfShop, Cursor: q.Cursor}
	if q.Status != "" && !slices.Contains(order.Views(), q.Status) {
		f.Reject("status", "filter.unknown")
	} else if q.Status != "" {
		find.Where = []storage.Condition{storage.Has("views", q.Status)}
	}
	first, last := f.Day("from", q.From, s.shop.Location()), f.Day("to", q.To, s.shop.Location())
	if !first.IsZero() && !last.IsZero() && first.After(last) {
		f.Reject("from", "period.order")
	}
	if !first.IsZero() {
		find.From = validate.Dawn(first)
	}
	if !last.IsZero() {
		find.To = validate.Dawn(last.AddDate(0, 0, 1))
	}
	return find, validate.InvalidFields(f.Rejected)
}

// ordersBy returns the rows of the orders that a query finds.
func (s Staff) ordersBy(ctx context.Context, q storage.Query) (OrderPage, error) {
	docs := order.Docs(s.app.Engine(), s.shop.ID)
	found, err := storage.Find[struct{}](ctx, docs, q)
	if errors.Is(err, storage.ErrCursor) {
		err = wrongField("cursor", "cursor.bad")
	}
	if err != nil {
		return OrderPage{}, err
	}
	keys := make([]string, len(found.Hits))
	for i, hit := range found.Hits {
		keys[i] = hit.Key
	}
	p := OrderPage{Next: found.Next, Previous: found.Previous, Partial: found.Partial}
	p.Rows, err = s.orderRows(ctx, keys)
	return p, err
}

func (s Staff) orderRows(ctx context.Context, numbers []string) ([]OrderRow, error) {
	read, err := storage.ReadAll[OrderRow](ctx, order.Docs(s.app.Engine(), s.shop.ID), numbers)
	if err != nil {
		return nil, err
	}
	var rows []OrderRow
	var ids []string
	for _, hit := range read {
		row := hit.Head
		row.Number = hit.Key
		rows = append(rows, row)
		if row.Customer != "" && !slices.Contains(ids, row.Customer) {
			ids = append(ids, row.Customer)
		}
	}
	customers, err := s.readRows(ctx, ids, nil)
	for _, c := range customers {
		for i := range rows {
			if rows[i].Customer == c.ID {
				rows[i].Name, rows[i].Email = c.Name(), c.Email
			}
		}
	}
	return rows, err
}

// searchOrders finds the order with a number, or else the orders of the customer whom the text names.
func (s Staff) searchOrders(ctx context.Context, text, cursor string) (OrderPage, error) {
	rows, err := s.orderRows(ctx, slices.Compact([]string{text, order.BareNumber(text)}))
	if err != nil || len(rows) > 0 {
		return OrderPage{Rows: rows}, err
	}
	ids, err := s.exactly(ctx, text)
	if err != nil {
		return OrderPage{}, err
	}
	for _, id := range ids {
		p, err := s.ordersBy(ctx, storage.Query{Index: order.ByPlaced, Equal: []any{id}, Descending: true,
			Limit: ordersOfShop, Cursor: cursor})
		if err != nil || len(p.Rows) > 0 {
			return p, err
		}
	}
	return OrderPage{}, nil
}
