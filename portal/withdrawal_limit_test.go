package portal_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/withdrawal"
	"postern/storage"
)

// from returns a visitor from one of many networks.
func (h *testApp) from(network int) portal.Visitor {
	browser := firefox("x")
	browser.IP = netip.AddrFrom4([4]byte{198, 51, 100, byte(network)})
	return h.app.Visitor(h.shop, browser)
}

// send submits a visitor's statements at the same time and returns the number of receipts that are emailed.
func (h *testApp) send(v portal.Visitor, n int, s withdrawal.Statement) (mailed int) {
	h.t.Helper()
	receipts := make([]withdrawal.Receipt, n)
	together(n, func(i int) {
		var err error
		if receipts[i], err = v.Withdraw(context.Background(), storage.NewID(), s); err != nil {
			h.t.Errorf("withdraw: %v", err)
		}
	})
	for _, r := range receipts {
		if r.Mailed {
			mailed++
		}
	}
	return mailed
}

// sendSignedIn submits a customer's statement about their order.
func (h *testApp) sendSignedIn(s portal.Shopper, number string) withdrawal.Receipt {
	h.t.Helper()
	order, err := s.Order(h.t.Context(), number)
	if err != nil {
		h.t.Fatal(err)
	}
	receipt, err := s.Withdraw(h.t.Context(), storage.NewID(),
		portal.WithdrawalChoice{Number: number, Name: "Jan", LinesVersion: order.LinesVersion()})
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt
}

// toldOf returns the number of emails now sent to the shop.
func (h *testApp) toldOf() int {
	h.t.Helper()
	h.work()
	count := 0
	for more := true; more; {
		messages := h.deliver()
		count, more = count+sentTo(messages)[support], len(messages) > 0
	}
	return count
}

// hourLater returns toldOf after an hour.
func (h *testApp) hourLater() int {
	h.t.Helper()
	h.clock.Move(time.Hour)
	return h.toldOf()
}

