package transfer

import (
	"context"
	"fmt"
	"iter"

	"postern/storage"
)

// entries is a walk through a collection. It ends after the first error.
type entries = iter.Seq2[storage.Entry, error]

// walk returns the entries of a collection in id order, with their documents if bodies is set.
func walk(ctx context.Context, from storage.Walker, collection string, bodies bool) entries {
	return func(yield func(storage.Entry, error) bool) {
		last := ""
		for {
			page, err := from.Walk(ctx, collection,
				storage.Walk{After: last, Limit: storage.MaxLimit, Bodies: bodies})
			if err != nil {
				yield(storage.Entry{}, fmt.Errorf("walk through %s: %w", collection, err))
				return
			}
			if len(page) == 0 {
				return
			}
			for _, entry := range page {
				if entry.ID <= last {
					yield(storage.Entry{}, fmt.Errorf("walk through %s: %q is not in order after %q",
						collection, entry.ID, last))
					return
				}
				if last = entry.ID; !yield(entry, nil) {
					return
				}
			}
		}
	}
}
