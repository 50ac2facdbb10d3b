package portal

import (
	"testing"
	"time"

	"postern/storage"
	"postern/storage/storagetest"
)

// TestReceiptIsSettledOnce: who counts a statement's mails a second time, as worker and request can at once, changes nothing.
func TestReceiptIsSettledOnce(t *testing.T) {
	now := at(t, "2026-03-05T10:00:00Z")
	a := New(storagetest.Open(t, Collections()...), WithClock(func() time.Time { return now }))
	shop := Shop{ID: "main"}
	w := withdrawal{Statement: Statement{Name: "Jan", Email: "jan@example.com", Number: "1"}, Network: "192.0.2.7/32"}
	early := storage.NewID()
	for n := range receiptsAnHour + 2 {
		id := storage.NewID()
		if n == 0 {
			id = early
		}
		if receipt, err := a.receive(t.Context(), shop, id, w); err != nil || receipt.Mailed != (n < receiptsAnHour) {
			t.Errorf("%d: %+v, %v", n, receipt, err)
		}
	}
	before, _, err := a.withdrawalDocs(shop.ID).Get(t.Context(), early)
	if err != nil || before.Network != "" {
		t.Errorf("the client's network stays: %+v, %v", before, err)
	}
	if again, err := a.settleReceipt(t.Context(), shop, early, before); err != nil || again.Receipt != receiptMailed || !again.Tell {
		t.Errorf("%+v became %+v, %v", before, again, err)
	}
}
