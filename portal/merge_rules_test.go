package portal_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/merchant"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/validate"
)

// ask requests a link and returns the emails that are sent.
func (m mergeShop) ask(email, secret string) (texts []string, token string) {
	m.t.Helper()
	if _, err := m.visitor(secret).RequestLink(m.t.Context(), email, "", ""); err != nil {
		m.t.Fatal(err)
	}
	for _, sent := range m.deliver() {
		if sent.To == email {
			texts, token = append(texts, sent.Subject), tokenIn(sent)
			if codeIn(sent) != "" {
				texts = append(texts, "with a code")
			}
		}
	}
	return texts, token
}

// TestAddressNobodySignedInByIsConfirmedFirst merges a proven and an unproven address: the sessions of both
// end, both are told, the proven one signs in as before, and the other one only after its owner confirms.
func TestAddressNobodySignedInByIsConfirmedFirst(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	cookie, _ := m.enterWith(jan, "jan's")
	early, _ := m.askLink(jana, "early")
	m.clock.Move(time.Minute)
	merge := m.merged(m.jan, m.two)
	m.wantNoSession("merged", cookie)
	told := map[string]string{}
	for _, sent := range m.deliver() {
		told[sent.To] += sent.Subject + "\n" + sent.Text
	}
	for _, email := range []string{jan, jana} {
		if !strings.Contains(told[email], "have been merged") {
			t.Errorf("%s is told %q", email, told[email])
		}
	}
	if strings.Contains(told[jan], jana) || strings.Contains(told[jana], jan) {
		t.Error("one address is told the other")
	}
	if _, err := m.visitor("early").Redeem(t.Context(), early); validate.KindOf(err) != validate.Gone {
		t.Errorf("a link from before the merge: %v", err)
	}
	if _, s := m.enterWith(jan, "jan's"); s.Customer().ID != m.jan {
		t.Error("the proven address leads elsewhere")
	}
	m.quiet()
	texts, token := m.ask(jana, "jana's")
	if len(texts) != 1 || !strings.Contains(texts[0], "Confirm your email address") {
		t.Fatalf("the unproven address gets %q", texts)
	}
	page, err := m.visitor("jana's").Link(t.Context(), token)
	if err != nil || !page.Confirm || page.Auto {
		t.Errorf("the link shows %+v, %v", page, err)
	}
	signed, err := m.visitor("jana's").Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if s := m.shopper(signed.Cookie); s.Customer().ID != m.jan {
		t.Error("the confirmed address leads elsewhere")
	}
	m.quiet()
	if texts, _ := m.ask(jana, "jana's"); len(texts) != 2 || !strings.Contains(texts[0], "Sign in") {
		t.Errorf("the confirmed address gets %q", texts)
	}
	m.clock.Move(time.Minute)
	m.undone(merge)
	m.wantNoSession("undone", signed.Cookie)
	m.quiet()
	if _, s := m.enterWith(jana, "jana's"); s.Customer().ID != m.two || s.Customer().Email != jana {
		t.Error("after the undo the address leads elsewhere")
	}
}

