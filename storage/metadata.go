package storage

import "context"

// metadataShop is the shop in the ids of metadata, which belongs to no shop.
const metadataShop = "store"

// MetadataCollection returns the collection of what is known about a store itself: its identity, the state
// of the last copy into it, and the format if the engine has no better place for it. Every engine declares
// it in addition to the collections it is given.
func MetadataCollection() Collection { return Collection{Name: "store_metadata"} }

// Metadata returns the metadata of a store as documents of type T, which differs by key.
func Metadata[T any](engine Engine) Docs[T] {
	return Open[T](engine, metadataShop, MetadataCollection())
}

// storedFormat is the format version in which an engine keeps a store.
type storedFormat struct {
	Format int `bson:"format"`
}

// RecordFormat records the format of a store unless one is recorded, and returns the recorded one.
func RecordFormat(ctx context.Context, engine Engine, format int) (recorded int, err error) {
	stored, err := Metadata[storedFormat](engine).Put(ctx, "format",
		func(stored *storedFormat, found bool) error {
			if found {
				return ErrUnchanged
			}
			stored.Format = format
			return nil
		})
	return stored.Format, err
}
