package portal_test

import (
	"testing"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/validate"
)

func (h *testApp) delete(app *portal.App, number string) error {
	return app.Operator().DeleteOrder(h.t.Context(), h.shop.ID, number)
}

func TestDeletedOrderIsGoneAndTotalsFollow(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	h.put(orderJSON("2", jan))
	h.work()
	s := h.signIn(jan)
	if err := h.delete(h.app, "1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Order(t.Context(), "1"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("its page: %v", err)
	}
	if _, err := h.app.Operator().Order(t.Context(), h.shop.ID,
		"1"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("shown to the operator: %v", err)
	}
	if err := h.delete(h.app, "1"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("deleted twice: %v", err)
	}
	h.work()
	if page, err := s.Orders(t.Context(), order.Query{}); err != nil || len(page.Rows) != 1 ||
		page.Total != 1 {
		t.Errorf("%d rows of %d, %v", len(page.Rows), page.Total, err)
	}
	if h.stored("1") {
		t.Error("its document is still there")
	}
}

// stored reports whether the order has a document, in any state.
func (h *testApp) stored(number string) bool {
	h.t.Helper()
	_, err := h.engine.Get(h.t.Context(), "orders", h.shop.ID+"/"+number)
	return err == nil
}

func TestDeletedOrderComesBackWithTheFeed(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	h.work()
	for _, worked := range []bool{false, true} {
		if err := h.delete(h.app, "1"); err != nil {
			t.Fatal(err)
		}
		if worked {
			h.work()
		}
		if outcome := h.put(orderJSON("1", jana)); outcome != order.Created {
			t.Errorf("sent again: %s", outcome)
		}
		h.work()
		for email, want := range map[string]int64{jan: 0, jana: 1} {
			if got := h.find(email).Orders; got != want {
				t.Errorf("%s has %d orders, want %d", email, got, want)
			}
		}
	}
}

// TestCrashOfADeletion checks that after a crash the order exists or is deleted, and that the total is
// right in the end.
func TestCrashOfADeletion(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		h.put(orderJSON("1", jan))
		h.work()
		attempt := func(app *portal.App) error {
			err := h.delete(app, "1")
			for done := 1; err == nil && done > 0; {
				done, err = app.Worker().RunOnce(h.t.Context())
			}
			return err
		}
		return attempt, func(done bool) {
			h.work()
			want := int64(0)
			if h.stored("1") {
				want = 1
			}
			if got := h.find(jan).Orders; got != want || done && want != 0 {
				t.Errorf("%d orders counted, want %d", got, want)
			}
		}
	})
}
