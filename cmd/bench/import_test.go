package main

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"postern/portal"
	"postern/storage"
)

// BenchmarkImport imports 200 customers' orders into an empty store and counts them, for profiles.
func BenchmarkImport(b *testing.B) {
	const customers = 200
	var text bytes.Buffer
	if err := writeOrders(&text, 0, customers, time.Now()); err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	before := ownCPU()
	for b.Loop() {
		store := filepath.Join(dir, time.Now().Format(time.RFC3339Nano))
		err := within(b.Context(), store, func(engine storage.Engine, app *portal.App) error {
			return importCounted(b.Context(), engine, app, text.Bytes())
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((ownCPU()-before).Microseconds())/float64(b.N*customers*ordersEach), "cpu-us/order")
}

func importCounted(ctx context.Context, engine storage.Engine, app *portal.App, text []byte) error {
	if _, err := furnish(ctx, app); err != nil {
		return err
	}
	if err := bring(ctx, app, bytes.NewReader(text)); err != nil {
		return err
	}
	return count(ctx, engine)
}
