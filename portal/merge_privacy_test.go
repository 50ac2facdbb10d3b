package portal_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/address"
	"postern/portal/audit"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/staff"
	"postern/portal/validate"
)

// consent returns what a customer's document says about the newsletter.
func (m mergeShop) consent(id string) customer.ConsentStatus {
	m.t.Helper()
	c, _, err := m.customers().Get(m.t.Context(), id)
	if err != nil {
		m.t.Fatal(err)
	}
	return c.Consent(customer.Newsletter).Status
}

// say reports a consent to the newsletter by the feed.
func (m mergeShop) say(feedID, status string, at time.Time) {
	m.t.Helper()
	if _, err := m.feed().PutCustomer(m.t.Context(), feedID, fmt.Appendf(nil,
		`{"consents":{"newsletter":{"status":%q,"at":%q,"source":"checkout"}}}`, status,
		at.Format(time.RFC3339))); err != nil {
		m.t.Fatal(err)
	}
}

func (m mergeShop) unsubscribe(token string) {
	m.t.Helper()
	if _, err := m.visitor("x").Unsubscribe(m.t.Context(), token); err != nil {
		m.t.Fatal(err)
	}
}

// told returns the subjects of the waiting emails by their recipients.
func (m mergeShop) told() map[string]string {
	m.t.Helper()
	m.work()
	told := map[string]string{}
	for _, sent := range m.deliver() {
		told[sent.To] += sent.Subject + "\n"
	}
	return told
}

func (m mergeShop) wantWithdrawn(when string, ids ...string) {
	m.t.Helper()
	for _, id := range ids {
		if status := m.consent(id); status != customer.ConsentWithdrawn {
			m.t.Errorf("%s the newsletter is %s", when, status)
		}
	}
}

func TestMergeKeepsAWithdrawalWhateverTheTimes(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	m.unsubscribe(m.unsubscribeToken(jan, customer.Newsletter))
	m.clock.Move(48 * time.Hour)
	m.manager = m.colleague("second@shop.test", staff.Manager)
	m.say("2", "given", m.clock.Now().Add(-time.Hour))
	m.merged(m.jan, m.two)
	m.wantWithdrawn("after the merge", m.jan)
}

func TestUndoOfAMergeKeepsWhatTheCustomerWithdrew(t *testing.T) {
	t.Parallel()
	t.Run("what the merge had withdrawn", func(t *testing.T) {
		t.Parallel()
		m := newMergeShop(t)
		m.say("1", "given", m.clock.Now().Add(-time.Hour))
		m.unsubscribe(m.unsubscribeToken(jana, customer.Newsletter))
		m.clock.Move(time.Minute)
		merge := m.merged(m.jan, m.two)
		m.quiet()
		m.clock.Move(time.Minute)
		_, s := m.enterWith(jan, "jan's")
		if err := s.WithdrawConsent(t.Context(), customer.Newsletter, "w"); err != nil {
			t.Fatal(err)
		}
		m.clock.Move(time.Minute)
		m.undone(merge)
		m.wantWithdrawn("after the undo", m.jan, m.two)
	})
	t.Run("by the link of the merged account", func(t *testing.T) {
		t.Parallel()
		m := newMergeShop(t)
		m.say("2", "given", m.clock.Now().Add(-time.Hour))
		token := m.unsubscribeToken(jana, customer.Newsletter)
		merge := m.merged(m.jan, m.two)
		m.clock.Move(time.Minute)
		m.unsubscribe(token)
		m.wantWithdrawn("while merged", m.jan)
		m.clock.Move(time.Minute)
		m.undone(merge)
		m.wantWithdrawn("after the undo", m.two)
	})
}

// TestUndoneMergeLeavesNothingOfTheOtherPerson looks for jana's data in jan's download, and, after jana's
// erasure, in the whole store.
func TestUndoneMergeLeavesNothingOfTheOtherPerson(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	traces := []string{"Traced street 5", "Zdenka", "+420777888999", jana}
	if _, err := m.feed().PutCustomer(t.Context(), "2", fmt.Appendf(nil, `{"email":%q,"first_name":"Zdenka",
		"phone":"+420777888999","addresses":[{"id":"a1","line1":"Traced street 5","city":"Nitra","country":"SK"}],
		"updated_at":%q}`, jana, m.clock.Now().Format(time.RFC3339))); err != nil {
		t.Fatal(err)
	}
	merge := m.merged(m.jan, m.two)
	m.clock.Move(time.Minute)
	m.undone(merge)
	m.work()
	m.quiet()
	m.wantNoTrace(traces)
	asked, err := m.shopper(m.signInByCode(jana, "jana's")).RequestErasure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.quiet()
	for _, wait := range []time.Duration{asked.At.Sub(m.clock.Now()), time.Minute} {
		m.clock.Move(wait)
		m.work()
	}
	m.quiet()
	if _, _, err := m.customers().Get(t.Context(), m.two); err == nil {
		t.Error("jana is still there")
	}
	stored := m.everything()
	for _, trace := range traces {
		if strings.Contains(stored, trace) {
			t.Errorf("%q is stored after the erasure", trace)
		}
	}
}

