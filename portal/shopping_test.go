package portal_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/cart"
	"postern/portal/event"
	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/voucher"
)

// shoppingTraces are the personal details in what the shop's system says about a customer's shopping.
func shoppingTraces() map[string]string {
	return map[string]string{"voucher": "Pre našu Zdenku", "cart": "Košík plný tajomstiev", "event": "Tajný výrobok"}
}

// shopping stores a voucher that the customer uses, a cart and an event.
func (h *testApp) shopping(id, email string) {
	h.t.Helper()
	h.set(shop.Settings{Events: ptr(true)})
	f, ctx, traces := h.feed(), h.t.Context(), shoppingTraces()
	_, made := f.PutVoucher(ctx, "zdenka", fmt.Appendf(nil, `{"title":%q,"percent":"10","for":{"customer_id":%q},"updated_at":"2026-03-05T10:00:00Z"}`, traces["voucher"], id))
	_, redeemed := redeem(ctx, f, "zdenka", "E-1", fmt.Sprintf(`,"email":%q`, email))
	_, filled := f.PutCart(ctx, id, cartJSON("2026-11-20T10:00:00Z", traces["cart"]))
	reported, visited := f.PutEvents(ctx, fmt.Appendf(nil, `[{"id":"1","type":"product_view","at":"2026-11-20T10:00:00Z","customer_id":%q,"name":%q}]`, id, traces["event"]), false)
	if err := errors.Join(made, redeemed, filled, visited); err != nil || reported[0].Err != nil {
		h.t.Fatal(err, reported)
	}
}

// cartJSON returns a cart with one line for each name.
func cartJSON(at string, names ...string) []byte {
	var lines []string
	for _, name := range names {
		lines = append(lines, fmt.Sprintf(`{"name":%q,"quantity":"1","total":"12.50"}`, name))
	}
	return fmt.Appendf(nil, `{"currency":"EUR","lines":[%s],"updated_at":%q}`, strings.Join(lines, ","), at)
}

