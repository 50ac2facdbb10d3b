package portal_test

import (
	"testing"
	"time"

	"postern/portal"
	"postern/portal/credential"
	"postern/portal/validate"
)

func (h *testApp) find(text string) portal.CustomerAccount {
	h.t.Helper()
	account, err := h.app.Operator().FindCustomer(h.t.Context(), h.shop.ID, text)
	if err != nil {
		h.t.Fatalf("find %q: %v", text, err)
	}
	return account
}

func TestOperatorFindsACustomerByEmailAndIDs(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	if _, err := h.feed().PutCustomer(t.Context(), "4711",
		[]byte(`{"email":"jan@example.com","updated_at":"2026-01-01T00:00:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	h.put(orderJSON("1", jan))
	h.work()
	h.signIn(jan)
	id := h.find(jan).ID
	for _, text := range []string{" JAN@Example.com", "4711", id} {
		found := h.find(text)
		if found.ID != id || found.Orders != 1 || len(found.Sessions) != 1 {
			t.Errorf("%q: id %s, %d orders, %d sessions", text, found.ID, found.Orders, len(found.Sessions))
		}
	}
	for _, text := range []string{"", "nobody@example.com", "4712", "email:" + jan} {
		if _, err := h.app.Operator().FindCustomer(t.Context(), h.shop.ID,
			text); validate.KindOf(err) != validate.NotFound {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestOperatorSignsOutEverySessionAndLink(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	one, _ := h.enterWith(jan, "one")
	two, _ := h.enterWith(jan, "two")
	token, _ := h.askLink(jan, "three")
	ended, err := h.app.Operator().SignOutCustomer(t.Context(), h.shop.ID, h.find(jan).ID)
	if err != nil || ended != 2 {
		t.Errorf("ended %d sessions, %v", ended, err)
	}
	h.wantNoSession("after signing out", one, two)
	if _, err := h.visitor("three").Redeem(t.Context(), token); validate.KindOf(err) != validate.Gone {
		t.Errorf("a link from before: %v", err)
	}
	page, err := h.visitor("three").Link(t.Context(), token)
	if err != nil || page.State != credential.LinkExpired || !page.At.Equal(h.clock.Now()) {
		t.Errorf("its page is %+v, %v, which must blame neither another link nor a message of the customer",
			page, err)
	}
	h.signIn(jan) // signing in again works
}

func TestOperatorErasesInSevenDaysOrNow(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	operator := h.app.Operator()
	h.put(orderJSON("1", jan))
	id := h.find(jan).ID
	erasure, err := operator.EraseCustomer(t.Context(), h.shop.ID, id, false)
	if err != nil || erasure.At.Sub(h.clock.Now()) != 7*24*time.Hour {
		t.Fatalf("erasure at %s, %v", erasure.At, err)
	}
	h.work()
	if mails := h.deliver(); len(mails) != 1 {
		t.Errorf("the customer got %d emails, want 1", len(mails))
	}
	if err := operator.CancelErasure(t.Context(), h.shop.ID, id); err != nil ||
		h.find(jan).Erasure.Pending() {
		t.Errorf("kept: %v", err)
	}
	if _, err := operator.EraseCustomer(t.Context(), h.shop.ID, id, true); err != nil {
		t.Fatal(err)
	}
	h.work()
	h.clock.Move(time.Minute)
	h.work()
	if _, err := operator.FindCustomer(t.Context(), h.shop.ID,
		id); validate.KindOf(err) != validate.NotFound {
		t.Errorf("after erasing: %v", err)
	}
	if order, err := operator.Order(t.Context(), h.shop.ID, "1"); err != nil || order.ErasedAt == nil ||
		order.Email != "" {
		t.Errorf("the order: %+v, %v", order, err)
	}
}

// TestOperatorDoesNotEraseWhileAnEmailChangeCanBeUndone checks that an erasure waits as long as the owner
// of the former address can undo the change.
func TestOperatorDoesNotEraseWhileAnEmailChangeCanBeUndone(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.change(h.signInByCode(jan, "one"), jana, "one")
	id := h.find(jana).ID
	if _, err := h.app.Operator().EraseCustomer(t.Context(), h.shop.ID, id,
		true); validate.KindOf(err) != validate.Conflict {
		t.Errorf("at once: %v", err)
	}
	erasure, err := h.app.Operator().EraseCustomer(t.Context(), h.shop.ID, id, false)
	if err != nil || erasure.At.Sub(h.clock.Now()) < 13*24*time.Hour {
		t.Errorf("later: %s, %v", erasure.At, err)
	}
}
