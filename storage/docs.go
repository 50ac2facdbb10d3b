package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// MaxKey is the longest key of a document, in bytes.
	MaxKey = 512
	// MaxDocument is the largest document, in bytes of BSON.
	MaxDocument = 8 << 20
	maxTries    = 1000
)

// Docs is one collection of one shop, as documents of type T. Every id begins with the shop's name, so a
// Docs cannot address another shop's documents.
type Docs[T any] struct{ source }

// source is a collection in one shop or, with shop "", in all shops (for queries only).
type source struct {
	engine     Engine
	shop       string
	collection Collection
}

// Open returns the documents of the collection in the shop.
func Open[T any](engine Engine, shop string, collection Collection) Docs[T] {
	return Docs[T]{source{engine: engine, shop: shop, collection: collection}}
}

// envelope is a document together with the fields that the store adds.
type envelope[T any] struct {
	ID   string `bson:"_id"`
	Shop string `bson:"shop"`
	N    int64  `bson:"v"`
	Mark string `bson:"mark"`
	Body T      `bson:",inline"`
}

// Get returns the document and the version to pass to Replace and Delete, or ErrNotFound.
func (d Docs[T]) Get(ctx context.Context, key string) (T, Version, error) {
	var e envelope[T]
	if d.checkKey(key) != nil {
		return e.Body, Version{}, ErrNotFound // such a key cannot have been stored
	}
	raw, err := d.engine.Get(ctx, d.collection.Name, d.id(key))
	if err != nil {
		return e.Body, Version{}, d.fault("get", err)
	}
	if err := decode(raw, &e); err != nil {
		return e.Body, Version{}, d.fault("decode", err)
	}
	return e.Body, Version{N: e.N, Mark: e.Mark}, nil
}

// Insert stores a new document, or returns ErrExists.
func (d Docs[T]) Insert(ctx context.Context, key string, doc T) error {
	record, err := d.record(key, 1, doc)
	if err != nil {
		return err
	}
	return d.fault("insert", d.engine.Insert(ctx, d.collection.Name, record))
}

// Replace stores doc over the version read, or returns ErrConflict.
func (d Docs[T]) Replace(ctx context.Context, key string, read Version, doc T) error {
	record, err := d.record(key, read.N+1, doc)
	if err != nil {
		return err
	}
	return d.fault("replace", d.engine.Replace(ctx, d.collection.Name, record, read))
}

// Delete removes the version read, or returns ErrConflict.
func (d Docs[T]) Delete(ctx context.Context, key string, read Version) error {
	if err := d.checkShop(); err != nil {
		return err
	}
	return d.fault("delete", d.engine.Delete(ctx, d.collection.Name, d.id(key), read))
}

// Change reads the document, calls change to modify it, and replaces it; if another write came between, it
// starts over. It returns the document as stored, ErrNotFound if there is none, and change's own error
// unaltered. When change returns ErrUnchanged, nothing is written and the error is nil.
func (d Docs[T]) Change(ctx context.Context, key string, change func(*T) error) (T, error) {
	return d.Put(ctx, key, func(doc *T, found bool) error {
		if !found {
			return ErrNotFound
		}
		return change(doc)
	})
}

// Put is Change for a document that need not exist: if it does not, change gets a zero document with found
// false, and the result is inserted.
func (d Docs[T]) Put(ctx context.Context, key string, change func(doc *T, found bool) error) (T, error) {
	read, err := d.Read(ctx, key)
	if err != nil {
		return read.Doc, err
	}
	return d.PutAfter(ctx, key, read, change)
}

// Read is a document as it was read, or that there was none.
type Read[T any] struct {
	Doc     T
	Version Version
	Found   bool
}

// Read reads a document that need not exist.
func (d Docs[T]) Read(ctx context.Context, key string) (Read[T], error) {
	doc, version, err := d.Get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return Read[T]{}, nil
	}
	return Read[T]{Doc: doc, Version: version, Found: err == nil}, err
}

// PutAfter is Put for a caller that has read the document already.
func (d Docs[T]) PutAfter(ctx context.Context, key string, read Read[T],
	change func(doc *T, found bool) error) (T, error) {
	for range maxTries {
		err := change(&read.Doc, read.Found)
		if errors.Is(err, ErrUnchanged) {
			return read.Doc, nil
		}
		switch {
		case err != nil:
			return read.Doc, err
		case read.Found:
			err = d.Replace(ctx, key, read.Version, read.Doc)
		default:
			err = d.Insert(ctx, key, read.Doc)
		}
		if !errors.Is(err, ErrConflict) && !errors.Is(err, ErrExists) {
			return read.Doc, err
		}
		if read, err = d.Read(ctx, key); err != nil {
			return read.Doc, err
		}
	}
	var none T
	return none, fmt.Errorf("storage: %s: gave up after %d conflicts", d.collection.Name, maxTries)
}

func (d Docs[T]) id(key string) string { return d.shop + "/" + key }

func (d Docs[T]) checkKey(key string) error {
	if key == "" || len(key) > MaxKey || !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
		return fmt.Errorf("storage: %s: a key has 1 to %d bytes of UTF-8 without NUL",
			d.collection.Name, MaxKey)
	}
	return d.checkShop()
}

// checkShop keeps the shops' ids apart: a slash in a shop's name could produce an id of another shop.
func (d source) checkShop() error {
	if d.shop == "" || strings.ContainsAny(d.shop, "/\x00") || !utf8.ValidString(d.shop) {
		return fmt.Errorf("storage: %s: %q is no name of a shop", d.collection.Name, d.shop)
	}
	return nil
}

func (d Docs[T]) record(key string, n int64, doc T) (Record, error) {
	if err := d.checkKey(key); err != nil {
		return Record{}, err
	}
	e := envelope[T]{ID: d.id(key), Shop: d.shop, N: n, Mark: rand.Text()[:13], Body: doc}
	raw, err := encode(&e)
	if err != nil {
		return Record{}, d.fault("encode", err)
	}
	if len(raw) > MaxDocument {
		return Record{}, fmt.Errorf("%w: %d bytes in %s, more than %d", ErrTooLarge, len(raw),
			d.collection.Name, MaxDocument)
	}
	return Record{ID: e.ID, Shop: d.shop, Version: Version{N: n, Mark: e.Mark}, Doc: raw}, nil
}

func (d Docs[T]) fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s in %s: %w", doing, d.collection.Name, err)
}

// instant makes equal times print alike regardless of location and monotonic reading.
func instant(v any) any {
	if t, ok := v.(time.Time); ok {
		return t.UnixMilli()
	}
	return v
}