// TestAllIdentifiersLeadToTheSurvivor also checks that a PUT by the merged id changes the survivor, but not the
// address, and that the merged id reads nothing of the survivor before the merged address is confirmed.
func TestAllIdentifiersLeadToTheSurvivor(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	m.merged(m.jan, m.two)
	m.clock.Move(3 * time.Hour)
	for _, id := range []string{"1", "2"} {
		receipt, err := m.feed().PutCustomer(t.Context(), id, fmt.Appendf(nil,
			`{"email":"new%s@example.com","phone":"+42077788899%[1]s","updated_at":"2026-11-21T1%[1]s:00:00Z"}`, id))
		if id == "2" && (err != nil || receipt.Customer != m.jan || len(receipt.Warnings) != 1) {
			t.Errorf("a PUT by the merged id: %+v, %v", receipt, err)
		}
	}
	for id, want := range map[string]string{"1": m.jan, "2": m.two} {
		if record, err := m.feed().Customer(t.Context(), id); err != nil || record.ID != want {
			t.Errorf("%s, whose owner has confirmed nothing, leads to %s, %v", id, record.ID, err)
		}
	}
	m.quiet()
	m.enterWith(jana, "jana's")
	if record, err := m.feed().Customer(t.Context(), "2"); err != nil || record.ID != m.jan {
		t.Errorf("2 leads to %s, %v", record.ID, err)
	}
	for _, email := range []string{"new1@example.com", jana} {
		if record, err := m.feed().CustomerByEmail(t.Context(), email); err != nil || record.ID != m.jan ||
			record.Email != "new1@example.com" || record.Phone != "+420777888992" {
			t.Errorf("%s leads to %+v, %v", email, record, err)
		}
	}
	if customer, by := m.putBy(`"2"`, "B-2", jana); customer != m.jan || by != order.ByIntroducedID {
		t.Errorf("an order by the merged id is %s's by %s", customer, by)
	}
	if customer, by := m.putBy(`null`, "B-3", jana); customer != m.jan || by != order.ByEmail {
		t.Errorf("an order by the merged email is %s's by %s", customer, by)
	}
	page, err := m.feed().Customers(t.Context(), portal.FeedQuery{})
	if err != nil || len(page.Records) != 1 {
		t.Errorf("the feed lists %d customers, %v", len(page.Records), err)
	}
}

// TestMergesInACircleAtOnce starts A into B and B into A at once: exactly one is done.
func TestMergesInACircleAtOnce(t *testing.T) {
	t.Parallel()
	for range 5 {
		m := newMergeShop(t)
		one, err := m.merge(m.jan, m.two)
		if err != nil {
			t.Fatal(err)
		}
		other, err := m.merge(m.two, m.jan)
		if err != nil {
			t.Fatal(err)
		}
		m.workAtOnce(4, nil)
		m.clock.Move(2 * time.Minute)
		m.work()
		states := map[batch.State]int{m.batchOf(one).State: 1}
		states[m.batchOf(other).State]++
		if states[batch.Done] != 1 || states[batch.Stopped] != 1 {
			t.Fatalf("both: %v, %v", m.batchOf(one), m.batchOf(other))
		}
		if m.batchOf(one).State == batch.Done {
			m.wantOrders(m.jan, "A-1", "B-1")
		} else {
			m.wantOrders(m.two, "A-1", "B-1")
		}
	}
}

// workAtOnce runs the jobs in several workers, and do beside them.
func (m mergeShop) workAtOnce(workers int, do func()) {
	m.t.Helper()
	var all sync.WaitGroup
	if do != nil {
		all.Go(do)
	}
	for range workers {
		all.Go(func() {
			for {
				if done, err := m.app.Worker().RunOnce(m.t.Context()); err != nil || done == 0 {
					if err != nil {
						m.t.Error(err)
					}
					return
				}
			}
		})
	}
	all.Wait()
}

func (m mergeShop) batchOf(id string) batch.Batch {
	m.t.Helper()
	b, _, err := batch.Docs(m.engine, m.shop.ID).Get(m.t.Context(), id)
	if err != nil {
		m.t.Fatal(err)
	}
	return b
}

// TestWhatArrivesDuringAMergeLandsAtTheSurvivor puts orders and the customer while the merge and then its undo
// run.
func TestWhatArrivesDuringAMergeLandsAtTheSurvivor(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	var numbers []string
	arrive := func(prefix string) func() {
		return func() {
			for n := range 10 {
				number := fmt.Sprintf("%s-%d", prefix, n)
				numbers = append(numbers, number)
				m.put(orderJSON(number, jana))
				_, err := m.feed().PutCustomer(m.t.Context(), "2", fmt.Appendf(nil,
					`{"email":%q,"last_name":"N%d","updated_at":%q}`, jana, n, m.clock.Now().Add(time.Duration(n)*time.Second).Format(time.RFC3339)))
				if err != nil && validate.KindOf(err) != validate.Conflict {
					m.t.Error(err)
				}
			}
		}
	}
	merge, err := m.merge(m.jan, m.two)
	if err != nil {
		t.Fatal(err)
	}
	m.workAtOnce(2, arrive("M"))
	m.clock.Move(2 * time.Minute)
	m.work()
	m.wantState(merge, batch.Done, "")
	m.wantOrders(m.jan, append([]string{"A-1", "B-1"}, numbers...)...)
	m.wantOrders(m.two)
}

