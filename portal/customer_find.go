package portal

import (
	"context"
	"errors"
	"slices"
	"strings"

	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/order"
	"postern/portal/validate"
	"postern/storage"
)

// FindExactly returns the ids of the customers with exactly this email, shop's id or our id, and of the
// customer whose order has this number. They come first in a search. Ids of customers who do not exist may be
// among them.
func (a *App) FindExactly(ctx context.Context, shop, text string) (ids []string, err error) {
	text = strings.TrimSpace(text)
	if len(text) > storage.MaxKey/2 {
		return nil, nil
	}
	add := func(id string, failed error) {
		if failed == nil && id != "" { // an account that was merged leads to its customer
			var c customer.Customer
			if c, failed = customer.Follow(ctx, a.customerDocs(shop), id); failed == nil {
				id = c.ID
			}
		}
		if failed != nil && !errors.Is(failed, storage.ErrNotFound) {
			err = failed
		} else if failed == nil && id != "" && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	identifiers := identifier.Docs(a.engine, shop)
	if email, ok := validate.CanonicalEmail(text); ok {
		held, _, failed := identifiers.Get(ctx, identifier.EmailKey(email))
		add(held.Customer, failed)
	}
	held, _, failed := identifiers.Get(ctx, identifier.FeedKey(text))
	if held.Introduced {
		add(held.Customer, failed)
	}
	for _, number := range slices.Compact([]string{text, order.BareNumber(text),
		strings.ToUpper(order.BareNumber(text))}) {
		found, _, failed := order.Docs(a.engine, shop).Get(ctx, number)
		add(found.Customer, failed)
	}
	add(text, nil)
	return ids, err
}

// chooseFound returns the customers on a page of a selection by a search: first those whom it names exactly,
// then by words.
func (w Worker) chooseFound(ctx context.Context, b bulk, where []storage.Condition) (c chosen, err error) {
	var keys []string
	if b.batch.Cursor == "" {
		keys, err = w.app.FindExactly(ctx, b.shop.ID, b.batch.Selection.Search)
	}
	search := customer.ParseSearch(b.batch.Selection.Search)
	if err == nil && !search.IsEmpty() {
		var found storage.Page[struct{}]
		found, err = storage.Find[struct{}](ctx, w.app.customerDocs(b.shop.ID),
			search.Find(b.batch.Cursor, batch.PageSize))
		for _, hit := range found.Hits {
			keys = append(keys, hit.Key)
		}
		c.next = found.Next
	}
	if err != nil {
		return c, err
	}
	keys, err = w.notYet(ctx, b, keys)
	if err != nil {
		return c, err
	}
	hits, err := storage.ReadAll[struct{}](ctx, w.app.customerDocs(b.shop.ID), keys,
		append(slices.Clone(where), storage.Exists("list", true))...)
	for _, hit := range hits {
		c.ids = append(c.ids, hit.Key)
	}
	return c, err
}

// notYet returns the customers, each once, without those on the first page of the batch: the words find again
// whom the search names exactly.
func (w Worker) notYet(ctx context.Context, b bulk, ids []string) ([]string, error) {
	var first batch.Page
	if b.batch.Pages > 0 {
		read, err := batch.PageDocs(w.app.engine, b.shop.ID).Read(ctx, batch.PageKey(b.batch.ID, 0))
		if err != nil {
			return nil, err
		}
		first = read.Doc
	}
	var others []string
	seen := map[string]bool{}
	for _, id := range ids {
		if !seen[id] && !slices.Contains(first.IDs, id) {
			others = append(others, id)
		}
		seen[id] = true
	}
	return others, nil
}

// matching returns which of the customers still match the selection, nil for all of them.
func (w Worker) matching(ctx context.Context, b bulk, ids []string) (map[string]bool, error) {
	chosen := b.batch.Selection
	if len(chosen.Filters) == 0 && chosen.Search == "" {
		return nil, nil
	}
	matching := map[string]bool{}
	f := &validate.Validator{}
	where := customer.Query{Filters: chosen.Filters}.Conditions(f, CustomerPlace(b.shop))
	if len(f.Rejected) > 0 {
		return matching, nil
	}
	add := func(ids []string, where []storage.Condition) error {
		hits, err := storage.ReadAll[struct{}](ctx, w.app.customerDocs(b.shop.ID), ids, where...)
		for _, hit := range hits {
			matching[hit.Key] = true
		}
		return err
	}
	if chosen.Search == "" {
		return matching, add(ids, where)
	}
	exact, err := w.app.FindExactly(ctx, b.shop.ID, chosen.Search)
	if err != nil {
		return nil, err
	}
	exact = slices.DeleteFunc(exact, func(id string) bool { return !slices.Contains(ids, id) })
	search := customer.ParseSearch(chosen.Search)
	if err := add(exact, where); err != nil || search.IsEmpty() {
		return matching, err
	}
	return matching, add(ids, append(slices.Clone(where), search.Conditions()...))
}

// maxRechecked is how many pages of a batch a preview checks again.
const maxRechecked = 20

// Unmatched says how many customers of a batch that is ready no longer match its selection, or no longer
// exist. checked is how many it looked at: the first ones of a very large batch.
func (a *App) Unmatched(ctx context.Context, id string, of batch.Batch) (unmatched, checked int64,
	err error) {
	s, err := a.shop(ctx, id)
	if err != nil || of.Action == BulkUndo {
		return 0, 0, err
	}
	w, b := Worker{app: a}, bulk{app: a, shop: s, batch: of}
	for n := range min(of.Pages, maxRechecked) {
		p, _, err := batch.PageDocs(a.engine, id).Get(ctx, batch.PageKey(of.ID, n))
		if err != nil {
			return 0, 0, err
		}
		matching, err := w.matching(ctx, b, p.IDs)
		if err == nil && matching == nil {
			matching, err = w.existing(ctx, id, p.IDs)
		}
		if err != nil {
			return 0, 0, err
		}
		checked += int64(len(p.IDs))
		for _, id := range p.IDs {
			if !matching[id] {
				unmatched++
			}
		}
	}
	return unmatched, checked, nil
}

func (w Worker) existing(ctx context.Context, shop string, ids []string) (map[string]bool, error) {
	hits, err := storage.ReadAll[struct{}](ctx, w.app.customerDocs(shop), ids, storage.Exists("list", true))
	existing := map[string]bool{}
	for _, hit := range hits {
		existing[hit.Key] = true
	}
	return existing, err
}
