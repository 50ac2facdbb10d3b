package main

import (
	"context"
	"time"

	"postern/storage"
)

// meteredEngine counts the lists and writes of a store. It omits reads of single documents, which are too
// many and too cheap.
type meteredEngine struct {
	storage.Engine
	note func(operation string, err error)
}

// Insert implements storage.Engine.
func (e meteredEngine) Insert(ctx context.Context, collection string, r storage.Record) error {
	err := e.Engine.Insert(ctx, collection, r)
	e.note("insert", err)
	return err
}

// Replace implements storage.Engine.
func (e meteredEngine) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	err := e.Engine.Replace(ctx, collection, r, read)
	e.note("replace", err)
	return err
}

// Delete implements storage.Engine.
func (e meteredEngine) Delete(ctx context.Context, collection, id string, read storage.Version) error {
	err := e.Engine.Delete(ctx, collection, id, read)
	e.note("delete", err)
	return err
}

// Scan implements storage.Engine.
func (e meteredEngine) Scan(ctx context.Context, collection string, s storage.Scan) ([]storage.Row, error) {
	rows, err := e.Engine.Scan(ctx, collection, s)
	e.note("list", err)
	return rows, err
}

// Increment implements storage.Engine.
func (e meteredEngine) Increment(ctx context.Context, now time.Time,
	counts []storage.Count) ([]storage.Tally, error) {
	tallies, err := e.Engine.Increment(ctx, now, counts)
	e.note("count", err)
	return tallies, err
}