// TestWithdrawalLimits checks that limits hold back emails but never statements.
func TestWithdrawalLimits(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	h.put(orderJSON("1", jan))
	shopper := h.signIn(jan)
	h.work()
	h.deliver()
	mailed := 0
	for i := range 9 {
		if h.withdraw(stated(fmt.Sprint("a", i))).Mailed {
			mailed++
		}
	}
	h.work()
	if diff := cmp.Diff(map[string]int{jan: 6, support: 9}, sentTo(h.deliver())); diff != "" || mailed != 6 {
		t.Errorf("nine to one address, %d told as mailed: %s", mailed, diff)
	}
	order, err := shopper.Order(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	choice := portal.WithdrawalChoice{Number: "1", Name: "Jan", LinesVersion: order.LinesVersion()}
	for range 20 {
		if receipt, err := shopper.Withdraw(t.Context(), storage.NewID(), choice); err != nil ||
			!receipt.Mailed {
			t.Errorf("who is signed in: %+v, %v", receipt, err)
		}
	}
	h.work()
	if diff := cmp.Diff(map[string]int{jan: 20, support: 20}, sentTo(h.deliver())); diff != "" {
		t.Errorf("twenty of who is signed in: %s", diff)
	}
	for i := range 60 {
		s := stated(fmt.Sprint("b", i))
		s.Email = fmt.Sprintf("p%d@example.com", i)
		h.withdraw(s)
	}
	h.work()
	if counts := sentTo(h.deliver()); len(counts) != 1+51 || counts[support] != 51 {
		t.Errorf("sixty-nine and one by one client: %d addresses, %d to the shop", len(counts),
			counts[support])
	}
	if all := h.received(); len(all) != 9+20+60 {
		t.Errorf("%d received", len(all))
	}
}

// TestWithdrawalsToldToTheShop checks that one client's statements beyond its own limit do not use up the
// limit of emails to the shop. Once strangers have used that up, the shop is still emailed immediately
// about statements of signed-in customers and those that match an order, and later about all others.
func TestWithdrawalsToldToTheShop(t *testing.T) {
	t.Parallel()
	hundreds(t)
	h := newWithdrawalApp(t)
	h.put(orderJSON("1", jan))
	h.put(orderJSON("2", eva))
	shopper := h.signIn(jan)
	h.toldOf()
	h.send(h.from(1), 310, stated("?"))
	if n := h.toldOf(); n != 60 {
		t.Errorf("of 310 by one client the shop was told %d", n)
	}
	h.send(h.from(2), 1, stated("?"))
	if n := h.toldOf(); n != 1 {
		t.Errorf("of one by another client the shop was told %d", n)
	}
	for network := 3; network < 7; network++ {
		h.send(h.from(network), 60, stated("?"))
	}
	if n := h.toldOf(); n != 239 {
		t.Errorf("of 240 the shop was told %d", n)
	}
	h.send(h.from(7), 1, stated("?"))
	if n := h.toldOf(); n != 0 {
		t.Errorf("over its bound the shop was told %d", n)
	}
	h.sendSignedIn(shopper, "1")
	if n := h.toldOf(); n != 1 {
		t.Errorf("of who is signed in the shop was told %d", n)
	}
	matched := stated("2")
	matched.Email = eva
	h.send(h.from(1), 30, matched) // that client is over its limit, too
	if n := h.toldOf(); n != 20 {
		t.Errorf("of 30 that match an order the shop was told %d", n)
	}
	h.send(h.from(8), 1, stated("3"))
	if n := h.toldOf(); n != 0 {
		t.Errorf("before its order the shop was told %d", n)
	}
	h.put(orderJSON("3", jan))
	h.clock.Move(time.Hour)
	told := []int{h.toldOf(), h.hourLater()} // the first client's 250 and 10, 2 others, and the one with an order
	if diff := cmp.Diff([]int{263, 0}, told); diff != "" {
		t.Errorf("an hour later: %s", diff)
	}
	for network := 100; network < 106; network++ { // strangers use up the shop's limit again
		h.send(h.from(network), 60, stated("?"))
	}
	h.send(h.from(9), 1, stated("5"))
	before := h.toldOf()
	h.clock.Move(6 * 24 * time.Hour)
	h.put(orderJSON("5", jan))
	h.clock.Move(24 * time.Hour)
	if late := h.toldOf(); before+late != 361 {
		t.Errorf("a week later the shop was told %d, before %d", late, before)
	}
	h.clock.Move(40 * 24 * time.Hour)
	if n := h.toldOf(); n != 0 {
		t.Errorf("and %d times more", n)
	}
}

// TestWithdrawalReceiptsOfAnAddress checks that a stranger who enters somebody else's address uses up only
// their own limit. Several together can reach the limit of the address, and receipts that were held back do
// not count towards it.
func TestWithdrawalReceiptsOfAnAddress(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	h.put(orderJSON("1", jan))
	shopper := h.signIn(jan)
	want := []int{6, 6, 6, 6, 6, 0}
	var got []int
	for network := range want {
		got = append(got, h.send(h.from(network), 20, stated("1")))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if other := stated("1"); h.send(h.from(0), 1, withEmail(other, eva)) != 1 {
		t.Error("another address of the first client gets no mail")
	}
	if !h.sendSignedIn(shopper, "1").Mailed {
		t.Error("who is signed in gets no mail")
	}
	h.clock.Move(24 * time.Hour)
	if h.send(h.from(5), 1, stated("1")) != 1 {
		t.Error("a day later no mail")
	}
	h.work()
	if all := h.received(); len(all) != 123 {
		t.Errorf("%d received", len(all))
	}
}

func withEmail(s withdrawal.Statement, email string) withdrawal.Statement {
	s.Email = email
	return s
}

// TestWithdrawalsOfAClient checks that a client can submit 600 statements in a quarter of an hour, and that
// an accepted one submitted again still returns its receipt.
func TestWithdrawalsOfAClient(t *testing.T) {
	t.Parallel()
	hundreds(t)
	h := newWithdrawalApp(t)
	h.put(orderJSON("1", jan))
	shopper, first := h.signIn(jan), storage.NewID()
	receipt, err := h.from(1).Withdraw(t.Context(), first, stated("1"))
	if err != nil {
		t.Fatal(err)
	}
	h.send(h.from(1), 599, stated("1"))
	if _, err := h.from(1).Withdraw(t.Context(), storage.NewID(),
		stated("1")); validate.KindOf(err) != validate.TooMany {
		t.Errorf("the next: %v", err)
	}
	if again, err := h.from(1).Withdraw(t.Context(), first, stated("1")); err != nil ||
		cmp.Diff(receipt, again) != "" {
		t.Errorf("the first once more: %+v, %v", again, err)
	}
	if _, err := h.from(1).Withdraw(t.Context(), first,
		stated("2")); validate.KindOf(err) != validate.Conflict {
		t.Errorf("another with its id: %v", err)
	}
	h.send(h.from(2), 1, stated("1"))
	h.sendSignedIn(shopper, "1")
	h.clock.Move(15 * time.Minute)
	h.send(h.from(1), 1, stated("1"))
	h.work()
	if all := h.received(); len(all) != 603 {
		t.Errorf("%d received", len(all))
	}
}

// TestUnmatchedReceiptsOfAShop checks that a shop sends at most 120 receipts an hour for visitors'
// statements that match no order, whatever the number of clients and addresses, and the rest an hour later.
// The shop is emailed about all of them, and statements that match an order get their receipts immediately.
func TestUnmatchedReceiptsOfAShop(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	h.put(orderJSON("1", jan))
	h.work()
	h.deliver()
	for n := range 125 {
		h.send(h.from(n), 1, withEmail(stated(fmt.Sprint("x", n)), fmt.Sprintf("v%d@example.com", n)))
	}
	h.send(h.from(200), 1, stated("1"))
	got := map[string]int{}
	for range 10 {
		h.work()
		for to, count := range sentTo(h.deliver()) {
			if to != support && to != jan {
				to = "strangers"
			}
			got[to] += count
		}
	}
	if diff := cmp.Diff(map[string]int{"strangers": 120, support: 126, jan: 1}, got); diff != "" {
		t.Error(diff)
	}
	for hour, want := range []int{5, 0} { // each delayed receipt is sent once, as the page promised
		h.clock.Move(time.Hour)
		h.work()
		late := 0
		for _, count := range sentTo(h.deliver()) {
			late += count
		}
		if late != want {
			t.Errorf("%d hours later %d mails, want %d", hour+1, late, want)
		}
	}
}

// TestTagsDoNotWidenTheLimits checks that an email with a tag counts with the mailbox that it reaches:
// receipts of withdrawals, and sign-in emails where anyone can register.
func TestTagsDoNotWidenTheLimits(t *testing.T) {
	t.Parallel()
	h := newWithdrawalApp(t)
	tagged := func(n int) string { return fmt.Sprintf("eva+%d@example.com", n) }
	receipts := 0
	for n := range 8 {
		receipts += h.send(h.from(n), 6, withEmail(stated("9"), tagged(n)))
	}
	if receipts != 30 {
		t.Errorf("%d receipts to one mailbox, want 30", receipts)
	}
	open := true
	h.set(shop.Settings{Registration: &open})
	sent := 0
	for n := range 20 {
		sent += h.sendsOf(tagged(n), firefox("stranger"), 1)
	}
	if sent != 6 {
		t.Errorf("%d sign-in emails to one mailbox within an hour, want 6", sent)
	}
}
