package storage

import (
	"context"
	"errors"
)

// noteShop is the shop in the ids of the notes, which belong to no shop.
const noteShop = "store"

// The keys of the notes.
const (
	noteIdentity = "identity"
	noteCopy     = "copy"
	noteFormat   = "format"
)

// Notes returns the collection in which this package keeps what it must remember about a store: its
// identity, what the last copy left there, and the format if the engine has no better place for it. Every
// engine declares it in addition to the collections it is given.
func Notes() Collection { return Collection{Name: "store_note"} }

// identity identifies a store as the source of copies. It is part of the store's files, so a copy of the
// files or a restored backup has the same identity.
type identity struct {
	ID string `bson:"id"`
}

// identify returns the identity of the store, assigning one if it has none.
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

// identified returns the identity of the store, or "" if it has none.
func identified(ctx context.Context, engine Engine) (string, error) {
	note, _, err := Open[identity](engine, noteShop, Notes()).Get(ctx, noteIdentity)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return note.ID, err
}

// formatNote is the format version in which an engine keeps a store.
type formatNote struct {
	Format int `bson:"format"`
}

// NoteFormat records the format of a store unless one is recorded, and returns the recorded one.
func NoteFormat(ctx context.Context, engine Engine, format int) (noted int, err error) {
	note, err := Open[formatNote](engine, noteShop, Notes()).Put(ctx, noteFormat, func(note *formatNote, found bool) error {
		if found {
			return ErrUnchanged
		}
		note.Format = format
		return nil
	})
	return note.Format, err
}
