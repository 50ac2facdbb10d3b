package portal_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/validate"
)

// wantRead checks what the feed reads of the newsletter by jana's id and by her email.
func (m mergeShop) wantRead(when string, want customer.ConsentStatus) {
	m.t.Helper()
	byID, err := m.feed().Customer(m.t.Context(), "2")
	if got := byID.Consents[customer.Newsletter].Status; err != nil || got != want {
		m.t.Errorf("%s the feed reads %q by the id, want %q: %v", when, got, want, err)
	}
	byEmail, err := m.feed().CustomerByEmail(m.t.Context(), jana)
	if got := byEmail.Consents[customer.Newsletter].Status; err != nil || got != want {
		m.t.Errorf("%s the feed reads %q by the email, want %q: %v", when, got, want, err)
	}
}

// TestMergedIDReadsAWithdrawal checks it before the merged address is confirmed, and after the
// merged account was forgotten.
func TestMergedIDReadsAWithdrawal(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	m.say("2", "given", m.clock.Now().Add(-time.Hour))
	token := m.unsubscribeToken(jana, customer.Newsletter)
	m.merged(m.jan, m.two)
	m.wantRead("merged,", customer.ConsentGiven)
	m.clock.Move(time.Minute)
	m.unsubscribe(token)
	m.wantRead("withdrawn,", customer.ConsentWithdrawn)
	m.clock.Move(32 * 24 * time.Hour)
	m.work()
	if c, _, err := m.customers().Get(t.Context(), m.two); err != nil || len(c.Consents) > 0 {
		t.Errorf("not forgotten: %+v, %v", c.Consents, err)
	}
	m.wantRead("forgotten,", customer.ConsentWithdrawn)
}

// feedPuts puts a customer with more members, dated now.
func (m mergeShop) feedPuts(id, members string) order.Receipt {
	m.t.Helper()
	receipt, err := m.feed().PutCustomer(m.t.Context(), id, fmt.Appendf(nil, `{%s,"updated_at":%q}`, members,
		m.clock.Now().Format(time.RFC3339)))
	if err != nil {
		m.t.Fatal(err)
	}
	return receipt
}

// stored returns a customer's document, also that of a merged account.
func (m mergeShop) stored(id string) customer.Customer {
	m.t.Helper()
	c, _, err := m.customers().Get(m.t.Context(), id)
	if err != nil {
		m.t.Fatal(err)
	}
	return c
}

// TestFormerAddressOfAMergedAccountIsReleased also checks that it leads to a new customer then, and that the undo
// of a merge around it gives back nothing of it.
func TestFormerAddressOfAMergedAccountIsReleased(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	third := m.fedCustomer("3", mallory)
	m.enterWith(jana, "jana's")
	m.quiet()
	m.clock.Move(time.Minute)
	m.feedPuts("2", `"email":"new@example.com"`)
	m.quiet()
	m.merged(m.jan, m.two)
	m.merged(third, m.jan)
	m.quiet()
	if r, err := m.feed().CustomerByEmail(t.Context(), jana); err != nil || r.ID != m.two && r.ID != third {
		t.Errorf("before, the former address leads to %q, %v", r.ID, err)
	}
	for range 3 {
		m.clock.Move(20 * 24 * time.Hour)
		m.work()
		m.quiet()
	}
	for _, id := range []string{m.jan, m.two, third} {
		if c := m.stored(id); slices.Contains(c.AllEmails(), jana) {
			t.Errorf("%s still holds %q", id, c.AllEmails())
		}
	}
	if emails := m.stored(third).AllEmails(); !slices.Contains(emails, "new@example.com") {
		t.Errorf("the survivor holds only %q", emails)
	}
	m.put(orderJSON("X-1", jana)) // somebody else who has that mailbox by now
	m.work()
	r, err := m.feed().CustomerByEmail(t.Context(), jana)
	if err != nil || r.ID == "" || slices.Contains([]string{m.jan, m.two, third}, r.ID) {
		t.Errorf("after 60 days the former address leads to %q, %v", r.ID, err)
	}
	m.wantOrders(r.ID, "X-1")
	m.wantOrders(third, "A-1", "B-1")
}

func TestConsentGivenByTheMergedIDGoesWithTheUndo(t *testing.T) {
	t.Parallel()
	for _, members := range []string{"", `"first_name":"Jana",`} {
		m := newMergeShop(t)
		merge := m.merged(m.jan, m.two)
		m.clock.Move(time.Minute)
		m.feedSays(members, "given")
		if status := m.consent(m.jan); status != customer.ConsentGiven {
			t.Errorf("while merged it is %s", status)
		}
		m.clock.Move(time.Minute)
		m.undone(merge)
		if status := m.consent(m.jan); status != customer.ConsentNever {
			t.Errorf("after the undo it is %s", status)
		}
	}
	m := newMergeShop(t)
	m.say("1", "given", m.clock.Now().Add(-time.Hour))
	merge := m.merged(m.jan, m.two)
	m.clock.Move(time.Minute)
	m.feedSays("", "withdrawn")
	m.clock.Move(time.Minute)
	m.undone(merge)
	m.wantWithdrawn("after the undo", m.jan, m.two)
}

// feedSays puts a consent by jana's id, with other members.
func (m mergeShop) feedSays(members, status string) {
	m.t.Helper()
	now := m.clock.Now().Format(time.RFC3339)
	if members != "" {
		members += fmt.Sprintf(`"updated_at":%q,`, now)
	}
	if _, err := m.feed().PutCustomer(m.t.Context(), "2", fmt.Appendf(nil,
		`{%s"consents":{"newsletter":{"status":%q,"at":%q,"source":"checkout"}}}`, members, status, now)); err != nil {
		m.t.Fatal(err)
	}
}

