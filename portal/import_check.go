package portal

import (
	"context"
	"errors"

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
func (a *App) checkOrder(ctx context.Context, shop Shop, o Order) (Receipt, error) {
	doc, _, err := a.orderDocs(shop.ID).Get(ctx, o.Number)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return Receipt{Outcome: Created}, nil
	case err != nil:
		return Receipt{}, err
	case doc.ErasedAt != nil:
		return Receipt{Outcome: doc.takeErased(o)}, nil
	}
	digest, err := o.digest()
	return Receipt{Outcome: doc.judge(o, doc.owner(o, ownership{}).customer, digest)}, err
}