// wantNoTrace checks that jan's download has nothing of what is searched for.
func (m mergeShop) wantNoTrace(traces []string) {
	m.t.Helper()
	var out bytes.Buffer
	if err := m.shopper(m.signInByCode(jan, "jan's")).Export(m.t.Context(), &out); err != nil {
		m.t.Fatal(err)
	}
	for _, trace := range traces {
		if strings.Contains(out.String(), trace) {
			m.t.Errorf("jan's download has %q", trace)
		}
	}
}

// TestCustomersSeeWhatWasDoneToEitherOfTheirAccounts includes a sign-in as the customer by the merged id, and
// a list of several pages.
func TestCustomersSeeWhatWasDoneToEitherOfTheirAccounts(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	e := m.colleague("support@shop.test", staff.Support)
	if _, err := m.at(e).Impersonate(t.Context(), m.two, "before the merge", false); err != nil {
		t.Fatal(err)
	}
	m.clock.Move(time.Minute)
	m.merged(m.jan, m.two)
	m.clock.Move(time.Minute)
	if made, err := m.at(e).Impersonate(t.Context(), m.two, "by the merged id", false); err != nil || made.Cookie == "" {
		t.Fatal(err)
	}
	m.work()
	m.quiet()
	_, s := m.enterWith(jan, "jan's")
	var reasons, kinds []string
	for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
		page, err := s.Activity(t.Context(), cursor, 2)
		if err != nil || pages > 10 {
			t.Fatal(pages, err)
		}
		for _, d := range page.Entries {
			kinds = append(kinds, string(d.Kind))
			if d.Kind == audit.CustomerImpersonated {
				reasons = append(reasons, d.Reason)
			}
		}
		cursor = page.Next
	}
	if want := []string{"by the merged id", "before the merge"}; !slices.Equal(reasons, want) {
		t.Errorf("seen: %q of %q", reasons, kinds)
	}
	if visits, err := s.Visits(t.Context()); err != nil || len(visits) != 2 || visits[0].Reason != reasons[0] {
		t.Errorf("visits: %+v, %v", visits, err)
	}
	if all, err := s.Activity(t.Context(), "", 100); err != nil || len(all.Entries) != len(kinds) {
		t.Errorf("%d acts on one page, %d on several, %v", len(all.Entries), len(kinds), err)
	}
}

func TestLettersOfAnUnprovenSurvivorGoToTheProvenAddress(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	m.sendOrderEmails()
	m.merged(m.two, m.jan) // jana, by whom nobody has signed in, survives
	m.quiet()
	m.putNow("A-9", ``)
	if told := m.told(); told[jan] == "" || told[jana] != "" {
		t.Errorf("told of an order: %q", told)
	}
}

