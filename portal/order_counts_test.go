package portal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/job"
	"postern/portal/secret/secrettest"
	"postern/storage"
)

// TestAnImportLeavesOneCountForEachCustomerAndMonth checks that an import, however large, leaves one job
// for each customer and month and none in the orders.
func TestAnImportLeavesOneCountForEachCustomerAndMonth(t *testing.T) {
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
	if err != nil || len(waiting) != 2*customers {
		t.Errorf("%d jobs wait, want %d, %v", len(waiting), 2*customers, err)
	}
	if done, err := app.Worker().RunOnce(t.Context()); done != 0 || err != nil {
		t.Errorf("%d jobs done before the delay, %v", done, err)
	}
	h.clock.Move(3 * time.Second)
	if done, err := app.Worker().RunOnce(t.Context()); done != 2*customers || err != nil {
		t.Errorf("%d jobs done, %v", done, err)
	}
	for i := range customers {
		if got := h.find(fmt.Sprintf("c%d@example.com", i)).Orders; got != orders {
			t.Errorf("customer %d has %d orders, want %d", i, got, orders)
		}
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