func TestMergeAndErasureExcludeEachOther(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	erase := func(id string, now bool) error {
		_, err := m.app.Operator().EraseCustomer(t.Context(), m.shop.ID, id, now)
		return err
	}
	if err := erase(m.two, false); err != nil {
		t.Fatal(err)
	}
	for _, sides := range [][2]string{{m.jan, m.two}, {m.two, m.jan}} {
		if _, err := m.merge(sides[0], sides[1]); validate.KindOf(err) != validate.Conflict {
			t.Errorf("with one being erased: %v", err)
		}
	}
	if err := m.app.Operator().CancelErasure(t.Context(), m.shop.ID, m.two); err != nil {
		t.Fatal(err)
	}
	queued, err := m.merge(m.jan, m.two) // asked for before, begun after
	if err == nil {
		err = erase(m.two, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	m.workAtOnce(3, nil)
	m.clock.Move(2 * time.Minute)
	m.work()
	if b := m.batchOf(queued); b.State != batch.Stopped {
		t.Errorf("the merge with one erased meanwhile is %s because of %q", b.State, b.Why)
	}
	m.wantOrders(m.jan, "A-1")
}

// TestErasureOfTheSurvivorErasesBoth also checks that the undo is refused once the erasure was asked for, and
// that the download has everything of both.
func TestErasureOfTheSurvivorErasesBoth(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	_, err := m.feed().PutCustomer(t.Context(), "2", fmt.Appendf(nil, `{"email":%q,"first_name":"Zdenka",
		"addresses":[{"line1":"Traced street 5","city":"Nitra","country":"SK"}],"updated_at":"2026-02-01T00:00:00Z"}`, jana))
	if err == nil {
		_, err = m.at(m.manager).AddNote(t.Context(), m.two, "f", "traced note", false)
	}
	if err == nil {
		_, err = m.feed().PutCart(t.Context(), "2", []byte(`{"currency":"EUR","lines":[{"name":"Traced product","quantity":"1",
			"total":"2.00"}],"updated_at":"2026-11-01T00:00:00Z"}`))
	}
	if err == nil {
		_, err = m.feed().PutVoucher(t.Context(), "TRACEDCODE", fmt.Appendf(nil, `{"percent":"5","for":{"customer_id":"2"},
			"updated_at":"2026-11-01T00:00:00Z"}`))
	}
	if err != nil {
		t.Fatal(err)
	}
	merge := m.merged(m.jan, m.two)
	m.quiet()
	s := m.shopper(m.signInByCode(jan, "verified"))
	m.download(s, "Traced street 5", "traced note", "Traced product", "TRACEDCODE", "B-1", "A-1", jana, `"2"`)
	asked, err := s.RequestErasure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.quiet()
	m.wantState(m.unmerge(merge), batch.Stopped, "merge.erasing")
	m.clock.Move(asked.At.Sub(m.clock.Now()))
	m.work()
	m.clock.Move(time.Minute)
	m.work()
	everything := m.everything()
	for _, trace := range []string{"Traced", "traced", jana, jan, "Zdenka"} {
		if strings.Contains(everything, trace) {
			t.Errorf("%q is left: %s", trace, everything[max(0, strings.Index(everything, trace)-300):][:600])
		}
	}
	if receipt, err := m.feed().PutCustomer(t.Context(), "2", fmt.Appendf(nil,
		`{"email":"other@example.com","updated_at":"2026-11-28T00:00:00Z"}`)); validate.KindOf(err) != validate.Gone {
		t.Errorf("the id of the merged account: %+v, %v", receipt, err)
	}
}

// TestMergesAreUndoneInTheReverseOrder merges two into one, and that into a third.
func TestMergesAreUndoneInTheReverseOrder(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	third := m.fedCustomer("3", mallory)
	first := m.merged(m.jan, m.two)
	if _, err := m.merge(third, m.two); validate.KindOf(err) != validate.Conflict {
		t.Errorf("one that was merged already: %v", err)
	}
	if _, err := m.merge(third, third); validate.KindOf(err) != validate.Invalid {
		t.Errorf("with themselves: %v", err)
	}
	second := m.merged(third, m.jan)
	m.put(orderJSON("B-2", jana))
	m.put(orderJSON("A-2", jan))
	m.put(orderJSON("C-1", mallory))
	m.work()
	m.wantOrders(third, "A-1", "A-2", "B-1", "B-2", "C-1")
	m.wantState(m.unmerge(first), batch.Stopped, "merge.chained")
	m.undone(second)
	m.wantOrders(m.jan, "A-1", "A-2", "B-1", "B-2")
	m.undone(first)
	m.wantOrders(m.jan, "A-1", "A-2")
	m.wantOrders(m.two, "B-1", "B-2")
	m.wantOrders(third, "C-1")
	if _, err := m.at(m.manager).UndoBatch(t.Context(), first); err == nil {
		m.wantState(m.unmerge(first), batch.Stopped, "undo.already")
	}
}

// TestUndoOfAMergeStopsWhereSomethingChangedSince checks that nothing has changed then, and that it is too
// late after 30 days.
func TestUndoOfAMergeStopsWhereSomethingChangedSince(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	if _, err := m.feed().PutCustomer(t.Context(), "2", fmt.Appendf(nil,
		`{"email":%q,"phone":"+420777888999","updated_at":"2026-02-01T00:00:00Z"}`, jana)); err != nil {
		t.Fatal(err)
	}
	merge := m.merged(m.jan, m.two)
	if _, err := m.at(m.manager).EditCustomer(t.Context(), merchant.Edit{Customer: m.jan,
		Base: map[string]string{"phone": "+420777888999"}, Values: map[string]string{"phone": "+420777000000"}}); err != nil {
		t.Fatal(err)
	}
	m.wantState(m.unmerge(merge), batch.Stopped, "undo.conflict")
	m.wantOrders(m.jan, "A-1", "B-1")
	if c, _, err := m.customers().Get(t.Context(), m.jan); err != nil || c.Merging != "" || len(c.Merged) != 1 {
		t.Errorf("after a refused undo: %+v, %v", c.Merged, err)
	}
	m.clock.Move(31 * 24 * time.Hour)
	m.manager = m.colleague("later@shop.test", staff.Manager)
	if _, err := m.at(m.manager).UndoBatch(t.Context(), merge); validate.KindOf(err) != validate.Conflict {
		t.Errorf("after 31 days: %v", err)
	}
}

func TestMergeStopsIfThePersonLosesTheRole(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	id, err := m.merge(m.jan, m.two)
	if err == nil {
		err = m.app.Operator().SetStaffRole(t.Context(), m.shop.ID, m.manager.email, string(staff.Support))
	}
	if err != nil {
		t.Fatal(err)
	}
	m.work()
	m.wantState(id, batch.Stopped, "batch.stopped.role")
	m.wantOrders(m.jan, "A-1")
	for _, id := range []string{m.jan, m.two} {
		if c, _, err := m.customers().Get(t.Context(), id); err != nil || c.Merging != "" {
			t.Errorf("still locked: %v", err)
		}
	}
}

func TestCustomersOfTwoShopsAreNotMerged(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	other := m.open("other", shop.Settings{})
	home := m.shop
	m.shop = other
	m.put(orderJSON("X-1", jana))
	h, _, err := identifier.Docs(m.engine, other.ID).Get(t.Context(), identifier.EmailKey(jana))
	m.shop = home
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.merge(m.jan, h.Customer); validate.KindOf(err) != validate.NotFound {
		t.Errorf("with a customer of another shop: %v", err)
	}
}

// TestDisagreementsAreChosen checks what is kept of both.
func TestDisagreementsAreChosen(t *testing.T) {
	t.Parallel()
	survivor := customer.Customer{ID: "a", FirstName: "Jan", Phone: "+1", Company: customer.Company{Name: "One"}}
	loser := customer.Customer{ID: "b", FirstName: "Johann", LastName: "Novák", Phone: "+1",
		Company:  customer.Company{Name: "Two", VATID: "CZ1"},
		Disabled: customer.Disabled{Since: time.Unix(1, 0), Reason: "fraud"}}
	if got := fmt.Sprint(customer.DifferingParts(survivor, loser)); got != "[first_name company disabled]" {
		t.Errorf("to be chosen: %s", got)
	}
}
