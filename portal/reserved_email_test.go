package portal_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/shop"
	"postern/portal/validate"
)

// TestReservedEmailStaysReserved checks that for 14 days nobody else can get a former address, whether by a
// change, a feed, a registration or a first order. Then it is free.
func TestReservedEmailStaysReserved(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	put := func(id, email string) error {
		_, err := feed.PutCustomer(t.Context(), id,
			fmt.Appendf(nil, `{"email":%q,"updated_at":"2026-11-21T09:00:00Z"}`, email))
		return err
	}
	if err := put("77", eva); err != nil {
		t.Fatal(err)
	}
	h.newCustomer(jan)
	if _, err := feed.PutCustomer(t.Context(), "78",
		[]byte(`{"email":"jan@example.com","updated_at":"2026-01-01T00:00:00Z"}`)); err != nil {
		t.Fatal(err)
	}
	now := h.change(h.signInByCode(jan, "one"), jana, "one")
	h.undoMail(jan)
	owner := h.shopper(now).Customer().ID
	h.clock.Move(14*24*time.Hour - time.Hour - time.Millisecond)
	other := h.signInByCode(eva, "eva's")
	if code := h.wanted(other, jan); code != "" {
		t.Error("another customer gets a code for it")
	}
	h.clock.Move(time.Hour)
	h.work()
	h.deliver()
	for name, err := range map[string]error{
		"another's feed":       put("77", jan),
		"a new customer's":     put("99", jan),
		"the owner's old feed": put("78", jana),
	} {
		if (validate.KindOf(err) == validate.Conflict) != (name != "the owner's old feed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID,
		shop.Settings{Registration: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.visitor("new").RequestLink(t.Context(), jan, "", "en"); err != nil {
		t.Fatal(err)
	}
	h.mailTo(jana)
	h.put(orderJSON("while held", jan))
	if record, err := feed.CustomerByEmail(t.Context(), jan); err != nil || record.ID != owner {
		t.Errorf("while held it is %+v, %v", record, err)
	}
	h.clock.Move(time.Millisecond)
	h.work()
	if err := put("99", jan); err != nil {
		t.Errorf("then a new customer's: %v", err)
	}
	if record, err := feed.CustomerByEmail(t.Context(), jan); err != nil || record.ID == owner {
		t.Errorf("then it is %+v, %v", record, err)
	}
}

// TestAddressMovesBack checks that changing back to an earlier address does not revive sessions from that
// time.
func TestAddressMovesBack(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	first, _ := h.enterWith(jan, "elsewhere")
	second := h.signInByCode(jan, "one")
	third := h.refresh(h.change(second, jana, "one"))
	_, undo := h.undoMail(jan)
	fourth := h.change(third, jan, "one")
	h.wantNoSession("back at the old address", first, second, third)
	if h.shopper(fourth).Customer().Email != jan {
		t.Error("not back")
	}
	h.wantGoneUndo("of the first change", undo)
	_, undo = h.undoMail(jana)
	if err := h.undo(undo); err != nil {
		t.Errorf("the undo of the second: %v", err)
	}
	h.wantNoSession("after it", first, second, third, fourth)
}

// TestTwoSessionsChangeAtOnce has two sessions request different addresses in 50 concurrent requests. One
// change succeeds, the other address becomes free after a while, and both the old and the new address lead
// to the account.
func TestTwoSessionsChangeAtOnce(t *testing.T) {
	t.Parallel()
	for round := range 3 {
		h := newTestApp(t)
		h.newCustomer(jan)
		wishes := []string{jana, "jan.two@example.com"}
		cookies, codes := make([]string, 2), make([]string, 2)
		sessions := make([]portal.Shopper, 2)
		for i := range wishes {
			cookies[i] = h.signInByCode(jan, fmt.Sprint("browser ", i))
		}
		for i, email := range wishes {
			sessions[i], codes[i] = h.shopper(cookies[i]), h.wanted(cookies[i], email)
		}
		var mu sync.Mutex
		won := map[string]string{}
		together(50, func(i int) {
			i %= 2
			signed, err := sessions[i].ChangeEmail(context.Background(), wishes[i], codes[i],
				firefox(fmt.Sprint("browser ", i)))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won[wishes[i]] = signed.Cookie
			case validate.KindOf(err) != validate.Invalid && validate.KindOf(err) != validate.Conflict:
				t.Errorf("round %d: %v", round, err)
			}
		})
		if len(won) != 1 {
			t.Fatalf("round %d: %d changes", round, len(won))
		}
		id := sessions[0].Customer().ID
		for email, cookie := range won {
			if c := h.shopper(cookie).Customer(); c.ID != id || c.Email != email {
				t.Errorf("round %d: the winner is %+v", round, c)
			}
			h.oneHolds(id, email, wishes)
		}
		h.wantNoSession("after the change", cookies...)
	}
}

// oneHolds checks that in the end only the given one of the requested addresses, and the old address, lead
// to the customer.
func (h *testApp) oneHolds(id, email string, wishes []string) {
	h.t.Helper()
	h.clock.Move(10 * time.Minute)
	h.work()
	feed := h.feed()
	for _, address := range append(wishes, jan) {
		record, err := feed.CustomerByEmail(h.t.Context(), address)
		if free := address != email && address != jan; free != (validate.KindOf(err) == validate.NotFound) ||
			!free && record.ID != id {
			h.t.Errorf("%s, where %s won: %+v, %v", address, email, record, err)
		}
	}
}
