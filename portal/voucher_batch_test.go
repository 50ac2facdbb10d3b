package portal

import (
	"fmt"
	"testing"
	"time"

	"postern/portal/secret/secrettest"
	"postern/portal/voucher"
	"postern/storage/storagetest"
)

// TestUsesOfABatchAreDecidedInTurn gives a use back and takes it in one batch, in both sequences.
func TestUsesOfABatchAreDecidedInTurn(t *testing.T) {
	t.Parallel()
	for name, backFirst := range map[string]bool{"first given back": true, "first taken": false} {
		a := New(storagetest.Open(t, Collections()...), secrettest.Ring())
		one := voucher.Voucher{Code: "A", Holders: []string{voucher.Everyone}, UpdatedAt: time.Now(),
			Terms: voucher.Terms{Percent: "10", PerCustomer: 1}}
		docs, ctx := a.voucherDocs("main"), t.Context()
		if err := docs.Insert(ctx, "A", one); err != nil {
			t.Fatal(err)
		}
		who := []string{voucher.EmailKey("jan@example.com")}
		if err := a.decideUses(ctx, "main", "A", []*voucherUse{{order: "1", holders: who}}); err != nil {
			t.Fatal(err)
		}
		back, taken := &voucherUse{order: "1", back: true}, &voucherUse{order: "2", holders: who}
		batch := []*voucherUse{back, taken}
		if !backFirst {
			batch = []*voucherUse{taken, back}
		}
		if err := a.decideUses(ctx, "main", "A", batch); err != nil || back.err != nil || (taken.err == nil) != backFirst {
			t.Errorf("%s: %v, %v, %v", name, err, back.err, taken.err)
		}
	}
}

// TestBatchHasEachOrderOnce checks that two requests of one order are decided one after the other, and that
// no request is lost.
func TestBatchHasEachOrderOnce(t *testing.T) {
	t.Parallel()
	w := voucherUses{waiting: map[string][]*voucherUse{}}
	const requests, orders = 3 * maxUsesAtOnce, 2 * maxUsesAtOnce
	for n := range requests {
		w.waiting["k"] = append(w.waiting["k"], &voucherUse{order: fmt.Sprint(n % orders)})
	}
	seen := map[*voucherUse]bool{}
	for batch := w.next("k"); len(batch) > 0; batch = w.next("k") {
		numbers := map[string]bool{}
		for _, u := range batch {
			if numbers[u.order] || seen[u] {
				t.Errorf("order %s twice", u.order)
			}
			numbers[u.order], seen[u] = true, true
		}
		if len(batch) > maxUsesAtOnce {
			t.Errorf("a batch of %d", len(batch))
		}
	}
	if _, writing := w.waiting["k"]; len(seen) != requests || writing {
		t.Errorf("%d of %d requests, still writing: %v", len(seen), requests, writing)
	}
}
