package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/secret"
	"postern/portal/shop"
	"postern/storage"
)

// The shop of the benchmark.
const (
	shopID      = "bench"
	host        = "account.bench.example"
	storefront  = "https://www.bench.example"
	browserName = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
)

// within opens a store, runs do and closes the store, so that a server may open it next.
func within(ctx context.Context, store string, do func(storage.Engine, *portal.App) error) error {
	engine, err := openStore(ctx, store)
	if err != nil {
		return err
	}
	ring, err := secret.New(benchSecret())
	if err == nil {
		app := portal.New(engine, ring)
		if err = app.TakeSecret(ctx); err == nil {
			err = do(engine, app)
		}
	}
	return errors.Join(err, engine.Close())
}

// furnish creates the shop and a key for its feed.
func furnish(ctx context.Context, app *portal.App) (key string, err error) {
	_, err = app.Operator().CreateShop(ctx, shopID, shop.Settings{
		Name: new("Bench & Sons"), BaseURL: new("https://" + host), StorefrontURL: new(storefront),
		SenderEmail: new("account@bench.example"), SupportEmail: new("help@bench.example"),
		Accent: new("#2f6b4f"),
		Footer: &[]shop.FooterLink{{Label: "Delivery", URL: storefront + "/delivery"},
			{Label: "Terms", URL: storefront + "/terms"}},
	})
	if err != nil {
		return "", err
	}
	return app.Operator().CreateKey(ctx, shopID, "bench")
}

// fill imports the orders of customers from to before-1, and has them counted as a running worker would.
func fill(ctx context.Context, engine storage.Engine, app *portal.App, from, before int) error {
	out, into := io.Pipe()
	defer out.Close() // unblocks the writer if nobody reads to the end
	go func() { into.CloseWithError(writeOrders(into, from, before, time.Now())) }()
	if err := bring(ctx, app, out); err != nil {
		return err
	}
	return count(ctx, engine)
}

// count runs the jobs of a store whose worker is as late as the counts are due.
func count(ctx context.Context, engine storage.Engine) error {
	ring, err := secret.New(benchSecret())
	if err != nil {
		return err
	}
	later := func() time.Time { return time.Now().Add(order.StandardCountDelay) }
	worker := portal.New(engine, ring, portal.WithClock(later)).Worker()
	for {
		if done, err := worker.RunOnce(ctx); err != nil || done == 0 {
			return err
		}
	}
}

func bring(ctx context.Context, app *portal.App, orders io.Reader) error {
	report, err := app.Operator().ImportOrders(ctx, shopID, orders, func(int) {})
	if err == nil && report.RefusedCount > 0 {
		err = fmt.Errorf("line %d was refused: %w", report.Refused[0].Line, report.Refused[0].Err)
	}
	return err
}

// rates holds orders per second, and the CPU time of an order that is imported and counted.
type rates struct {
	imported, counted, alone float64
	cpu                      time.Duration
}

// compareImport imports a sample of orders into an empty store. It then inserts the stored documents into
// another empty store, using only the storage engine and the same concurrency as an import.
func (b *bench) compareImport(ctx context.Context) (rates, error) {
	customers := max(1, b.sample/ordersEach)
	var text bytes.Buffer
	if err := writeOrders(&text, 0, customers, time.Now()); err != nil {
		return rates{}, err
	}
	into, err1 := b.stores.next("import")
	beside, err2 := b.stores.next("alone")
	if err := errors.Join(err1, err2); err != nil {
		return rates{}, err
	}
	var r rates
	var records []storage.Record
	err := within(ctx, into, func(engine storage.Engine, app *portal.App) error {
		if _, err := furnish(ctx, app); err != nil {
			return err
		}
		began, used := time.Now(), ownCPU()
		err := bring(ctx, app, &text)
		r.imported = rate(customers*ordersEach, began)
		if err == nil {
			err = count(ctx, engine)
		}
		r.counted = rate(customers*ordersEach, began)
		r.cpu = (ownCPU() - used) / time.Duration(customers*ordersEach)
		if err == nil {
			records, err = read(ctx, engine, customers)
		}
		return err
	})
	if err != nil {
		return r, err
	}
	return r, within(ctx, beside, func(engine storage.Engine, _ *portal.App) error {
		began := time.Now()
		err := insert(ctx, engine, records)
		r.alone = rate(len(records), began)
		return err
	})
}

// ownCPU returns the CPU time of this process, which other processes affect less than wall-clock time.
func ownCPU() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func rate(n int, since time.Time) float64 { return float64(n) / time.Since(since).Seconds() }

// orderCollection returns the product's declaration of the orders collection.
func orderCollection() storage.Collection {
	for _, c := range portal.Collections() {
		if c.Name == "orders" {
			return c
		}
	}
	return storage.Collection{}
}

// read returns all orders of the customers as they are stored.
func read(ctx context.Context, engine storage.Engine, customers int) ([]storage.Record, error) {
	docs := storage.Open[struct{}](engine, shopID, orderCollection())
	var records []storage.Record
	for k := range ordersEach {
		for c := range customers {
			_, version, err := docs.Get(ctx, numberOf(c, k))
			if err != nil {
				return nil, err
			}
			r := storage.Record{ID: shopID + "/" + numberOf(c, k), Shop: shopID, Version: version}
			if r.Doc, err = engine.Get(ctx, orderCollection().Name, r.ID); err != nil {
				return nil, err
			}
			records = append(records, r)
		}
	}
	return records, nil
}

// importHands is the number of lines that an import processes concurrently.
const importHands = 64

func insert(ctx context.Context, engine storage.Engine, records []storage.Record) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(importHands)
	for _, r := range records {
		group.Go(func() error { return engine.Insert(ctx, orderCollection().Name, r) })
	}
	return group.Wait()
}
