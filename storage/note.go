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
	noteFormat   = "format"
)

// Notes is the collection in which this package keeps what it must remember about a store: its identity,
// what the last copy left there, and the format of an engine that has no better place for it. Every engine
// declares it besides the collections it is given.
func Notes() Collection { return Collection{Name: "store_note"} }

// identity is the name by which a store knows that it was copied from. The files of a store take it along
// when they are copied or restored from a backup.
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

// formatNote is the number of the format in which an engine keeps a store.
type formatNote struct {
	Format int `bson:"format"`
}

// NoteFormat notes the format of a store that has none noted yet, and returns the one that is noted.
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
