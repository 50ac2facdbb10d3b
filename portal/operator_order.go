package portal

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"postern/storage"
)

// OrderAccount is an order as the people who look after the shop see one.
type OrderAccount struct {
	Order
	Customer  string // our id, "" once its person was erased
	ArrivedAt time.Time
	ErasedAt  *time.Time // when its person was taken out of it
}

// Order returns an order by its number, or NotFound.
func (o Operator) Order(ctx context.Context, shop, number string) (OrderAccount, error) {
	doc, _, err := o.app.orderDocs(shop).Get(ctx, number)
	if err == nil && doc.DeletedAt != nil {
		err = storage.ErrNotFound
	}
	if err != nil {
		return OrderAccount{}, missing(err)
	}
	return OrderAccount{Order: doc.Order, Customer: doc.Customer, ArrivedAt: doc.ArriveAt, ErasedAt: doc.ErasedAt}, nil
}

// DeleteOrder removes an order, such as a test or one sent by mistake, or returns NotFound. It is gone from its customer's pages
// at once, and the totals follow. Statements of withdrawal and the customer's messages stay. A feed that sends the order
// again brings it back.
//
// One write empties the document and leaves in it what is still to be done: the recount, and then its own removal.
func (o Operator) DeleteOrder(ctx context.Context, shopID, number string) error {
	shop, err := o.app.shop(ctx, shopID)
	if err != nil {
		return err
	}
	_, err = o.app.orderDocs(shopID).Change(ctx, number, func(s *storedOrder) error {
		if s.DeletedAt != nil {
			return storage.ErrNotFound
		}
		s.delete(o.app.now(), shop.Location())
		return nil
	})
	if err == nil {
		o.app.log.InfoContext(ctx, "order deleted by the operator", "shop", shopID, "order", number)
	}
	return missing(err)
}

// jobRemove names the job "remove this deleted order, once its month is recounted".
const jobRemove = "remove"

// delete leaves of an order its number and its jobs.
func (s *storedOrder) delete(now time.Time, zone *time.Location) {
	jobs := s.countJobs()
	count := countJob(s.Customer, s.PlacedAt, zone)
	counted := s.Customer != ""
	*s = storedOrder{Order: Order{Number: s.Number, PlacedAt: s.PlacedAt}, ArriveAt: s.ArriveAt, DeletedAt: &now, Todo: jobs}
	if counted {
		s.askCount(count)
	}
	s.Todo = addTodo(s.Todo, jobRemove+" "+storage.NewID())
}

// countJobs are the recounts that the order still asks for.
func (s *storedOrder) countJobs() []string {
	return slices.DeleteFunc(slices.Clone(s.Todo), func(job string) bool { return !strings.HasPrefix(job, jobCount+" ") })
}

// removeDeleted removes a batch of deleted orders whose months are recounted, and returns how many went.
func (w Worker) removeDeleted(ctx context.Context, shop Shop) (done int, err error) {
	prefix := jobRemove + " "
	docs := w.app.orderDocs(shop.ID)
	page, err := storage.Find[struct{ Todo []string }](ctx, docs, storage.Query{Index: ordersByTodo, Prefix: &prefix, Limit: todoBatch})
	if err != nil {
		return 0, err
	}
	for _, hit := range page.Hits {
		gone := func(s storedOrder) bool { return s.DeletedAt != nil && len(s.countJobs()) == 0 }
		doc, read, err := docs.Get(ctx, hit.Key)
		if err == nil && gone(doc) {
			err = docs.Delete(ctx, hit.Key, read)
			done++
		}
		if err != nil && !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrNotFound) {
			return done, err
		}
	}
	return done, nil
}
