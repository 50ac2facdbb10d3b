package portal_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/validate"
)

func TestImport(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	var file bytes.Buffer
	for i := range 50 {
		file.Write(oneLine(orderJSON(fmt.Sprintf("i%02d", i), jan)))
		file.WriteString("\n")
	}
	good := file.Len()
	file.WriteString("\n{\"number\":\"x\"}\n")
	file.Write(append(bytes.Repeat([]byte(" "), 5<<20), '\n'))
	file.Write(oneLine(orderJSON("last", jan))[:60]) // the file was cut off here
	run := func(text []byte) portal.Report {
		t.Helper()
		read := 0
		report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID, bytes.NewReader(text),
			func(n int) { read += n })
		if err != nil || read != len(text) {
			t.Fatalf("read %d of %d bytes, %v", read, len(text), err)
		}
		return report
	}
	if half := run(file.Bytes()[:good/2]); half.Created != 25 && half.Created != 24 {
		t.Errorf("half the file: %+v", half)
	}
	report := run(file.Bytes())
	if report.Created+report.Unchanged != 50 || report.RefusedCount != 3 {
		t.Errorf("whole file: %d created, %d unchanged, %d refused", report.Created, report.Unchanged,
			report.RefusedCount)
	}
	var lines []int
	for _, refusal := range report.Refused {
		lines = append(lines, refusal.Line)
	}
	if diff := cmp.Diff([]int{52, 53, 54}, lines); diff != "" {
		t.Error(diff)
	}
	if again := run(file.Bytes()); again.Unchanged != 50 {
		t.Errorf("again: %+v", again)
	}
}

// TestImportOfSeveralLinesOnOneOrder checks that of several lines with one order and one updated_at the
// last in the file wins, in each import.
func TestImportOfSeveralLinesOnOneOrder(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	var file bytes.Buffer
	orders := crowd(300)
	for i := range orders {
		for _, word := range []string{"unfulfilled", "processing", "shipped"} {
			file.Write(append(oneLine(orderJSON(fmt.Sprint(i), jan, "shipped", word)), '\n'))
		}
	}
	shopper := h.signInAs(jan)
	for range 3 {
		report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID,
			bytes.NewReader(file.Bytes()), func(int) {})
		if err != nil || report.RefusedCount > 0 {
			t.Fatalf("%+v, %v", report, err)
		}
		for i := range orders {
			if o, err := shopper.Order(t.Context(), fmt.Sprint(i)); err != nil ||
				o.Status.Fulfillment != order.Shipped {
				t.Fatalf("order %d is %s, %v", i, o.Status.Fulfillment, err)
			}
		}
	}
}

// TestImportWhileSomebodyIsErased checks that the order of a customer being erased is refused, and accepted
// when the file is imported again.
func TestImportWhileSomebodyIsErased(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.beginErasure()
	var file bytes.Buffer
	for _, body := range [][]byte{orderJSON("1", jan), h.tracedOrder("E-9", traces["e-mail address"]),
		orderJSON("2", jan)} {
		file.Write(append(oneLine(body), '\n'))
	}
	run := func() portal.Report {
		t.Helper()
		report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID,
			bytes.NewReader(file.Bytes()), func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	report := run()
	if report.Created != 2 || report.RefusedCount != 1 || report.Refused[0].Line != 2 ||
		validate.KindOf(report.Refused[0].Err) != validate.Unavailable {
		t.Errorf("while they are erased: %+v", report)
	}
	h.clock.Move(time.Minute)
	h.work()
	if report := run(); report.Created != 1 || report.Unchanged != 2 {
		t.Errorf("a minute later: %+v", report)
	}
}
