package main

import (
	"encoding/json"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/sync/errgroup"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/web"
	"postern/storage"
)

// BenchmarkPut puts a new order of each of 200 customers in this process and without a network, 16 at a time,
// and then counts them, for profiles:
//
//	go test ./cmd/bench -run - -bench Put -benchmem -cpuprofile cpu.out
func BenchmarkPut(b *testing.B) {
	const customers = 200
	store := filepath.Join(b.TempDir(), "store")
	var key string
	err := within(b.Context(), store, func(engine storage.Engine, app *portal.App) (err error) {
		if key, err = furnish(b.Context(), app); err != nil {
			return err
		}
		return fill(b.Context(), engine, app, 0, customers)
	})
	if err != nil {
		b.Fatal(err)
	}
	err = within(b.Context(), store, func(engine storage.Engine, _ *portal.App) error {
		return putCounted(b, engine, key, customers)
	})
	if err != nil {
		b.Fatal(err)
	}
}

// putCounted puts a new order of each customer, and counts them after the delay.
func putCounted(b *testing.B, engine storage.Engine, key string, customers int) error {
	var later atomic.Int64
	app := portal.New(engine, nil, portal.WithClock(func() time.Time { return time.Now().Add(time.Duration(later.Load())) }))
	site, err := web.New(web.Config{App: app})
	if err != nil {
		return err
	}
	var putting, counting time.Duration
	for k := ordersEach; b.Loop(); k++ {
		begun := ownCPU()
		sideBySide(customers, func(c int) { putNew(b, site.Handler(), key, newOrder(c, k, time.Now())) })
		put := ownCPU()
		later.Add(int64(2 * order.StandardCountDelay))
		for done := 1; done > 0; {
			if done, err = app.Worker().RunOnce(b.Context()); err != nil {
				return err
			}
		}
		putting, counting = putting+put-begun, counting+ownCPU()-put
	}
	each := func(used time.Duration) float64 { return float64(used.Microseconds()) / float64(b.N*customers) }
	b.ReportMetric(each(putting), "put-us/order")
	b.ReportMetric(each(counting), "count-us/order")
	b.ReportMetric(each(putting+counting), "cpu-us/order")
	return nil
}

// sideBySide calls do with 0 to count-1, 16 of them at a time.
func sideBySide(count int, do func(int)) {
	var group errgroup.Group
	group.SetLimit(16)
	for i := range count {
		group.Go(func() error {
			do(i)
			return nil
		})
	}
	_ = group.Wait() // do returns no error
}

func putNew(b *testing.B, handle fasthttp.RequestHandler, key string, sent sentOrder) {
	body, err := json.Marshal(sent)
	if err != nil {
		b.Error(err)
	}
	var c fasthttp.RequestCtx
	c.Request.Header.SetMethod(fasthttp.MethodPut)
	c.Request.SetRequestURI("/api/v1/orders/" + sent.Number)
	c.Request.Header.SetHost(host)
	c.Request.Header.SetContentType("application/json")
	c.Request.Header.Set("Authorization", "Bearer "+key)
	c.Request.SetBodyRaw(body)
	handle(&c)
	if c.Response.StatusCode() != fasthttp.StatusCreated {
		b.Errorf("status %d: %s", c.Response.StatusCode(), c.Response.Body())
	}
}
