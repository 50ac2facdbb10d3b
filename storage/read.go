package storage

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// readsAtOnce is the number of documents that ReadAll reads in parallel.
const readsAtOnce = 8

// ReadAll reads the documents with the keys, each decoded into an H, which may have only some of its fields.
// It returns them in the sequence of the keys, without those that do not exist.
func ReadAll[H, T any](ctx context.Context, d Docs[T], keys []string) ([]Hit[H], error) {
	part := Docs[H](d)
	hits := make([]Hit[H], len(keys))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readsAtOnce)
	for i, key := range keys {
		group.Go(func() error {
			head, _, err := part.Get(ctx, key)
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			hits[i] = Hit[H]{Key: key, Head: head}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	found := hits[:0]
	for _, hit := range hits {
		if hit.Key != "" {
			found = append(found, hit)
		}
	}
	return found, nil
}
