package portal

import (
	"context"
	"errors"
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
	if err != nil {
		return OrderAccount{}, missing(err)
	}
	return OrderAccount{Order: doc.Order, Customer: doc.Customer, ArrivedAt: doc.ArriveAt, ErasedAt: doc.ErasedAt}, nil
}

// DeleteOrder removes an order, such as a test or one sent by mistake, or returns NotFound. It is gone from
// its customer's pages at once, and the totals follow. Statements of withdrawal and the customer's messages
// stay. A feed that sends the order again brings it back.
//
// The recount is asked for before the order goes, so that a crash in between counts in vain.
func (o Operator) DeleteOrder(ctx context.Context, shopID, number string) error {
	shop, err := o.app.shop(ctx, shopID)
	if err != nil {
		return err
	}
	docs := o.app.orderDocs(shopID)
	for deleted := false; !deleted; {
		doc, read, err := docs.Get(ctx, number)
		if err != nil {
			return missing(err)
		}
		asked, month := o.app.now(), monthOf(doc.Customer, doc.PlacedAt, shop.Location())
		if err := o.app.askCounts(ctx, shop, month); err != nil {
			return err
		}
		err = docs.Delete(ctx, number, read)
		if err == nil {
			err = o.app.confirmCounts(ctx, shop, asked, month)
		}
		if deleted = err == nil; err != nil && !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
	o.app.log.InfoContext(ctx, "order deleted by the operator", "shop", shopID, "order", number)
	return nil
}
