package portal_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/validate"
	"postern/portal/voucher"
)

// voucherJSON returns a voucher of 10 EUR with further members.
func voucherJSON(more string) []byte {
	return []byte(`{"amount":"10.00","currency":"EUR","updated_at":"2026-03-05T10:00:00Z"` + more + `}`)
}

// putVoucher stores a voucher.
func (h *testApp) putVoucher(f portal.Feed, code, more string) {
	h.t.Helper()
	if receipt, err := f.PutVoucher(h.t.Context(), code, voucherJSON(more)); err != nil || receipt.Outcome != order.Created {
		h.t.Fatalf("put voucher: %+v, %v", receipt, err)
	}
}

// redeem asks for a use of a voucher by an order.
func redeem(ctx context.Context, f portal.Feed, code, number, more string) (voucher.RedemptionRecord, error) {
	return f.Redeem(ctx, code, fmt.Appendf(nil, `{"order":%q%s}`, number, more))
}

// used returns a voucher's uses, and checks that those left make them up to the total.
func (h *testApp) used(f portal.Feed, code string) int64 {
	h.t.Helper()
	v, err := f.Voucher(h.t.Context(), code)
	if err != nil {
		h.t.Fatal(err)
	}
	if v.Left != nil && v.Used+*v.Left != v.Uses {
		h.t.Errorf("%d used and %d left of %d", v.Used, *v.Left, v.Uses)
	}
	return v.Used
}

// feeds returns feeds of the same shop in several processes.
func (h *testApp) feeds(count int) []portal.Feed {
	h.t.Helper()
	key, err := h.app.Operator().CreateKey(h.t.Context(), h.shop.ID, "test")
	if err != nil {
		h.t.Fatal(err)
	}
	var feeds []portal.Feed
	for n := range count {
		app := h.app
		if n > 0 {
			app = h.dying(1 << 40)
		}
		feed, err := app.Feed(h.t.Context(), h.shop, key)
		if err != nil {
			h.t.Fatal(err)
		}
		feeds = append(feeds, feed)
	}
	return feeds
}

// TestThousandOrdersShareTheUsesOfAVoucher redeems a voucher with 500 uses by 1,000 orders at the same time,
// in one process and in three. Exactly 500 get it, and the same ones when they ask again.
func TestThousandOrdersShareTheUsesOfAVoucher(t *testing.T) {
	t.Parallel()
	for _, processes := range []int{1, 3} {
		t.Run(fmt.Sprint(processes), func(t *testing.T) {
			t.Parallel()
			h := newTestApp(t)
			feeds := h.feeds(processes)
			h.putVoucher(feeds[0], "SPRING", `,"uses":500`)
			ask := func() (got [1000]voucher.RedemptionRecord) {
				var all sync.WaitGroup
				for n := range got {
					all.Go(func() {
						made, err := redeem(t.Context(), feeds[n%processes], "spring", fmt.Sprint(n), "")
						if err != nil && validate.KeyOf(err) != "voucher.used_up" {
							t.Errorf("order %d: %v", n, err)
						}
						got[n] = made
					})
				}
				all.Wait()
				return got
			}
			first := ask()
			count := 0
			for _, made := range first {
				if made.Order != "" {
					count++
				}
			}
			if count != 500 || h.used(feeds[0], "SPRING") != 500 {
				t.Errorf("%d orders got it, %d uses are counted", count, h.used(feeds[0], "SPRING"))
			}
			h.clock.Move(24 * time.Hour)
			if diff := cmp.Diff(first, ask()); diff != "" {
				t.Errorf("asked again: %s", diff)
			}
		})
	}
}

