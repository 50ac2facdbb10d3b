package portal_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/storage"
)

// recounting is a store that counts how often a customer's orders are counted.
type recounting struct {
	storage.Engine
	counts *atomic.Int64
}

func (e recounting) Scan(ctx context.Context, collection string, s storage.Scan) ([]storage.Row, error) {
	if collection == "orders" && s.Index.Name == "placed" {
		e.counts.Add(1)
	}
	return e.Engine.Scan(ctx, collection, s)
}

// importOrders stores one order for each of that many customers, so that a worker has to count each.
func (h *testApp) importOrders(orders int) {
	h.t.Helper()
	var lines strings.Builder
	for i := range orders {
		body := orderJSON(fmt.Sprintf("n%d", i), fmt.Sprintf("c%d@example.com", i))
		lines.Write(oneLine(body))
		lines.WriteByte('\n')
	}
	report, err := h.app.Operator().ImportOrders(h.t.Context(), h.shop.ID,
		strings.NewReader(lines.String()), func(int) {})
	if err != nil || report.Created != orders {
		h.t.Fatalf("import: %+v, %v", report, err)
	}
}

// process returns the app of another process over the app's store.
func (h *testApp) process(engine storage.Engine) *portal.App {
	return portal.New(engine, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0))
}

// TestTwoWorkersShareTheJobs checks that of two processes on one store only one runs a shop's jobs, and
// each job once.
func TestTwoWorkersShareTheJobs(t *testing.T) {
	t.Parallel()
	orders := crowd(500)
	h := newTestApp(t)
	h.importOrders(orders)
	counts := &atomic.Int64{}
	var workers sync.WaitGroup
	for range 2 {
		beat := h.process(recounting{h.engine, counts}).Worker().Beat()
		workers.Go(func() {
			if err := beat(t.Context()); err != nil {
				t.Errorf("beat: %v", err)
			}
		})
	}
	workers.Wait()
	for range 2 { // for the process that found the other at work
		if err := h.process(recounting{h.engine, counts}).Worker().Beat()(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := counts.Load(); got != int64(orders) {
		t.Errorf("%d recounts for %d jobs", got, orders)
	}
}

// TestWorkerTakesOverAfterACrash checks that another process takes over a dead process's jobs after exactly
// a minute.
func TestWorkerTakesOverAfterACrash(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.sweep() // needed once in a new store
	h.put(orderJSON("1001", jan))
	if err := h.dying(1).Worker().Beat()(t.Context()); err == nil {
		t.Fatal("the process did not die")
	}
	counts := &atomic.Int64{}
	beat := h.process(recounting{h.engine, counts}).Worker().Beat()
	for _, step := range []struct {
		pass time.Duration
		want int64
	}{{0, 0}, {time.Minute - time.Millisecond, 0}, {time.Millisecond, 1}, {0, 1}} {
		h.clock.Move(step.pass)
		if err := beat(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := counts.Load(); got != step.want {
			t.Errorf("%s later: %d recounts, want %d", step.pass, got, step.want)
		}
	}
	h.put(orderJSON("1002", jan)) // the lease has been released, so the next job does not wait
	if err := h.process(recounting{h.engine, counts}).Worker().Beat()(t.Context()); err != nil ||
		counts.Load() != 2 {
		t.Errorf("a third process: %d recounts, %v", counts.Load(), err)
	}
}

// TestWorkerRoundWithoutJobsWritesNothing checks that a lease is taken only when there is work.
func TestWorkerRoundWithoutJobsWritesNothing(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.sweep()
	activity := storage.NewActivity(h.engine)
	if err := h.process(activity).Worker().Beat()(t.Context()); err != nil || activity.Writes() != 0 {
		t.Errorf("%d writes, %v", activity.Writes(), err)
	}
}
