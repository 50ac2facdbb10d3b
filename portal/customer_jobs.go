package portal

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"postern/storage"
)

// customerJob is one thing that a changed customer's document asks for: "kind argument".
type customerJob struct {
	customer Customer
	arg      string
}

// customerJobs does the jobs of a kind that customers' documents ask for, and then takes them out. Each is done so that
// twice equals once.
func (w Worker) customerJobs(ctx context.Context, shop Shop, kind string, do func(context.Context, customerJob) error) (done int, err error) {
	prefix := kind + " "
	page, err := storage.Find[struct{}](ctx, w.app.customerDocs(shop.ID), storage.Query{
		Index: customersByTodo, Prefix: &prefix, Limit: todoBatch,
	})
	if err != nil {
		return 0, err
	}
	return len(page.Hits), eachAtOnce(ctx, page.Hits, func(ctx context.Context, hit storage.Hit[struct{}]) error {
		return w.doCustomerJobs(ctx, shop, hit.Key, func(job string) func(context.Context, Customer) error {
			arg, found := strings.CutPrefix(job, prefix)
			if !found {
				return nil
			}
			return func(ctx context.Context, c Customer) error { return do(ctx, customerJob{c, arg}) }
		})
	})
}

func (w Worker) doCustomerJobs(ctx context.Context, shop Shop, id string, doer func(job string) func(context.Context, Customer) error) error {
	c, err := w.app.customer(ctx, shop.ID, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	var done []string
	for _, job := range c.Todo {
		if do := doer(job); do != nil && err == nil {
			err = do(ctx, c)
			done = append(done, job)
		}
	}
	if err != nil {
		return err
	}
	_, err = w.app.changeCustomer(ctx, shop.ID, id, func(c *Customer) error {
		c.Todo = slices.DeleteFunc(c.Todo, func(job string) bool { return slices.Contains(done, job) })
		return nil
	})
	return err
}

// due does what customers' documents name a time for, once it has come. It counts nothing as done: what is left is for the next
// beat, so that a document that stays due holds nobody up.
func (w Worker) due(ctx context.Context, shop Shop) (done int, err error) {
	page, err := storage.Find[struct{}](ctx, w.app.customerDocs(shop.ID), storage.Query{
		Index: customersByDue, To: w.app.now().Add(time.Millisecond), Limit: todoBatch,
	})
	if err != nil {
		return 0, err
	}
	return 0, eachAtOnce(ctx, page.Hits, func(ctx context.Context, hit storage.Hit[struct{}]) error {
		return w.doDue(ctx, shop, hit.Key)
	})
}

func (w Worker) doDue(ctx context.Context, shop Shop, id string) error {
	if err := w.erase(ctx, shop, id); err != nil {
		return err
	}
	if err := w.releaseFormer(ctx, shop, id); err != nil {
		return err
	}
	_, err := w.app.changeCustomer(ctx, shop.ID, id, func(c *Customer) error {
		if len(c.Removed) == 0 || w.app.now().Before(c.Removed[0].until()) {
			return storage.ErrUnchanged
		}
		return nil
	})
	return ifFound(err)
}
