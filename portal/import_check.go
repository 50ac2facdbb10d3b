package portal

import (
	"context"
	"errors"

	"postern/storage"
)

// importChoices are how an import is done.
type importChoices struct {
	dryRun   bool
	encoding string
}

// ImportOption is a choice for ImportOrders.
type ImportOption func(*importChoices)

// DryRun checks and counts all, and stores nothing. Each line is compared with what is stored, not with the
// lines before.
func DryRun() ImportOption { return func(c *importChoices) { c.dryRun = true } }

// Encoding names the encoding of a file that is not UTF-8, by a label of the WHATWG's Encoding standard:
// "windows-1250".
func Encoding(label string) ImportOption { return func(c *importChoices) { c.encoding = label } }

// checkOrder tells what putOrder would do, as far as reading can tell.
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
