package portal

import (
	"context"
	"errors"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// OrderAccount is an order as shown to the shop's support.
type OrderAccount struct {
	order.Order
	Customer  string // Postern's id, "" once the customer was erased
	ArrivedAt time.Time
	ErasedAt  *time.Time // when the personal data was removed
}

// Order returns an order by its number, as stored or as customers quote it ("#2001", "No. 2001"), or
// validate.NotFound.
func (o Operator) Order(ctx context.Context, shop, number string) (OrderAccount, error) {
	docs := o.app.orderDocs(shop)
	doc, _, err := docs.Get(ctx, number)
	if bare := order.BareNumber(number); errors.Is(err, storage.ErrNotFound) && bare != number {
		doc, _, err = docs.Get(ctx, bare)
	}
	if err != nil {
		return OrderAccount{}, validate.NotFoundIfMissing(err)
	}
	return OrderAccount{Order: doc.Order, Customer: doc.Customer, ArrivedAt: doc.ArrivedAt,
		ErasedAt: doc.ErasedAt}, nil
}

// DeleteOrder removes an order, such as a test or one sent by mistake, or returns validate.NotFound. The
// order disappears from its customer's pages immediately, and the totals follow. Withdrawal statements and
// the customer's messages are kept. If a feed sends the order again, it is stored again.
func (o Operator) DeleteOrder(ctx context.Context, shopID, number string) error {
	shop, err := o.app.shop(ctx, shopID)
	if err == nil {
		act := o.act(audit.OrderDeleted, "")
		err = o.app.deleteOrder(ctx, shop, number, act, func(order.Stored) error { return nil })
	}
	if err == nil {
		o.app.log.InfoContext(ctx, "order deleted by the operator", "shop", shopID, "order", number)
	}
	return err
}

// DeleteOrder removes an order like Operator.DeleteOrder.
func (f Feed) DeleteOrder(ctx context.Context, number string) error {
	act := f.act(audit.OrderDeleted, "")
	err := f.app.deleteOrder(ctx, f.shop, number, act, func(doc order.Stored) error {
		if doc.ErasedAt != nil { // it keeps the person from coming back with the next delivery
			return validate.NewError(validate.Conflict, "order.erased")
		}
		return nil
	})
	if validate.KindOf(err) == validate.NotFound {
		err = orderNotFound()
	}
	if err == nil {
		f.app.log.InfoContext(ctx, "order deleted by an API key", "shop", f.shop.ID, "order", number,
			"key", f.key.ID)
	}
	return err
}

// deleteOrder removes an order that check permits. The order first carries the act of its deletion. If the
// process ends before the rest, the worker completes it.
func (a *App) deleteOrder(ctx context.Context, shop shop.Shop, number string, act audit.Act,
	check func(order.Stored) error) error {
	_, err := a.orderDocs(shop.ID).Change(ctx, number, func(doc *order.Stored) error {
		if doc.IsDeleted() {
			return storage.ErrNotFound
		}
		if err := check(*doc); err != nil {
			return err
		}
		act.Customer = doc.Customer
		act.Changes = []audit.Change{
			{Field: audit.FieldOrder, Before: doc.Number}, {Field: "placed_at", Before: order.Moment(&doc.PlacedAt)},
			{Field: "total", Before: doc.Amount(doc.Total).Decimal() + " " + doc.Currency},
		}
		args, err := act.Args()
		doc.Delete(args, act.At)
		return err
	})
	if err != nil {
		return validate.NotFoundIfMissing(err)
	}
	return a.finishDeletion(ctx, shop, number)
}

// deleteOrder completes the deletion of an order.
func (w Worker) deleteOrder(ctx context.Context, shop shop.Shop,
	t job.Task[order.Stored]) (job.Finish[order.Stored], error) {
	return nil, w.app.finishDeletion(ctx, shop, t.Key)
}

// finishDeletion records the deletion of an order, removes it and has its customer's month counted.
//
// The recount is requested before the order is deleted, so that a crash in between only causes a needless
// recount.
func (a *App) finishDeletion(ctx context.Context, shop shop.Shop, number string) error {
	docs := a.orderDocs(shop.ID)
	for {
		doc, read, err := docs.Get(ctx, number)
		if err != nil || !doc.IsDeleted() { // another delivery may have brought it back
			return ifFound(err)
		}
		if err := a.recordPending(ctx, shop.ID, doc.Restarted().Work); err != nil {
			return err
		}
		requested, month := a.now(), order.MonthOf(doc.Customer, doc.PlacedAt, shop.Location())
		if err := a.requestCounts(ctx, shop, month); err != nil {
			return err
		}
		err = docs.Delete(ctx, number, read)
		if err == nil {
			return a.confirmCounts(ctx, shop, requested, month)
		}
		if !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
}