// TestOrderRedeemsAVoucherOnce redeems a voucher by one order many times at once: it takes one use, and each
// request gets the same answer, also after the voucher has changed, was used up, and was deleted.
func TestOrderRedeemsAVoucherOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feeds := h.feeds(3)
	h.putVoucher(feeds[0], "one", `,"uses":5`)
	var answers [300]voucher.RedemptionRecord
	var all sync.WaitGroup
	for n := range answers {
		all.Go(func() {
			var err error
			if answers[n], err = redeem(t.Context(), feeds[n%3], "ONE", "1001", ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	again := func(when string) {
		t.Helper()
		if got, err := redeem(t.Context(), feeds[0], "One", "1001", ""); err != nil || got != answers[0] {
			t.Errorf("%s: %+v, %v", when, got, err)
		}
	}
	for _, got := range answers {
		if got != answers[0] || got.Amount != "10.00" || got.Currency != "EUR" || got.Order != "1001" {
			t.Fatalf("%+v", got)
		}
	}
	if n := h.used(feeds[0], "ONE"); n != 1 {
		t.Errorf("%d uses", n)
	}
	h.clock.Move(time.Hour)
	if _, err := feeds[0].PutVoucher(t.Context(), "one",
		[]byte(`{"percent":"5","uses":1,"until":"2026-11-21T10:00:00Z","updated_at":"2026-11-21T10:00:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	again("after a change")
	if err := feeds[0].DeleteVoucher(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	again("after the deletion")
}

// TestVoucherUseIsGivenBack gives a use back, at the same time as others take it.
func TestVoucherUseIsGivenBack(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	h.putVoucher(feed, "A", `,"uses":1`)
	ctx := t.Context()
	if err := feed.GiveBack(ctx, "A", "1"); validate.KeyOf(err) != "voucher.not_redeemed" {
		t.Errorf("never redeemed: %v", err)
	}
	first, err := redeem(ctx, feed, "A", "1", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := redeem(ctx, feed, "A", "2", ""); validate.KeyOf(err) != "voucher.used_up" {
		t.Errorf("used up: %v", err)
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := feed.GiveBack(ctx, "A", "1"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := h.used(feed, "A"); n != 0 {
		t.Errorf("%d uses after it was given back", n)
	}
	if r, err := feed.Redemption(ctx, "A", "1"); err != nil || r.GivenBackAt == nil || r.RedeemedAt != first.RedeemedAt {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := redeem(ctx, feed, "A", "2", ""); err != nil {
		t.Errorf("the freed use: %v", err)
	}
	if _, err := redeem(ctx, feed, "A", "1", ""); validate.KeyOf(err) != "voucher.used_up" {
		t.Errorf("the order that gave it back: %v", err)
	}
}

// TestVoucherUsesAddUp runs random sequences of redeeming and giving back by several processes, some of which
// die in the middle. The uses that count are always those of the orders that have one, and never more than
// there are.
func TestVoucherUsesAddUp(t *testing.T) {
	t.Parallel()
	for seed := range uint64(25) {
		h := newTestApp(t)
		random := rand.New(rand.NewPCG(seed, 10))
		key, err := h.app.Operator().CreateKey(t.Context(), h.shop.ID, "test")
		if err != nil {
			t.Fatal(err)
		}
		feed := func(app *portal.App) portal.Feed {
			f, err := app.Feed(t.Context(), h.shop, key)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		living := feed(h.app)
		const uses, orders = 4, 8
		h.putVoucher(living, "P", fmt.Sprintf(`,"uses":%d`, uses))
		for step := range 40 {
			f := living
			if random.IntN(3) == 0 {
				f = feed(h.dying(random.IntN(4)))
			}
			number := fmt.Sprint(random.IntN(orders))
			if random.IntN(3) == 0 {
				err = f.GiveBack(t.Context(), "P", number)
			} else {
				_, err = redeem(t.Context(), f, "P", number, "")
			}
			if err != nil && !errors.Is(err, errDead) && validate.KindOf(err) == validate.Internal {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
			if random.IntN(10) == 0 {
				h.clock.Move(2 * time.Minute)
				h.quiet()
			}
			live := int64(0)
			for n := range orders {
				if r, err := living.Redemption(t.Context(), "P", fmt.Sprint(n)); err == nil && r.GivenBackAt == nil {
					live++
				}
			}
			if used := h.used(living, "P"); used != live || used > uses {
				t.Fatalf("seed %d, step %d: %d uses counted, %d orders have one", seed, step, used, live)
			}
		}
	}
}

// TestCrashOfARedemption checks that after a crash between any two writes the order can redeem and has one
// use, whether it asks again or the worker finishes it.
func TestCrashOfARedemption(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		key, err := h.app.Operator().CreateKey(t.Context(), h.shop.ID, "test")
		if err != nil {
			t.Fatal(err)
		}
		feed := func(app *portal.App) portal.Feed {
			f, err := app.Feed(t.Context(), h.shop, key)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		living := feed(h.app)
		h.putVoucher(living, "C", `,"uses":2,"uses_per_customer":1`)
		attempt := func(app *portal.App) error {
			_, err := redeem(t.Context(), feed(app), "C", "1", `,"email":"jan@example.com"`)
			return err
		}
		return attempt, func(done bool) {
			h.clock.Move(time.Minute)
			h.quiet()
			counted := h.used(living, "C")
			if r, err := living.Redemption(t.Context(), "C", "1"); (err == nil) != (counted == 1) || done && err != nil {
				t.Errorf("%d counted, %+v, %v", counted, r, err)
			}
			if _, err := redeem(t.Context(), living, "C", "1", `,"email":"jan@example.com"`); err != nil {
				t.Errorf("once more: %v", err)
			}
			if _, err := redeem(t.Context(), living, "C", "2", `,"email":"Jan@example.com"`); validate.KeyOf(err) != "voucher.used_by_customer" {
				t.Errorf("the same customer's second order: %v", err)
			}
			if n := h.used(living, "C"); n != 1 {
				t.Errorf("%d uses", n)
			}
		}
	})
}

// TestVoucherSaysWhyNot redeems vouchers that the order cannot use.
func TestVoucherSaysWhyNot(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	if _, err := feed.PutCustomer(t.Context(), "77", []byte(`{"email":"jana@example.com","updated_at":"2026-03-05T10:00:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	for n, test := range []struct{ name, more, who, want string }{
		{"anyone", ``, ``, ""},
		{"before it begins", `,"from":"2026-11-21T10:00:01Z"`, ``, "voucher.early"},
		{"as it begins", `,"from":"2026-11-21T10:00:00Z"`, ``, ""},
		{"as it ends", `,"until":"2026-11-21T10:00:00Z"`, ``, "voucher.expired"},
		{"just before it ends", `,"until":"2026-11-21T10:00:00.001Z"`, ``, ""},
		{"another's", `,"for":{"customer_id":"77"}`, `,"customer_id":"78"`, "voucher.other_customer"},
		{"another's, said by nobody", `,"for":{"customer_id":"77"}`, ``, "voucher.other_customer"},
		{"one's own by id", `,"for":{"customer_id":"77"}`, `,"customer_id":77`, ""},
		{"one's own by the email of the id", `,"for":{"customer_id":"77"}`, `,"email":"Jana@example.com"`, ""},
		{"by email", `,"for":{"email":"jana@example.com"}`, `,"customer_id":"77"`, ""},
		{"by the email of a guest", `,"for":{"email":"karel@example.com"}`, `,"email":"karel@example.com"`, ""},
		{"each customer once, and nobody said", `,"uses_per_customer":1`, ``, "error.invalid"},
	} {
		code := fmt.Sprint("V", n)
		h.putVoucher(feed, code, test.more)
		if _, err := redeem(t.Context(), feed, code, "1", test.who); validate.KeyOf(err) != test.want {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	if _, err := redeem(t.Context(), feed, "NONE", "1", ""); validate.KeyOf(err) != "voucher.not_found" {
		t.Errorf("unknown: %v", err)
	}
}

// TestEachCustomerUsesAVoucherAsOftenAsItSays redeems a voucher at the same time by orders of one customer,
// who is named by id and by email.
func TestEachCustomerUsesAVoucherAsOftenAsItSays(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feeds := h.feeds(2)
	if _, err := feeds[0].PutCustomer(t.Context(), "77", []byte(`{"email":"jana@example.com","updated_at":"2026-03-05T10:00:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	h.putVoucher(feeds[0], "L", `,"uses":100,"uses_per_customer":3`)
	var all sync.WaitGroup
	var got [40]bool
	for n := range got {
		all.Go(func() {
			who := []string{`,"customer_id":"77"`, `,"email":"jana@example.com"`}[n/2%2]
			_, err := redeem(t.Context(), feeds[n%2], "L", fmt.Sprint(n), who)
			if got[n] = err == nil; err != nil && validate.KeyOf(err) != "voucher.used_by_customer" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := h.used(feeds[0], "L"); n != 3 {
		t.Errorf("%d uses", n)
	}
	for n, has := range got {
		if has {
			if err := feeds[0].GiveBack(t.Context(), "L", fmt.Sprint(n)); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
	if _, err := redeem(t.Context(), feeds[1], "L", "last", `,"customer_id":"77"`); err != nil {
		t.Errorf("after one was given back: %v", err)
	}
}

// TestLateStepChangesNothing has another process give back a use, and another order take it, between any two
// operations of the process that took it first.
func TestLateStepChangesNothing(t *testing.T) {
	t.Parallel()
	for turn := 0; ; turn++ {
		h := newTestApp(t)
		f := h.feed()
		h.putVoucher(f, "L", `,"uses":1`)
		done := false
		m := &meddled{Engine: h.engine, turn: turn, meddle: func() {
			done = true
			if err := f.GiveBack(t.Context(), "L", "1"); err != nil && validate.KeyOf(err) != "voucher.not_redeemed" {
				t.Error(err)
			}
			if _, err := redeem(t.Context(), f, "L", "2", ""); err != nil && validate.KeyOf(err) != "voucher.used_up" {
				t.Error(err)
			}
		}}
		_, err := redeem(t.Context(), h.feedOver(portal.New(m, secrettest.Ring(), portal.WithClock(h.clock.Now))), "L", "1", "")
		if err != nil && validate.KeyOf(err) != "voucher.used_up" {
			t.Errorf("before operation %d: %v", turn, err)
		}
		h.clock.Move(2 * time.Minute)
		h.work()
		live := int64(0)
		for _, number := range []string{"1", "2"} {
			if r, err := f.Redemption(t.Context(), "L", number); err == nil && r.GivenBackAt == nil {
				live++
			}
		}
		if used := h.used(f, "L"); used != live || used != 1 {
			t.Errorf("before operation %d: %d uses counted, %d orders have one", turn, used, live)
		}
		if !done {
			t.Logf("%d operations", turn)
			return
		}
	}
}
