package transfer

import (
	"context"
	"errors"

	"postern/storage"
)

// identity identifies a store as the source of copies. It is part of the store's files, so a copy of the
// files or a restored backup has the same identity.
type identity struct {
	ID string `bson:"id"`
}

const identityKey = "identity"

// ensureIdentity returns the identity of the store, assigning one if it has none.
func ensureIdentity(ctx context.Context, store storage.Engine) (string, error) {
	stored, err := storage.Metadata[identity](store).Put(ctx, identityKey,
		func(stored *identity, found bool) error {
			if found {
				return storage.ErrUnchanged
			}
			stored.ID = storage.NewID()
			return nil
		})
	return stored.ID, err
}

// readIdentity returns the identity of the store, or "" if it has none.
func readIdentity(ctx context.Context, store storage.Engine) (string, error) {
	stored, _, err := storage.Metadata[identity](store).Get(ctx, identityKey)
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	return stored.ID, err
}
