package portal

import (
	"testing"
	"time"

	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/withdrawal"
	"postern/storage"
	"postern/storage/storagetest"
)

// TestReceiptIsSettledOnce checks that settling a receipt a second time, as the worker and the request may
// do concurrently, changes nothing.
func TestReceiptIsSettledOnce(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC)
	a := New(storagetest.Open(t, Collections()...), secrettest.Ring(),
		WithClock(func() time.Time { return now }))
	shop := shop.Shop{ID: "main"}
	w := withdrawal.Withdrawal{Statement: withdrawal.Statement{Name: "Jan", Email: "jan@example.com",
		Number: "1"}, Network: "192.0.2.7/32"}
	early := storage.NewID()
	for n := range receiptsAnHour + 2 {
		id := storage.NewID()
		if n == 0 {
			id = early
		}
		if receipt, err := a.receive(t.Context(), shop, id, w); err != nil ||
			receipt.Mailed != (n < receiptsAnHour) {
			t.Errorf("%d: %+v, %v", n, receipt, err)
		}
	}
	before, _, err := a.withdrawalDocs(shop.ID).Get(t.Context(), early)
	if err != nil || before.Network != "" {
		t.Errorf("the client's network stays: %+v, %v", before, err)
	}
	if again, err := a.settleReceipt(t.Context(), shop, early, before); err != nil ||
		again.Receipt != withdrawal.ReceiptMailed || !again.Tell {
		t.Errorf("%+v became %+v, %v", before, again, err)
	}
}

// TestErasedOrderIsNobodys checks that a statement from an address without a customer does not match an
// erased order, which has no customer either.
func TestErasedOrderIsNobodys(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC)
	a := New(storagetest.Open(t, Collections()...), secrettest.Ring(),
		WithClock(func() time.Time { return now }))
	shop := shop.Shop{ID: "main"}
	for number, email := range map[string]string{"1": "", "2": "eva@example.com"} {
		order := order.Stored{Order: order.Order{Number: number, Email: email, PlacedAt: now}}
		if err := a.orderDocs(shop.ID).Insert(t.Context(), number, order); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ number, email, want string }{
		{"1", "nobody@example.com", ""}, {"#1", "nobody@example.com", ""}, {"2", "nobody@example.com", ""},
		{"2", "eva@example.com", "2"},
	}
	for _, test := range tests {
		got, err := a.Worker().orderOf(t.Context(), shop,
			withdrawal.Statement{Number: test.number, Email: test.email})
		if err != nil || got != test.want {
			t.Errorf("%s of %s is matched to %q, %v", test.number, test.email, got, err)
		}
	}
}