// TestConfirmedAddressOfAMergeIsToldToTheProvenOne also checks what the feed reads by the merged id before.
func TestConfirmedAddressOfAMergeIsToldToTheProvenOne(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	if _, err := m.feed().PutCustomer(t.Context(), "1", fmt.Appendf(nil, `{"email":%q,"phone":"+420777888999",
		"updated_at":%q}`, jan, m.clock.Now().Format(time.RFC3339))); err != nil {
		t.Fatal(err)
	}
	m.merged(m.jan, m.two)
	m.quiet()
	if read, err := m.feed().Customer(t.Context(), "2"); err != nil || read.Phone != "" || read.Email != jana {
		t.Errorf("the feed reads %+v, %v", read, err)
	}
	_, token := m.ask(jana, "jana's")
	if _, err := m.visitor("jana's").Redeem(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if told := m.told(); !strings.Contains(told[jan], "One more email address can sign in") ||
		strings.Contains(told[jana], "One more") {
		t.Errorf("told: %q", told)
	}
}

func TestProvenAddressIsToldOfWhatTheOtherOneDoes(t *testing.T) {
	t.Parallel()
	t.Run("erasure", func(t *testing.T) {
		t.Parallel()
		m := newMergeShop(t)
		m.merged(m.two, m.jan)
		m.quiet()
		_, token := m.ask(jana, "jana's")
		if _, err := m.visitor("jana's").Redeem(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		m.quiet()
		s := m.shopper(m.signInByCode(jana, "jana's"))
		m.quiet()
		if _, err := s.RequestErasure(t.Context()); err != nil {
			t.Fatal(err)
		}
		if told := m.told(); told[jan] == "" || told[jana] == "" {
			t.Errorf("told of the erasure: %q", told)
		}
	})
	t.Run("email set by staff", func(t *testing.T) {
		t.Parallel()
		m := newMergeShop(t)
		m.merged(m.two, m.jan)
		m.quiet()
		if err := m.byStaff(m.app, m.colleague("support@shop.test", staff.Support), m.two, jana, mallory); err == nil {
			t.Error("support changes the email of merged accounts")
		}
		if err := m.byStaff(m.app, m.manager, m.two, jana, mallory); err != nil {
			t.Fatal(err)
		}
		if told := m.told(); told[jan] == "" {
			t.Errorf("told of the new address: %q", told)
		}
	})
}

func TestJobsThatWarnPeopleCannotBeDismissed(t *testing.T) {
	t.Parallel()
	w := newTestApp(t).app.Worker()
	for _, kind := range []string{customer.KindMergeMove, customer.KindMergeLetter, customer.KindEmailMoved,
		customer.KindEmailSet, customer.KindEmailUndone, customer.KindChangeNotice, customer.KindErasureNotice} {
		if w.MayDismiss(kind) {
			t.Error(kind)
		}
	}
}

// TestMergedAccountIsForgottenOnceTheMergeCannotBeUndone also checks that its identifiers still lead to the
// survivor.
func TestMergedAccountIsForgottenOnceTheMergeCannotBeUndone(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	if _, err := m.feed().PutCustomer(t.Context(), "2", fmt.Appendf(nil, `{"email":%q,"first_name":"Zdenka",
		"updated_at":%q}`, jana, m.clock.Now().Format(time.RFC3339))); err != nil {
		t.Fatal(err)
	}
	merge := m.merged(m.jan, m.two)
	for _, want := range []string{"Zdenka", ""} {
		m.clock.Move(16 * 24 * time.Hour)
		m.work()
		if c, _, err := m.customers().Get(t.Context(), m.two); err != nil || c.FirstName != want {
			t.Errorf("it holds %q, want %q: %v", c.FirstName, want, err)
		}
	}
	m.quiet()
	if _, s := m.enterWith(jana, "jana's"); s.Customer().ID != m.jan {
		t.Error("the merged address leads elsewhere")
	}
	if receipt, err := m.feed().PutCustomer(t.Context(), "2", fmt.Appendf(nil,
		`{"phone":"+420777888993","updated_at":%q}`, m.clock.Now().Format(time.RFC3339))); err != nil ||
		receipt.Customer != m.jan {
		t.Errorf("a PUT by the merged id: %+v, %v", receipt, err)
	}
	m.manager = m.colleague("third@shop.test", staff.Manager)
	if _, err := m.at(m.manager).UndoBatch(t.Context(), merge); validate.KindOf(err) != validate.Gone &&
		validate.KindOf(err) != validate.Conflict {
		t.Errorf("undone after all: %v", err)
	}
}

// enlarge makes jan's and jana's accounts so large that one document cannot hold both.
func (m mergeShop) enlarge() {
	m.t.Helper()
	for id, size := range map[string]int{m.jan: 7 << 20, m.two: 2 << 20} {
		if _, err := m.customers().Change(m.t.Context(), id, func(c *customer.Customer) error {
			c.Addresses = append(c.Addresses, customer.SavedAddress{ID: "large of " + id,
				Address: address.Address{Line1: strings.Repeat("x", size)}})
			return nil
		}); err != nil {
			m.t.Fatal(err)
		}
	}
}

// TestMergeThatGetsTooLargeIsTakenBack merges an account that is nearly as large as a document may be.
func TestMergeThatGetsTooLargeIsTakenBack(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	m.enlarge()
	merge, err := m.merge(m.jan, m.two)
	if err != nil {
		t.Fatal(err)
	}
	m.work()
	m.wantState(merge, batch.Stopped, "batch.failed.too_large")
	m.clock.Move(2 * time.Minute)
	if told := m.told(); len(told) > 0 {
		t.Errorf("told: %q", told)
	}
	for _, id := range []string{m.jan, m.two} {
		if c, _, err := m.customers().Get(t.Context(), id); err != nil || c.Merging != "" || !c.Tombstone.IsZero() {
			t.Errorf("locked by %q, merged into %q, %v", c.Merging, c.Tombstone.Into, err)
		}
	}
	m.wantOrders(m.jan, "A-1")
	m.wantOrders(m.two, "B-1")
}
