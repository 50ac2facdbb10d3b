package portal

import (
	"context"
	"errors"

	"postern/portal/order"
	"postern/portal/shop"
	"postern/storage"
)

// importChoices are the options of an import.
type importChoices struct {
	dryRun   bool
	encoding string
}

// ImportOption is an option of ImportOrders.
type ImportOption func(*importChoices)

// DryRun checks and counts all lines but stores nothing. Each line is compared with the stored orders, not
// with earlier lines.
func DryRun() ImportOption { return func(c *importChoices) { c.dryRun = true } }

// Encoding sets the encoding of a file that is not UTF-8, by its label in the WHATWG Encoding Standard,
// such as "windows-1250".
func Encoding(label string) ImportOption { return func(c *importChoices) { c.encoding = label } }

// checkOrder predicts the result of putOrder without writing anything.
func (a *App) checkOrder(ctx context.Context, shop shop.Shop, o order.Order) (order.Receipt, error) {
	doc, _, err := a.orderDocs(shop.ID).Get(ctx, o.Number)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return order.Receipt{Outcome: order.Created}, nil
	case err != nil:
		return order.Receipt{}, err
	case doc.ErasedAt != nil:
		return order.Receipt{Outcome: doc.TakeErased(o)}, nil
	}
	digest, err := o.Digest()
	return order.Receipt{Outcome: doc.Compare(o, doc.Owner(o, order.Ownership{}).Customer, digest)}, err
}
