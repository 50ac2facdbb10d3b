package storage

import (
	"context"
	"errors"
)

// noteShop begins the ids of the notes; they belong to no shop.
const noteShop = "store"

// The keys of the notes.
const (
	noteIdentity = "identity"
	noteCopy     = "copy"
)

// Notes is the collection in which this package keeps what it must remember about a store: its identity, and what the last
// copy left there. Every engine declares it besides the collections it is given.
func Notes() Collection { return Collection{Name: "store_note"} }

// identity is the name by which a store knows that it was copied from. The files of a store take it along when they are
// copied or restored from a backup.
type identity struct {
	ID string `bson:"id"`
}

// identify returns the identity of the store, and gives it one when it has none.
func identify(ctx context.Context, engine Engine) (string, error) {
	notes := Open[identity](engine, noteShop, Notes())
	note, err := notes.Put(ctx, noteIdentity, func(note *identity, found bool) error {
		if found {
			return ErrUnchanged
		}
		note.ID = NewID()
		return nil
	})
	return note.ID, err
}

// identified returns the identity of the store, "" when it has none.
func identified(ctx context.Context, engine Engine) (string, error) {
	note, _, err := Open[identity](engine, noteShop, Notes()).Get(ctx, noteIdentity)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return note.ID, err
}
