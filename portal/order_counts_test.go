package portal_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/storage"
)

// TestAnImportRequestsOneCountForEachCustomerAndMonth checks that an import, however large, requests one
// count for each customer and month, that many share a job, and that the jobs leave nothing but the counts.
func TestAnImportRequestsOneCountForEachCustomerAndMonth(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	app := portal.New(h.engine, secrettest.Ring(), portal.WithClock(h.clock.Now))
	const customers, orders = 3, 40
	var lines strings.Builder
	for i := range customers * orders {
		placed := fmt.Sprintf(`"placed_at":"2026-0%d-05T10:00:00Z"`, 3+i%2)
		body := orderJSON(fmt.Sprint("n", i), fmt.Sprintf("c%d@example.com", i%customers),
			`"placed_at":"2026-03-05T10:00:00Z"`, placed)
		lines.Write(oneLine(body))
		lines.WriteByte('\n')
	}
	report, err := app.Operator().ImportOrders(t.Context(), h.shop.ID,
		strings.NewReader(lines.String()), func(int) {})
	if err != nil || report.Created != customers*orders {
		t.Fatalf("import: %+v, %v", report, err)
	}
	waiting, err := app.Operator().Jobs().List(t.Context(), job.Scheduled, storage.MaxLimit)
	if err != nil || len(waiting) == 0 {
		t.Fatalf("%d jobs wait, %v", len(waiting), err)
	}
	seen := map[order.CustomerMonth]int{}
	for _, request := range h.countRequests() {
		for _, m := range request.Months {
			seen[m]++
		}
	}
	if len(seen) != 2*customers || slices.Max(slices.Collect(maps.Values(seen))) != 1 {
		t.Errorf("requested are %v, want each of %d months once", seen, 2*customers)
	}
	if done, err := app.Worker().RunOnce(t.Context()); done != 0 || err != nil {
		t.Errorf("%d jobs done before the delay, %v", done, err)
	}
	h.clock.Move(3 * time.Second)
	if done, err := app.Worker().RunOnce(t.Context()); done != len(waiting) || err != nil {
		t.Errorf("%d jobs done, want %d, %v", done, len(waiting), err)
	}
	if left := h.countRequests(); len(left) > 0 {
		t.Errorf("%d requests are left", len(left))
	}
	for i := range customers {
		if got := h.find(fmt.Sprintf("c%d@example.com", i)).Orders; got != orders {
			t.Errorf("customer %d has %d orders, want %d", i, got, orders)
		}
	}
}

// countRequests returns the stored requests for counts.
func (h *testApp) countRequests() (all []order.CountRequest) {
	h.t.Helper()
	docs := order.CountRequestDocs(h.engine, h.shop.ID)
	waiting, err := h.app.Operator().Jobs().List(h.t.Context(), job.Scheduled, storage.MaxLimit)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, j := range waiting {
		request, _, err := docs.Get(h.t.Context(), j.Key)
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, request)
	}
	return all
}

// TestAnOrderAfterACountIsCounted checks that an order never relies on a request that may have been carried
// out: one that is due, or due too soon for the order's own write.
func TestAnOrderAfterACountIsCounted(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{0, time.Second, 1500 * time.Millisecond, 2 * time.Second,
		3 * time.Second, time.Minute} {
		t.Run(wait.String(), func(t *testing.T) {
			h := newTestApp(t)
			app := portal.New(h.engine, secrettest.Ring(), portal.WithClock(h.clock.Now))
			feed := h.feedOver(app)
			put := func(number string) {
				t.Helper()
				if _, err := feed.PutOrder(t.Context(), number, orderJSON(number, jan)); err != nil {
					t.Fatal(err)
				}
			}
			put("1")
			h.clock.Move(wait)
			if _, err := app.Worker().RunOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
			put("2")
			requests := len(h.countRequests())
			want := 1
			if wait == 2*time.Second { // the first is not due yet, but too soon for the second order
				want = 2
			}
			if requests != want {
				t.Errorf("%d requests wait, want %d", requests, want)
			}
			h.clock.Move(3 * time.Second)
			if _, err := app.Worker().RunOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := h.find(jan).Orders; got != 2 {
				t.Errorf("%d orders are counted, want 2", got)
			}
		})
	}
}

// TestOrdersOfALongImportAreCounted checks that orders keep being counted during a long import: an order
// that arrives when a count is already due requests another, so that the first is not postponed for ever.
func TestOrdersOfALongImportAreCounted(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	app := portal.New(h.engine, secrettest.Ring(), portal.WithClock(h.clock.Now))
	counted := 0
	for i := range 12 {
		body := orderJSON(fmt.Sprint("n", i), jan)
		if _, err := app.Operator().ImportOrders(t.Context(), h.shop.ID,
			strings.NewReader(string(oneLine(body))), func(int) {}); err != nil {
			t.Fatal(err)
		}
		h.clock.Move(time.Second)
		done, err := app.Worker().RunOnce(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		counted += done
	}
	if counted < 3 || counted > 8 {
		t.Errorf("%d counts during twelve seconds of orders", counted)
	}
	h.clock.Move(3 * time.Second)
	if _, err := app.Worker().RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := h.find(jan).Orders; got != 12 {
		t.Errorf("%d orders are counted, want 12", got)
	}
}

// failingCount is a store that cannot store the counts of one customer.
type failingCount struct {
	storage.Engine
	customer string
	failing  *atomic.Bool
}

func (e failingCount) Insert(ctx context.Context, collection string, r storage.Record) error {
	if e.failing.Load() && collection == "order_counts" && strings.HasSuffix(r.ID, "/"+e.customer) {
		return errors.New("the disk of this customer is full")
	}
	return e.Engine.Insert(ctx, collection, r)
}

// TestOneFailingCountDelaysNoOther counts many customers together of whom one fails: the others have their
// counts at once, and the one has it when the store works again.
func TestOneFailingCountDelaysNoOther(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	const customers = 200 // more than are counted at a time
	for i := range customers {
		h.put(orderJSON(fmt.Sprint("n", i), fmt.Sprintf("c%d@example.com", i)))
	}
	failing := &atomic.Bool{}
	failing.Store(true)
	app := portal.New(failingCount{h.engine, h.find("c0@example.com").ID, failing}, secrettest.Ring(),
		portal.WithClock(h.clock.Now))
	counted := func() (n int) {
		for i := range customers {
			n += int(h.find(fmt.Sprintf("c%d@example.com", i)).Orders)
		}
		return n
	}
	h.clock.Move(5 * time.Second)
	if _, err := app.Worker().RunOnce(t.Context()); err == nil {
		t.Error("nobody learns of the failure")
	}
	if got := counted(); got != customers-1 {
		t.Errorf("%d customers are counted, want all but one of %d", got, customers)
	}
	failing.Store(false)
	h.clock.Move(time.Hour)
	if _, err := app.Worker().RunOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := counted(); got != customers {
		t.Errorf("%d customers are counted, want %d", got, customers)
	}
}