// TestNewestCartWins sends carts out of order, and at the same time.
func TestNewestCartWins(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.putCustomer("77", jan)
	f := h.feed()
	for _, step := range []struct {
		at    string
		names []string
		want  order.Outcome
		kept  int
	}{
		{"2026-11-20T10:00:00Z", []string{"a", "b"}, order.Created, 2},
		{"2026-11-20T10:00:00Z", []string{"a", "b"}, order.Unchanged, 2},
		{"2026-11-20T09:00:00Z", []string{"old"}, order.Stale, 2},
		{"2026-11-20T11:00:00Z", nil, order.Updated, 0},
		{"2026-11-20T10:30:00Z", []string{"late"}, order.Stale, 0},
		{"2026-11-20T12:00:00Z", []string{"c"}, order.Updated, 1},
	} {
		receipt, err := f.PutCart(t.Context(), "77", cartJSON(step.at, step.names...))
		if err != nil || receipt.Outcome != step.want {
			t.Errorf("%s %v: %s, %v", step.at, step.names, receipt.Outcome, err)
		}
		if got, err := f.Cart(t.Context(), "77"); err != nil || len(got.Lines) != step.kept {
			t.Errorf("%s %v: reads %+v, %v", step.at, step.names, got, err)
		}
	}
	var all sync.WaitGroup
	start := time.Date(2026, 11, 20, 13, 0, 0, 0, time.UTC)
	for n := range 100 {
		all.Go(func() {
			at := start.Add(time.Duration(n) * time.Second).Format(time.RFC3339)
			if _, err := f.PutCart(t.Context(), "77", cartJSON(at, fmt.Sprint(n))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got, err := f.Cart(t.Context(), "77"); err != nil || got.Lines[0].Name != "99" {
		t.Errorf("at the end %+v, %v", got, err)
	}
	for id, want := range map[string]string{"78": "customer.not_found", "": "customer.not_found"} {
		if _, err := f.PutCart(t.Context(), id, cartJSON("2026-11-20T12:00:00Z", "x")); validate.KeyOf(err) != want {
			t.Errorf("customer %q: %v", id, err)
		}
	}
	if _, err := f.PutCart(t.Context(), "77", cartJSON("2036-01-01T00:00:00Z", "x")); !slices.Equal(fieldErrorsOf(err), []string{"/updated_at time.ahead"}) {
		t.Errorf("from 2036: %v", err)
	}
}

// report sends events of customer 77, given as id and time.
func (h *testApp) report(f portal.Feed, events ...string) (results []string) {
	h.t.Helper()
	var list []string
	for _, e := range events {
		id, at, _ := strings.Cut(e, " ")
		list = append(list, fmt.Sprintf(`{"id":%q,"type":"product_view","at":%q,"customer_id":"77","name":%q}`, id, at, "Book "+id))
	}
	reported, err := f.PutEvents(h.t.Context(), []byte("["+strings.Join(list, ",")+"]"), false)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, r := range reported {
		result := string(r.Outcome)
		for _, wrong := range validate.FieldErrors(r.Err) {
			result = wrong.Key
		}
		results = append(results, result)
	}
	return results
}

// kept returns the ids of the events of the shop's customer 77, oldest first.
func (h *testApp) kept() (ids []string) {
	h.t.Helper()
	e, err := event.Docs(h.engine, h.shop.ID).Read(h.t.Context(), h.ids()[0])
	if err != nil {
		h.t.Fatal(err)
	}
	for _, e := range e.Doc.List {
		ids = append(ids, e.ID)
	}
	return ids
}

// TestEventsAreStoredOnce sends events twice, in one request and at the same time, from the future and from
// too long ago.
func TestEventsAreStoredOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.putCustomer("77", jan)
	f := h.feed()
	if _, err := f.PutEvents(t.Context(), []byte("[]"), false); validate.KeyOf(err) != "events.off" {
		t.Errorf("not switched on: %v", err)
	}
	h.set(shop.Settings{Events: ptr(true)})
	f = h.feed()
	ahead := h.clock.Now().Add(validate.MaxClockSkew)
	early := h.clock.Now().Add(-event.Life)
	got := h.report(f, "b 2026-11-20T10:00:00Z", "a 2026-11-19T10:00:00Z", "b 2026-11-20T10:00:00Z",
		"c 2036-01-01T00:00:00Z", "d "+ahead.Add(time.Second).Format(time.RFC3339), "e "+ahead.Format(time.RFC3339),
		"f "+early.Add(-time.Second).Format(time.RFC3339))
	if want := []string{"created", "created", "unchanged", "event.ahead", "event.ahead", "created", "event.old"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { h.report(f, "x 2026-11-20T11:00:00Z", "y 2026-11-20T12:00:00Z") })
	}
	all.Wait()
	if got, want := h.kept(), []string{"a", "b", "x", "y", "e"}; !slices.Equal(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	for body, want := range map[string]string{
		`{"id":"1","type":"visit","at":"2026-11-20T10:00:00Z"}`:                                                 "event.nobody",
		`{"id":"1","type":"visit","at":"2026-11-20T10:00:00Z","customer_id":"78"}`:                              "customer.not_found",
		`{"id":"1","type":"visit","at":"2026-11-20T10:00:00Z","email":"nobody@shop.example"}`:                   "customer.not_found",
		`{"id":"1","type":"sneeze","at":"2026-11-20T10:00:00Z","customer_id":"77"}`:                             "event.type",
		`{"id":"1","type":"product_view","at":"2026-11-20T10:00:00Z","customer_id":"77"}`:                       "text.required",
		`{"type":"visit","at":"2026-11-20T10:00:00Z","customer_id":"77"}`:                                       "text.required",
		`{"id":"1","type":"visit","at":"2026-11-20T10:00:00Z","customer_id":"77","shoe_size":"43"}`:             "json.unknown",
		`{"id":"z","type":"visit","at":"2026-11-20T10:00:00Z","email":"Jan@Example.com","url":"shop.example/"}`: "",
	} {
		reported, err := f.PutEvents(t.Context(), []byte(body), true)
		if err != nil || len(reported) != 1 {
			t.Fatal(reported, err)
		}
		got := validate.KeyOf(reported[0].Err)
		for _, wrong := range validate.FieldErrors(reported[0].Err) {
			got = wrong.Key
		}
		if got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

// TestEventsAreBounded sends more events than are kept of a customer, some of them too early to be kept.
func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.set(shop.Settings{Events: ptr(true)})
	h.putCustomer("77", jan)
	f := h.feed()
	start := h.clock.Now().Add(-24 * time.Hour)
	var events []string
	for n := range event.MaxKept + 10 {
		events = append(events, fmt.Sprintf("%03d %s", n, start.Add(time.Duration(n)*time.Minute).Format(time.RFC3339)))
	}
	slices.Reverse(events)
	got := h.report(f, events...)
	if kept := h.kept(); len(kept) != event.MaxKept || kept[0] != "010" || kept[len(kept)-1] != "209" {
		t.Errorf("%d kept: %v", len(kept), kept)
	}
	if got[event.MaxKept-1] != "created" || got[event.MaxKept] != "stale" {
		t.Errorf("%v", got)
	}
	if again := h.report(f, events[0], events[len(events)-1]); !slices.Equal(again, []string{"unchanged", "stale"}) {
		t.Errorf("again: %v", again)
	}
}

// TestShoppingIsForgottenAfter90Days checks that the worker deletes events and carts, and that nothing older
// is shown.
func TestShoppingIsForgottenAfter90Days(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.putCustomer("77", jan)
	h.shopping("77", jan)
	f := h.feed()
	h.report(f, "later 2026-11-21T09:00:00Z")
	h.clock.Move(event.Life - 48*time.Hour)
	h.work()
	if kept := h.kept(); len(kept) != 2 {
		t.Errorf("forgotten too early: %v", kept)
	}
	h.clock.Move(24 * time.Hour)
	h.work()
	if kept := h.kept(); !slices.Equal(kept, []string{"later"}) {
		t.Errorf("a day before the end: %v", kept)
	}
	h.clock.Move(24 * time.Hour)
	h.work()
	if all := h.everything(); strings.Contains(all, "Book later") || strings.Contains(all, shoppingTraces()["cart"]) {
		t.Error("kept for longer than 90 days")
	}
	if _, err := cart.Docs(h.engine, h.shop.ID).Read(t.Context(), h.ids()[0]); err != nil {
		t.Error(err)
	}
}

// TestErasureForgetsTheShopping deletes an account and searches for what was said about its shopping. The use
// of the voucher stays counted.
func TestErasureForgetsTheShopping(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.putCustomer("77", jan)
	h.shopping("77", jan)
	if _, err := h.feed().PutVoucher(t.Context(), "all", voucherJSON(`,"uses":1`)); err != nil {
		t.Fatal(err)
	}
	if _, err := redeem(t.Context(), h.feed(), "all", "E-2", `,"customer_id":"77"`); err != nil {
		t.Fatal(err)
	}
	traces := maps.Clone(shoppingTraces())
	traces["email"] = jan
	before := h.everything()
	for name, trace := range traces {
		if !strings.Contains(before, trace) {
			t.Errorf("the %s is not even stored", name)
		}
	}
	h.download(h.shopper(h.signInByCode(jan, "one")), `"vouchers": [`, traces["voucher"], `"voucher_uses": [`, `"E-1"`,
		traces["cart"], `"events": [`, traces["event"])
	h.erase(h.shopper(h.signInByCode(jan, "one")))
	after := h.everything()
	for name, trace := range traces {
		if strings.Contains(after, trace) {
			t.Errorf("a document holds the %s", name)
		}
	}
	f := h.feed()
	if n := h.used(f, "all"); n != 1 {
		t.Errorf("%d uses", n)
	}
	if r, err := f.Redemption(t.Context(), "all", "E-2"); err != nil || r.Order != "E-2" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := f.Voucher(t.Context(), "zdenka"); validate.KeyOf(err) != "voucher.not_found" {
		t.Errorf("the voucher of the erased: %v", err)
	}
	for what, err := range map[string]error{
		"a cart": func() error {
			_, err := f.PutCart(t.Context(), "77", cartJSON("2026-11-21T12:00:00Z", "x"))
			return err
		}(),
		"a voucher": func() error {
			_, err := f.PutVoucher(t.Context(), "new", voucherJSON(`,"for":{"customer_id":"77"}`))
			return err
		}(),
	} {
		if kind := validate.KindOf(err); kind != validate.NotFound && kind != validate.Gone {
			t.Errorf("%s for the erased: %v", what, err)
		}
	}
}

// TestShoppingStaysInItsShop checks that a feed of another shop finds nothing and changes nothing.
func TestShoppingStaysInItsShop(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.putCustomer("77", jan)
	h.shopping("77", jan)
	h.putVoucher(h.feed(), "both", `,"uses":1`)
	other := *h
	other.shop = h.open("other", shop.Settings{Events: ptr(true)})
	f := other.feed()
	ctx := t.Context()
	if _, err := f.Cart(ctx, "77"); validate.KeyOf(err) != "customer.not_found" {
		t.Errorf("the cart: %v", err)
	}
	if _, err := f.Voucher(ctx, "zdenka"); validate.KeyOf(err) != "voucher.not_found" {
		t.Errorf("the voucher: %v", err)
	}
	if _, err := redeem(ctx, f, "both", "1", ""); validate.KeyOf(err) != "voucher.not_found" {
		t.Errorf("redeem: %v", err)
	}
	if err := f.GiveBack(ctx, "zdenka", "E-1"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("give back: %v", err)
	}
	if err := f.DeleteVoucher(ctx, "both"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("delete: %v", err)
	}
	other.putVoucher(f, "both", `,"uses":1`)
	for _, feed := range []portal.Feed{f, h.feed()} {
		if _, err := redeem(ctx, feed, "both", "1", ""); err != nil {
			t.Errorf("each shop has a voucher of its own: %v", err)
		}
	}
	if reported, err := f.PutEvents(ctx, []byte(`{"id":"1","type":"visit","at":"2026-11-20T10:00:00Z","customer_id":"77"}`),
		true); err != nil || validate.KeyOf(reported[0].Err) != "customer.not_found" {
		t.Errorf("events: %+v, %v", reported, err)
	}
}

// shoppingJobCases returns the cases of jobCases for vouchers, carts and events.
func shoppingJobCases() map[string]func(h *testApp) {
	return map[string]func(h *testApp){
		"voucher_settle": func(h *testApp) {
			f := h.feed()
			h.putVoucher(f, "A", "")
			const keyUsed, counted = 1, 1
			if _, err := redeem(h.t.Context(), h.feedOver(h.dying(keyUsed+counted)), "A", "1", ""); !errors.Is(err, errDead) {
				h.t.Fatal(err)
			}
			h.clock.Move(time.Minute)
		},
		"cart_forget": func(h *testApp) {
			h.putCustomer("77", jan)
			h.quiet()
			if _, err := h.feed().PutCart(h.t.Context(), "77", cartJSON("2026-11-20T10:00:00Z", "a")); err != nil {
				h.t.Fatal(err)
			}
			h.clock.Move(cart.Life)
		},
		"events_forget": func(h *testApp) {
			h.set(shop.Settings{Events: ptr(true)})
			h.putCustomer("77", jan)
			h.quiet()
			h.report(h.feed(), "1 2026-11-20T10:00:00Z", "2 2026-11-21T09:00:00Z")
			h.clock.Move(event.Life - 24*time.Hour)
		},
	}
}

// TestErasureDuringShopping deletes the account between any two operations of the store while something about
// the customer's shopping is being stored. Nothing of the customer stays.
func TestErasureDuringShopping(t *testing.T) {
	t.Parallel()
	trace := shoppingTraces()["cart"]
	for name, store := range map[string]func(context.Context, portal.Feed) error{
		"redeem": func(ctx context.Context, f portal.Feed) error {
			_, err := redeem(ctx, f, "all", "1", `,"customer_id":"77"`)
			return err
		},
		"voucher": func(ctx context.Context, f portal.Feed) error {
			_, err := f.PutVoucher(ctx, "own", voucherJSON(`,"title":"`+trace+`","for":{"customer_id":"77"}`))
			return err
		},
		"cart": func(ctx context.Context, f portal.Feed) error {
			_, err := f.PutCart(ctx, "77", cartJSON("2026-11-20T10:00:00Z", trace))
			return err
		},
		"events": func(ctx context.Context, f portal.Feed) error {
			_, err := f.PutEvents(ctx, []byte(`{"id":"1","type":"visit","at":"2026-11-20T10:00:00Z","customer_id":"77"}`), true)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for turn := 0; ; turn++ {
				h := newTestApp(t)
				h.set(shop.Settings{Events: ptr(true)})
				h.putCustomer("77", jan)
				h.putVoucher(h.feed(), "all", "")
				id := h.ids()[0]
				asked, err := h.shopper(h.signInByCode(jan, "one")).RequestErasure(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				h.work()
				h.deliver()
				done := false
				m := &meddled{Engine: h.engine, turn: turn, meddle: func() {
					done = true
					h.clock.Move(asked.At.Sub(h.clock.Now()))
					h.work()
					h.clock.Move(time.Minute)
					h.work()
				}}
				f := h.feedOver(portal.New(m, secrettest.Ring(), portal.WithClock(h.clock.Now)))
				_ = store(t.Context(), f) // whatever it says
				if !done {
					t.Logf("%d operations", turn)
					break
				}
				h.clock.Move(2 * time.Minute)
				h.work()
				all := h.everything()
				for _, left := range []string{jan, trace, voucher.CustomerKey(id)} {
					if strings.Contains(all, left) {
						t.Errorf("deleted before operation %d, and yet %q is stored", turn, left)
					}
				}
				e, noEvents := event.Docs(h.engine, h.shop.ID).Read(t.Context(), id)
				c, noCart := cart.Docs(h.engine, h.shop.ID).Read(t.Context(), id)
				if err := errors.Join(noEvents, noCart); err != nil || e.Found || c.Found {
					t.Errorf("deleted before operation %d: %v, %+v, %+v", turn, err, e, c)
				}
			}
		})
	}
}