// TestAddressesByTheMergedIDAreNotStored also checks that the other fields are.
func TestAddressesByTheMergedIDAreNotStored(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	of := func(street string) string {
		return fmt.Sprintf(`"phone":"+420777888999","addresses":[{"id":"a","line1":%q,"city":"Nitra","country":"SK"}]`, street)
	}
	m.feedPuts("1", of("Jan street 1"))
	merge := m.merged(m.jan, m.two)
	m.clock.Move(time.Minute)
	receipt := m.feedPuts("2", `"first_name":"Zdenka",`+of("Jana street 2"))
	if len(receipt.Warnings) != 1 || receipt.Warnings[0].Field != "/addresses" ||
		receipt.Warnings[0].Key != "customer.addresses_of_merged" || receipt.Outcome != order.Updated {
		t.Errorf("the receipt: %+v", receipt)
	}
	c := m.stored(m.jan)
	if len(c.Addresses) != 1 || c.Addresses[0].Address.Line1 != "Jan street 1" || c.FirstName != "Zdenka" {
		t.Errorf("the survivor: %q, %+v", c.FirstName, c.Addresses)
	}
	m.clock.Move(time.Minute)
	m.undone(merge)
	m.clock.Move(time.Minute)
	if receipt := m.feedPuts("2", of("Jana street 2")); len(receipt.Warnings) > 0 {
		t.Errorf("after the undo: %+v", receipt)
	}
	if c := m.stored(m.two); len(c.Addresses) != 1 || c.Addresses[0].Address.Line1 != "Jana street 2" {
		t.Errorf("after the undo: %+v", c.Addresses)
	}
}

// TestUnconfirmedSurvivorReadsNothingOfTheMergedAccount merges the proven jan into jana.
func TestUnconfirmedSurvivorReadsNothingOfTheMergedAccount(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	m.feedPuts("1", `"first_name":"Tajny","phone":"+420777888999","consents":{"newsletter":{"status":"given",
		"at":"2026-11-01T00:00:00Z"}},"addresses":[{"id":"a1","line1":"Traced street 5","city":"Nitra","country":"SK"}]`)
	m.merged(m.two, m.jan)
	m.quiet()
	byID, err := m.feed().Customer(t.Context(), "2")
	byEmail, failed := m.feed().CustomerByEmail(t.Context(), jana)
	for _, r := range []customer.Record{byID, byEmail} {
		if err != nil || failed != nil || r.ID != m.two || r.FeedID != "2" || r.Email != jana || r.FirstName != "" ||
			r.Phone != "" || len(r.Addresses) > 0 ||
			r.Consents[customer.Newsletter].Status != customer.ConsentNever {
			t.Errorf("before jana confirms, the feed reads %+v, %v, %v", r, err, failed)
		}
	}
	if r, err := m.feed().Customer(t.Context(), "1"); err != nil || r.Phone != "+420777888999" {
		t.Errorf("by the proven id: %+v, %v", r, err)
	}
	m.unsubscribe(m.unsubscribeToken(jan, customer.Newsletter))
	m.wantRead("withdrawn,", customer.ConsentWithdrawn)
	m.enterWith(jana, "jana's")
	if r, err := m.feed().CustomerByEmail(t.Context(), jana); err != nil || r.Phone != "+420777888999" {
		t.Errorf("once jana has confirmed: %+v, %v", r, err)
	}
}

// TestCartsOfAMergeStayApartUntilItIsConfirmed has the proven account survive, and then the other one.
func TestCartsOfAMergeStayApartUntilItIsConfirmed(t *testing.T) {
	t.Parallel()
	for _, survives := range []string{"1", "2"} {
		m := newMergeShop(t)
		put := func(id, at, product string) {
			if _, err := m.feed().PutCart(t.Context(), id, cartJSON(at, product)); err != nil {
				t.Fatal(err)
			}
		}
		want := func(when, id, product string) {
			c, err := m.feed().Cart(t.Context(), id)
			if product == "" && validate.KindOf(err) != validate.NotFound ||
				product != "" && (err != nil || len(c.Lines) != 1 || c.Lines[0].Name != product) {
				t.Errorf("%s survives: %s by %s: %+v, %v", survives, when, id, c, err)
			}
		}
		put("1", "2026-11-20T10:00:00Z", "Secret product")
		if survives == "1" {
			m.merged(m.jan, m.two)
		} else {
			m.merged(m.two, m.jan)
		}
		m.quiet()
		want("merged", "1", "Secret product")
		want("merged", "2", "")
		put("2", "2026-11-20T11:00:00Z", "Other product")
		want("put", "1", "Secret product")
		want("put", "2", "Other product")
		m.enterWith(jana, "jana's")
		want("confirmed", "1", "Other product")
		want("confirmed", "2", "Other product")
	}
}

// TestAddressThatTheFeedGivesAnUnconfirmedAccountIsUnconfirmedToo also checks that jan, who can sign in, is told.
func TestAddressThatTheFeedGivesAnUnconfirmedAccountIsUnconfirmedToo(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	m.merged(m.two, m.jan)
	m.quiet()
	m.clock.Move(time.Hour)
	m.feedPuts("2", `"email":"new@example.com"`)
	if c := m.stored(m.two); c.Email != "new@example.com" || !slices.Equal(c.Unconfirmed, []string{"new@example.com"}) {
		t.Errorf("%s has the unconfirmed %q", c.Email, c.Unconfirmed)
	}
	if told := m.told(); len(told) != 1 || told[jan] == "" {
		t.Errorf("told of the new address: %q", told)
	}
	if texts, _ := m.ask("new@example.com", "n"); len(texts) != 1 || !strings.Contains(texts[0], "Confirm") {
		t.Errorf("the new address gets %q", texts)
	}
}
