package portal

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"postern/portal/order"
	"postern/portal/validate"
	"postern/storage"
)

// Orders lists the customer's orders, or those that a search finds. Field errors are at "period", "from",
// "to", "status" and "cursor".
func (s Shopper) Orders(ctx context.Context, q order.Query) (order.Page, error) {
	kept, err := s.app.orderNumbers(ctx, s.shop.ID, s.customer.ID)
	if err != nil {
		return order.Page{}, err
	}
	page := order.Page{Total: kept.Total(), Years: kept.Years(), Listed: q.Count(kept)}
	if q.Search != "" {
		page.Rows, page.More, err = s.searchOrders(ctx, q.Search)
		page.More = page.More || len(page.Rows) > order.MaxFound
		page.Rows = page.Rows[:min(len(page.Rows), order.MaxFound)]
		s.withOwnPictures(page.Rows)
		return page, err
	}
	query, err := s.orderQuery(q)
	if err != nil {
		return page, err
	}
	if err := s.listOrders(ctx, query, &page); err != nil {
		return page, err
	}
	if page.Listed == 0 && (page.Next != "" || page.Previous != "") {
		if err := s.countList(ctx, query, &page); err != nil {
			return page, err
		}
	}
	s.withOwnPictures(page.Rows)
	if len(page.Rows) == 0 {
		from, _ := query.From.(time.Time)
		to, _ := query.To.(time.Time)
		page.Nearest = kept.Nearest(from, to)
	}
	return page, nil
}

// listOrders adds a page of the list: from the index that holds the rows, or else from the documents.
func (s Shopper) listOrders(ctx context.Context, query storage.Query, page *order.Page) error {
	docs := s.app.orderDocs(s.shop.ID)
	if query.Index == order.ByPlaced {
		found, err := storage.Find[order.Row](ctx, docs, query)
		page.Next, page.Previous = found.Next, found.Previous
		page.Rows = make([]order.Row, len(found.Hits))
		for i, hit := range found.Hits {
			page.Rows[i] = hit.Head
			page.Rows[i].Number = hit.Key
		}
		return badCursor(err)
	}
	found, err := storage.Find[struct{}](ctx, docs, query)
	if err != nil {
		return badCursor(err)
	}
	page.Next, page.Previous = found.Next, found.Previous
	page.Rows, err = s.readOrders(ctx, found.Hits, func([]string) bool { return true })
	return err
}

// countList counts the orders of a list of several pages that the kept counts do not know, up to
// order.MaxCounted of them: the index has them in order, so this reads one short range of it.
func (s Shopper) countList(ctx context.Context, query storage.Query, page *order.Page) error {
	query.Cursor, query.Limit = "", order.MaxCounted
	found, err := storage.Find[struct{}](ctx, s.app.orderDocs(s.shop.ID), query)
	page.Listed, page.Beyond = int64(len(found.Hits)), found.Next != ""
	return err
}

// badCursor reports a cursor that is not of this list as an error in the query.
func badCursor(err error) error {
	if errors.Is(err, storage.ErrCursor) {
		return validate.InvalidFields([]validate.FieldError{{Field: "cursor", Key: "cursor.bad"}})
	}
	return err
}

// readOrders returns the rows of the orders found that are still the customer's and whose terms match.
func (s Shopper) readOrders(ctx context.Context, hits []storage.Hit[struct{}],
	match func(terms []string) bool) ([]order.Row, error) {
	keys := make([]string, len(hits))
	for i, hit := range hits {
		keys[i] = hit.Key
	}
	read, err := storage.ReadAll[order.FoundRow](ctx, s.app.orderDocs(s.shop.ID), keys)
	rows := make([]order.Row, 0, len(read))
	for i := range read {
		found := &read[i].Head
		if found.Customer == s.customer.ID && match(found.Terms) {
			found.Number = read[i].Key
			rows = append(rows, found.Row)
		}
	}
	return rows, err
}

// searchOrders finds orders by their number or by words in any order, newest first. It looks at no more than
// order.MaxLooked orders with the number and as many with a word; more reports whether there are others.
func (s Shopper) searchOrders(ctx context.Context, text string) (rows []order.Row, more bool, err error) {
	search := order.ParseSearch(text)
	if search.Number == "" {
		return nil, false, nil
	}
	looked, more, err := s.ordersWith(ctx, search.Number)
	if err == nil && len(search.Words) > 0 {
		var beside []storage.Hit[struct{}]
		var others bool
		beside, others, err = s.ordersWithRarest(ctx, search.Words)
		looked, more = append(looked, beside...), more || others
	}
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(looked, func(a, b storage.Hit[struct{}]) int { return strings.Compare(a.Key, b.Key) })
	rows, err = s.readOrders(ctx, slices.Compact(looked), search.Matches)
	slices.SortFunc(rows, func(a, b order.Row) int {
		return cmp.Or(b.PlacedAt.Compare(a.PlacedAt), strings.Compare(b.Number, a.Number))
	})
	return rows, more, err
}

// ordersWithRarest returns the orders that have one of the words: the first word that few orders have, else
// the first one. An order with all words has that one, too.
func (s Shopper) ordersWithRarest(ctx context.Context, words []string) (hits []storage.Hit[struct{}],
	more bool, err error) {
	for i, word := range words {
		found, others, err := s.ordersWith(ctx, word)
		if err != nil {
			return nil, false, err
		}
		if i == 0 || !others {
			hits, more = found, others
		}
		if !others {
			break
		}
	}
	return hits, more, nil
}

// ordersWith returns the orders that have a term with the prefix.
func (s Shopper) ordersWith(ctx context.Context, prefix string) (hits []storage.Hit[struct{}],
	more bool, err error) {
	found, err := storage.Find[struct{}](ctx, s.app.orderDocs(s.shop.ID), storage.Query{
		Index: order.BySearch, Equal: []any{s.customer.ID}, Prefix: &prefix, Limit: order.MaxLooked,
	})
	return found.Hits, found.Partial || len(found.Hits) == order.MaxLooked, err
}

// withOwnPictures removes pictures that are not on the shop's own servers.
func (s Shopper) withOwnPictures(rows []order.Row) {
	own := s.shop.OwnPictures()
	for i := range rows {
		pictures := &rows[i].Summary.Pictures
		*pictures = slices.DeleteFunc(*pictures, func(p order.Picture) bool { return !own(p.URL) })
	}
}

// CheckOrderQuery returns the error that Orders would return for an invalid query, or nil.
func (s Shopper) CheckOrderQuery(q order.Query) error {
	if q.Search != "" {
		return nil
	}
	_, err := s.orderQuery(q)
	return err
}

// orderQuery returns the query of a list without a search.
func (s Shopper) orderQuery(q order.Query) (storage.Query, error) {
	query := storage.Query{
		Index: order.ByPlaced, Equal: []any{s.customer.ID}, Descending: true, Limit: order.PerPage,
		Cursor: q.Cursor,
	}
	f := &validate.Validator{}
	if q.Status != "" {
		if !slices.Contains(order.Views(), q.Status) {
			f.Reject("status", "status.unknown")
		}
		query.Index, query.Equal = order.ByView, append(query.Equal, q.Status)
	}
	first, last := q.Span(f, validate.Midday(s.app.now(), s.shop.Location()))
	if !first.IsZero() {
		query.From = validate.Dawn(first)
	}
	if !last.IsZero() {
		query.To = validate.Dawn(last.AddDate(0, 0, 1))
	}
	return query, validate.InvalidFields(f.Rejected)
}
