package portal

import (
	"context"
	"time"

	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

func (w Worker) customerCountJobs() job.Source {
	return job.Documents[customer.Count]{
		Collection: customer.CountCollection(),
		Open: func(shop string) storage.Docs[customer.Count] {
			return customer.CountDocs(w.app.engine, shop)
		},
		List: func(c *customer.Count) *job.List { return &c.Work },
		Kinds: map[string]job.Kind[customer.Count]{
			customer.KindCount: {Do: inShop(w.app, w.countCustomers), Slow: true},
		},
	}
}

// CustomerPlace is where amounts and dates of a query of the shop's customers are meant.
func CustomerPlace(s shop.Shop) customer.Place {
	return customer.Place{Zone: s.Location(), Currency: s.Currency}
}

// maxCountLooks is how many times a count asks the index; each looks at storage.MaxLook rows at most.
const maxCountLooks = 200

// countCustomers counts what the filters select. Filters that select few of very many customers are counted
// in part.
func (w Worker) countCustomers(ctx context.Context, s shop.Shop,
	t job.Task[customer.Count]) (job.Finish[customer.Count], error) {
	at := w.app.now()
	query, err := customer.Query{Filters: t.Doc.Filters}.FindMany(CustomerPlace(s))
	if validate.KindOf(err) == validate.Invalid { // of an earlier version: it selects nothing
		return func(c *customer.Count) { c.N, c.More, c.At = 0, false, at }, nil
	}
	n := int64(0)
	for range maxCountLooks {
		page, err := storage.Find[struct{}](ctx, w.app.customerDocs(s.ID), query)
		if err != nil {
			return nil, err
		}
		n += int64(len(page.Hits))
		if query.Cursor = page.Next; query.Cursor == "" || n > customer.MaxCounted {
			break
		}
	}
	more := query.Cursor != "" || n > customer.MaxCounted
	n = min(n, customer.MaxCounted)
	return func(c *customer.Count) { c.N, c.More, c.At = n, more, at }, nil
}

// sweepCustomerCounts removes the counts that nobody looks at.
func (w Worker) sweepCustomerCounts(ctx context.Context, s shop.Shop) error {
	before := w.app.now().Add(-customer.CountKept)
	return sweepBy(ctx, customer.CountDocs(w.app.engine, s.ID),
		storage.Query{Index: customer.CountsBySeen, To: before},
		func(c customer.Count) bool { return c.SeenAt.Before(before.Add(time.Millisecond)) })
}
