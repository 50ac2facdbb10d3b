package portal

import (
	"context"
	"errors"
	"time"

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

// DeleteOrder removes an order, such as a test or one sent by mistake, or returns validate.NotFound. The order
// disappears from its customer's pages immediately, and the totals follow. Withdrawal statements and the
// customer's messages are kept. If a feed sends the order again, it is stored again.
func (o Operator) DeleteOrder(ctx context.Context, shopID, number string) error {
	shop, err := o.app.shop(ctx, shopID)
	if err == nil {
		err = o.app.deleteOrder(ctx, shop, number, func(order.Stored) error { return nil })
	}
	if err == nil {
		o.app.log.InfoContext(ctx, "order deleted by the operator", "shop", shopID, "order", number)
	}
	return err
}

// DeleteOrder removes an order like Operator.DeleteOrder.
func (f Feed) DeleteOrder(ctx context.Context, number string) error {
	err := f.app.deleteOrder(ctx, f.shop, number, func(doc order.Stored) error {
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

// deleteOrder removes an order that check permits, and has its customer's month counted.
//
// The recount is requested before the order is deleted, so that a crash in between only causes a needless
// recount.
func (a *App) deleteOrder(ctx context.Context, shop shop.Shop, number string,
	check func(order.Stored) error) error {
	docs := a.orderDocs(shop.ID)
	for deleted := false; !deleted; {
		doc, read, err := docs.Get(ctx, number)
		if err != nil {
			return validate.NotFoundIfMissing(err)
		}
		if err := check(doc); err != nil {
			return err
		}
		requested, month := a.now(), order.MonthOf(doc.Customer, doc.PlacedAt, shop.Location())
		if err := a.requestCounts(ctx, shop, month); err != nil {
			return err
		}
		err = docs.Delete(ctx, number, read)
		if err == nil {
			err = a.confirmCounts(ctx, shop, requested, month)
		}
		if deleted = err == nil; err != nil && !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
	return nil
}
