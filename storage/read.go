package storage

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"
)

// readsAtOnce is the number of documents that ReadAll reads in parallel.
const readsAtOnce = 8

// ReadAll reads the documents with the keys, each decoded into an H, which may have only some of its fields.
// It returns them in the sequence of the keys, without those that do not exist or do not meet the conditions.
func ReadAll[H, T any](ctx context.Context, d Docs[T], keys []string, where ...Condition) ([]Hit[H], error) {
	part := Docs[H](d)
	hits := make([]Hit[H], len(keys))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readsAtOnce)
	for i, key := range keys {
		group.Go(func() error {
			head, meets, err := part.getIf(ctx, key, where)
			if errors.Is(err, ErrNotFound) || err == nil && !meets {
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

// getIf is Get for a document that must meet the conditions.
func (d Docs[T]) getIf(ctx context.Context, key string, where []Condition) (doc T, meets bool, err error) {
	if d.checkKey(key) != nil {
		return doc, false, ErrNotFound // such a key cannot have been stored
	}
	for i := range where {
		if where[i].err != nil {
			return doc, false, where[i].err
		}
	}
	raw, err := d.engine.Get(ctx, d.collection.Name, d.id(key))
	if err != nil {
		return doc, false, d.fault("get", err)
	}
	if !Meet(raw, where) {
		return doc, false, nil
	}
	return doc, true, d.fault("decode", decode(raw, &doc))
}
